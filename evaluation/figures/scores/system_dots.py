"""The figure of all systems by one measure, the best first: what the page of scores opens with."""

from typing import TYPE_CHECKING, Any

from evaluation.figures.charts import (
    BARE,
    axis_id,
    axis_name,
    counted,
    headings,
    is_simulated,
    labels,
    plain,
    split,
    stack,
    styled,
)
from evaluation.figures.figure import Figure
from evaluation.objective.definitions import FIRST_RANK, METRICS

if TYPE_CHECKING:
    import pandas as pd

_ROW = 18
_KEPT = ["system", "title", "provenance", "name"]


def system_dots(
    systems: "pd.DataFrame", about: str, convention: str, measure: str, average: str
) -> Figure | None:
    """Return the figure "systems": a row a system, a dot at its score; None without a score.

    `systems` is as `charts.cast` gives them, `about` the collection in words.
    """
    one, column = METRICS[measure], measure if average == "class" else f"micro_{measure}"
    table = systems.loc[systems[column].notna(), [*_KEPT, column]]
    if table.empty:
        return None
    table = table.rename(columns={column: measure})
    table = table.sort_values(measure, ascending=not one.higher, kind="stable")
    table = table.reset_index(drop=True)
    words = one.wording(convention, average)
    return Figure(
        name="systems",
        title=f"{words.name} of each system",
        caption=(
            f"{words.title}: {one.brief.format(first=FIRST_RANK[convention])}; {words.better} is "
            f"better. {counted(len(table), 'system', 'systems')} on {about}."
        ),
        table=table.drop(columns="name").assign(convention=convention, average=average),
        plot=_plot(table, measure),
        simulated=is_simulated(table),
    )


def _plot(table: "pd.DataFrame", measure: str) -> dict[str, Any]:
    """Return the plot: a panel a provenance, a row a system."""
    parts = split(table)
    rows = [labels(part["name"]) for _, part in parts]
    panels = stack([len(own.texts) * _ROW for own in rows])
    layout = headings([heading.split(":")[0] for heading, _ in parts], panels)
    data: list[dict[str, Any]] = []
    highest = max(table[measure].max(), 0.08)
    top, narrow = 1.3 * highest, {}  # room for the number beside the last dot
    for number, ((_, part), own) in enumerate(zip(parts, rows, strict=True)):
        x, y = axis_id("x", number), axis_id("y", number)
        data.append(_dots(part, measure) | {"xaxis": x, "yaxis": y})
        layout[axis_name("x", number)] = BARE | {
            "range": [0, top], "anchor": y, "showticklabels": False, "showgrid": True,
        }  # fmt: skip
        layout[axis_name("y", number)] = BARE | {
            "tickvals": list(range(len(part))), "range": [len(part) - 0.4, -0.6], "anchor": x,
            "ticktext": [text.replace("<br>", " · ") for text in own.texts],
            "tickfont": {"size": 12}, "domain": panels.domains[number],
        }  # fmt: skip
        name = axis_name("x", number)
        narrow[name] = layout[name] | {"range": [0, 2 * highest]}  # the number is as wide there
    layout |= {
        "height": panels.height + 16, "margin": {"l": 8, "r": 12, "t": 8, "b": 8},
        "showlegend": False,
        "meta": {"least_width": max(own.width for own in rows) + 240, "narrow": narrow},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _dots(part: "pd.DataFrame", measure: str) -> dict[str, Any]:
    digits = METRICS[measure].digits
    return {
        "type": "scatter", "mode": "markers+text",
        "x": part[measure].to_numpy(), "y": list(range(len(part))),
        "text": [f"{value:.{digits}f}" for value in part[measure]],
        "textposition": "middle right", "textfont": {"size": 12}, "cliponaxis": False,
        "customdata": [plain(title) for title in part["title"]],
        "hovertemplate": "%{customdata}<br>%{x:.4f}<extra></extra>",
        "marker": styled(0, simulated=is_simulated(part)) | {"size": 9},
    }  # fmt: skip
