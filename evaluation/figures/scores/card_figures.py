"""The figures of what is on the cards: modality, dimensions and parameters against the score."""

from collections.abc import Iterator
from math import log10
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.figures.charts import (
    BARE,
    GREY,
    axis_id,
    axis_name,
    beside,
    brief,
    counted,
    headings,
    is_simulated,
    labels,
    plain,
    short,
    split,
    stack,
    styled,
    titled,
)
from evaluation.figures.figure import Figure
from evaluation.objective.definitions import wording

if TYPE_CHECKING:
    import pandas as pd

MODALITIES = {
    "A": "audio",
    "A&I": "audio, image",
    "A&L": "audio, language",
    "A&I&L": "audio, image, language",
    "A&I&L&O": "audio, image, language, others",
    "": "not stated",
}
"""What a representation learned from, in the order of the paper, in words."""

_AXIS = 58
_PANEL = 330
_WIDTH = 640
_SIZES = {"dimensions": "dimensions of the raw vectors", "parameters": "learned parameters"}
_KEPT = ["system", "title", "provenance", "modality"]


def modalities(systems: "pd.DataFrame", about: str, convention: str) -> Figure | None:
    """Return the systems' MAP@15 grouped by what the representations learned from.

    None where no system has a value. `systems` is as `charts.cast` gives it, `about` the
    collection in words.
    """
    table = systems.loc[systems["map@15"].notna(), [*_KEPT, "name", "map@15"]]
    if table.empty:
        return None
    place = {modality: number for number, modality in enumerate(MODALITIES)}
    table = table.assign(_place=table["modality"].map(place)).sort_values(
        ["_place", "map@15"], ascending=[True, False], kind="stable"
    )
    kind = table["provenance"] == "simulated"
    means = table.groupby(["modality", kind])["map@15"].transform("mean")
    table = table.assign(mean_of_group=means).drop(columns="_place").reset_index(drop=True)
    return Figure(
        name="modalities",
        title="MAP@15 by modality",
        caption=(
            f"MAP@15 of {counted(len(table), 'system', 'systems')} on {about}, the mean over all "
            "classes, grouped by "
            "what each representation learned from: A audio, I image, L language, O others. A "
            "vertical line is the mean of a group of several systems. "
            f"{brief('map@15', convention)}"
        ),
        table=table.drop(columns="name"),
        plot=_grouped(table, wording("map@15", convention).title),
        simulated=is_simulated(table),
    )


def _grouped(table: "pd.DataFrame", title: str) -> dict[str, Any]:
    """Return the plot: a panel a provenance, a row a system under the heading of its group."""
    parts = split(table)
    lines = [list(_lines(part)) for _, part in parts]
    rows = [labels("" if heading else text for text, heading in own) for own in lines]
    panels = stack([len(own.texts) * own.row for own in rows], below=_AXIS)
    data, layout = [], headings([heading for heading, _ in parts], panels)
    top = max(table["map@15"].max() * 1.15, 0.1)
    for number, ((_, part), own) in enumerate(zip(parts, lines, strict=True)):
        x, y = axis_id("x", number), axis_id("y", number)
        row = {text: place for place, (text, heading) in enumerate(own) if not heading}
        data += [
            trace | {"xaxis": x, "yaxis": y}
            for trace in (_means(part, row), _dots(part, row), _groups(own))
        ]
        layout[axis_name("x", number)] = {
            "range": [0, top], "anchor": y, "title": titled(title), "fixedrange": True,
        }  # fmt: skip
        layout[axis_name("y", number)] = BARE | {
            "tickvals": list(range(len(own))), "range": [len(own) - 0.4, -0.6], "anchor": x,
            "ticktext": rows[number].texts,
            "domain": panels.domains[number],
        }  # fmt: skip
    layout |= {
        "height": panels.height + 16, "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False, "meta": {"least_width": max(own.width for own in rows) + 240},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _lines(part: "pd.DataFrame") -> Iterator[tuple[str, bool]]:
    """Yield the rows of a panel, and whether each is the heading of a group."""
    for modality, group in part.groupby("modality", sort=False):
        words = MODALITIES[modality]
        yield (f"{modality}: {words}" if modality else words.capitalize(), True)
        for name in group["name"]:
            yield name, False


def _dots(part: "pd.DataFrame", row: dict[str, int]) -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers+text",
        "x": part["map@15"].to_numpy(), "y": [row[name] for name in part["name"]],
        "text": [f"{value:.3f}" for value in part["map@15"]], "textposition": "middle right",
        "textfont": {"size": 12}, "cliponaxis": False,
        "customdata": [plain(title) for title in part["title"]],
        "hovertemplate": "%{customdata}<br>%{x:.4f}<extra></extra>",
        "marker": styled(0, simulated=is_simulated(part)) | {"size": 10},
    }  # fmt: skip


def _means(part: "pd.DataFrame", row: dict[str, int]) -> dict[str, Any]:
    """Return the trace of the groups' means; of one system it would say nothing."""
    x: list[float | None] = []
    y: list[float | None] = []
    for _, group in part.groupby("modality", sort=False):
        if len(group) > 1:
            rows = [row[name] for name in group["name"]]
            x += [group["mean_of_group"].iloc[0]] * 2 + [None]
            y += [min(rows) - 0.4, max(rows) + 0.4, None]
    return {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "line": {"color": GREY, "width": 2},
        "hovertemplate": "mean of the group %{x:.4f}<extra></extra>",
    }  # fmt: skip


def _groups(lines: list[tuple[str, bool]]) -> dict[str, Any]:
    """Return the trace of the groups' headings, at the left edge of the panel."""
    own = [(place, text) for place, (text, heading) in enumerate(lines) if heading]
    return {
        "type": "scatter", "mode": "text", "x": [0] * len(own), "y": [place for place, _ in own],
        "text": [plain(text) for _, text in own], "textposition": "middle right",
        "textfont": {"weight": 700}, "hoverinfo": "skip",
    }  # fmt: skip


def sizes(systems: "pd.DataFrame", about: str, convention: str) -> list[Figure]:
    """Return MAP@15 against the dimensions and against the parameters, as far as they are known.

    The parameters are those of `modalities`.
    """
    found = []
    for size, words in _SIZES.items():
        table = systems.loc[systems["map@15"].notna() & systems[size].notna()]
        table = table[[*_KEPT, "name", size, "map@15"]].reset_index(drop=True)
        if table.empty:
            continue
        title = wording("map@15", convention).title
        found.append(
            Figure(
                name=size,
                title=f"MAP@15 against {size}",
                caption=(
                    f"MAP@15 of {counted(len(table), 'system', 'systems')} on {about}, the mean "
                    "over all classes, "
                    f"against the {words} of each, on a logarithmic scale. "
                    f"{_missing(table, systems)}Names are left out where there is no room. "
                    f"{brief('map@15', convention)}"
                ),
                table=table.drop(columns="name"),
                plot=_against(table, size, title),
                simulated=is_simulated(table),
            )
        )
    return found


def _missing(table: "pd.DataFrame", systems: "pd.DataFrame") -> str:
    missing = int(systems["map@15"].notna().sum()) - len(table)
    more = counted(missing, "more system has", "more systems have")
    return f"{more} none that is known. " if missing else ""


def _against(table: "pd.DataFrame", size: str, title: str) -> dict[str, Any]:
    """Return the plot: a panel a provenance, a symbol a modality, names beside the points."""
    parts = split(table)
    panels = stack([_PANEL] * len(parts), below=_AXIS)
    data, layout = [], headings([heading for heading, _ in parts], panels)
    low, high = log10(table[size].min()) - 0.15, log10(table[size].max()) + 0.3
    top = max(table["map@15"].max() * 1.15, 0.1)
    seen: set[str] = set()
    for number, (_, part) in enumerate(parts):
        x, y = axis_id("x", number), axis_id("y", number)
        for trace in (*_symbols(part, size, seen), _labels(part, size, (low, high), top)):
            data.append(trace | {"xaxis": x, "yaxis": y})
        layout[axis_name("x", number)] = {
            "type": "log", "range": [low, high], "anchor": y, "fixedrange": True,
            "title": titled(_SIZES[size].capitalize()), **_ticks(size, low, high),
        }  # fmt: skip
        layout[axis_name("y", number)] = {
            "range": [0, top], "domain": panels.domains[number], "anchor": x,
            "title": titled(title), "fixedrange": True,
        }  # fmt: skip
    layout |= {
        "height": panels.height + 60, "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "meta": {"least_width": _WIDTH},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _symbols(part: "pd.DataFrame", size: str, seen: set[str]) -> Iterator[dict[str, Any]]:
    """Yield a trace a modality; each is in the legend once."""
    for modality, group in part.groupby("modality", sort=False):
        number = list(MODALITIES).index(modality)
        yield {
            "type": "scatter", "mode": "markers", "name": plain(modality or MODALITIES[""]),
            "legendgroup": f"m{number}", "showlegend": modality not in seen,
            "x": group[size].to_numpy(), "y": group["map@15"].to_numpy(),
            "customdata": [plain(title) for title in group["title"]],
            "hovertemplate": "%{customdata}<br>%{x:,} · %{y:.4f}<extra></extra>",
            "marker": styled(number, simulated=is_simulated(group)) | {"size": 10},
        }  # fmt: skip
        seen.add(modality)


def _labels(
    part: "pd.DataFrame", size: str, across: tuple[float, float], top: float
) -> dict[str, Any]:
    """Return the trace of the names, each where there is room for it."""
    x, y = part[size], part["map@15"]
    shares = (np.log10(x) - across[0]) / (across[1] - across[0]), y / top
    return beside((x, y), shares, part["name"].tolist(), (_WIDTH - 70, _PANEL))


def _ticks(size: str, low: float, high: float) -> dict[str, Any]:
    """Return the ticks of a logarithmic axis: doublings, or the ones and threes of each ten."""
    steps = (
        2.0 ** np.arange(0, 40)
        if size == "dimensions"
        else np.outer(10.0 ** np.arange(0, 13), (1, 3)).ravel()
    )
    shown = steps[(np.log10(steps) >= low) & (np.log10(steps) <= high)]
    return {"tickvals": shown, "ticktext": [short(value) for value in shown]}
