"""The figure of two systems' classes: each class by the value of either, and which move most."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from evaluation.figures.charts import (
    GREY,
    beside,
    brief,
    counted,
    diagonal,
    is_simulated,
    plain,
    signed,
    styled,
    titled,
)
from evaluation.figures.figure import Figure
from evaluation.objective.definitions import METRICS, wording

if TYPE_CHECKING:
    import pandas as pd

LABELLED = 8
"""How many of the classes that differ most are labelled, where there is room."""

_SIDE = 500
_WIDTH = _SIDE + 260
_NO_FAMILY = "no family"


def compared_classes(
    table: "pd.DataFrame", pair: "pd.DataFrame", about: str, convention: str, measure: str
) -> Figure:
    """Return the figure "classes": a point a class, two systems across and up, the diagonal.

    Parameters
    ----------
    table : `scoreboard.compare_classes`, the classes that differ most first
    pair : the two systems' rows, as `charts.cast` gives them: the one across, the one up
    about : the collection, in words
    """
    shown = table[table["a"].notna() & table["b"].notna()].reset_index(drop=True)
    across, up = pair["name"]
    name = wording(measure, convention).name
    return Figure(
        name="classes",
        title=f"{name} of each class: {across} and {up}",
        caption=_caption(table, shown, pair, measure)
        + f" {counted(len(table), 'class', 'classes')} of {about}. {brief(measure, convention)}",
        table=_of_pair(table, pair, measure),
        plot=_plot(shown, pair, measure, convention),
        simulated=is_simulated(pair),
    )


def _caption(
    table: "pd.DataFrame", shown: "pd.DataFrame", pair: "pd.DataFrame", measure: str
) -> str:
    """Return what the points are, and for how many classes each system is the better one."""
    across, up = pair["name"]
    gain = shown["difference"] if METRICS[measure].higher else -shown["difference"]
    better, worse = int((gain > 0).sum()), int((gain < 0).sum())
    missing = len(table) - len(shown)
    sentences = [
        f"Each point is a class; on the diagonal both systems find it equally well. {up} is better "
        f"for {counted(better, 'class', 'classes')}, {across} for {worse}, and the two are equal "
        f"for {len(shown) - better - worse}.",
        "Names are those of the classes that differ most, where there is room.",
        f"{counted(missing, 'class has', 'classes have')} no value under one of the systems."
        if missing
        else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _of_pair(table: "pd.DataFrame", pair: "pd.DataFrame", measure: str) -> "pd.DataFrame":
    """Return the table with the systems' names and provenances in columns of their own."""
    found = table[["class", "family", "clips"]].copy()
    for letter, system in zip("ab", pair.to_dict("records"), strict=True):
        found[f"system_{letter}"] = system["system"]
        found[f"title_{letter}"] = system["title"]
        found[f"provenance_{letter}"] = system["provenance"]
        found[f"{measure}_{letter}"] = table[letter]
    return found.assign(difference=table["difference"])


def _plot(
    shown: "pd.DataFrame", pair: "pd.DataFrame", measure: str, convention: str
) -> dict[str, Any]:
    most = max([*shown["a"], *shown["b"], 0.1])
    span = (-0.03 * most, 1.05 * most)
    title = wording(measure, convention).name
    axes = [
        {"range": list(span), "fixedrange": True, "title": titled(f"{plain(one)}, {title}")}
        for one in pair["name"]
    ]
    equal = diagonal(span) | {"showlegend": False}
    data = [equal, *_families(shown, is_simulated(pair)), _labels(shown, span)]
    return {
        "data": data,
        "layout": {
            "xaxis": axes[0] | {"constrain": "domain", "constraintoward": "left"},
            "yaxis": axes[1] | {"scaleanchor": "x", "constrain": "domain"},
            "height": _SIDE + 70, "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "legend": {"orientation": "v", "x": 1.02, "y": 1, "xanchor": "left", "yanchor": "top"},
            "meta": {"least_width": _WIDTH, "most_width": _WIDTH},
        },
    }  # fmt: skip


def _families(shown: "pd.DataFrame", simulated: bool) -> list[dict[str, Any]]:
    """Return a trace a family: a colour and a symbol; classes without a family are grey."""
    traces = []
    for number, family in enumerate([*sorted(set(shown["family"]) - {""}), ""]):
        group = shown[shown["family"] == family]
        if group.empty:
            continue
        marker = styled(number, simulated=simulated) | {"size": 8}
        if not family:
            marker |= {"color": GREY, "symbol": "circle-open-dot"}
        traces.append(
            {
                "type": "scatter", "mode": "markers", "x": group["a"].to_numpy(),
                "y": group["b"].to_numpy(), "marker": marker,
                "name": plain((family or _NO_FAMILY).replace("_", " ")),
                "customdata": [_said(row) for row in group.to_dict("records")],
                "hovertemplate": "%{customdata}<extra></extra>",
            }
        )  # fmt: skip
    return traces


def _said(row: Mapping[str, Any]) -> str:
    values = f"{row['a']:.4f}, {row['b']:.4f}: {signed(row['difference'])}"
    return f"{_words(row['class'])} ({row['clips']} clips)<br>{values}"


def _words(text: str) -> str:
    return plain(text.replace("_", " "))


def _labels(shown: "pd.DataFrame", span: tuple[float, float]) -> dict[str, Any]:
    """Return the trace of the names of the classes that differ most."""
    moved = (shown.index < LABELLED) & (shown["difference"] != 0)
    texts = shown["class"].str.replace("_", " ").where(moved, "").tolist()
    wide = span[1] - span[0]
    shares = (shown["a"] - span[0]) / wide, (shown["b"] - span[0]) / wide
    return beside((shown["a"], shown["b"]), shares, texts, (_SIDE, _SIDE))
