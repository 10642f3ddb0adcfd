"""The figures of groups of queries: systems by families and by classes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import BARE, counted, is_simulated, labels, plain
from evaluation.figures.figure import SCALE, Figure
from evaluation.figures.heat_map import cells
from evaluation.figures.study.facets import facet_scatter
from evaluation.figures.study.marks import (
    LETTER,
    MARGIN,
    by_scores,
    digits,
    divider,
    in_lines,
    method,
    of_systems,
    reasons,
    rows_named,
    said,
    trained,
    written,
)
from evaluation.figures.study.sentences import joined, panel_size, worded

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["class_means", "facet_scatter", "family_means"]

_ACROSS = 10
"""More groups than this are the rows, and the systems the columns."""
_COLUMN, _LETTERS, _LINE = 76, 11, 16


def family_means(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "study-families": mean grade of each system in each family of queries.

    None without a family, and where nothing was judged. `cast` is as `study_cast` returns it.
    """
    return _figure(of, cast, "family", "families")


def class_means(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "study-classes", as `family_means`."""
    return _figure(of, cast, "class", "classes")


def _figure(of: PanelResults, cast: "pd.DataFrame", by: str, several: str) -> Figure | None:
    rows = of.families if by == "family" else of.classes
    if rows.empty or rows["value"].isna().all():
        return None
    order = by_scores(of.mean_grades, cast)
    table = of_systems(order, rows)
    asked = of.ratings.families if by == "family" else of.ratings.classes
    groups = {group: asked.count(group) for group in sorted(set(table[by]))}
    without = asked.count("")
    return Figure(
        name=f"study-{several}",
        title=worded(of, f"Mean grade by {by}"),
        caption=joined(
            f"{worded(of, 'Mean grade')} of each system over the n queries of each {by}: the mean "
            "over queries of the mean over raters. Lighter is higher, on the whole scale from "
            f"{of.facet.lowest} to {of.facet.highest}; an empty cell is undefined. Intervals are "
            f"told where a cell is pointed at, and in the numbers below.",
            f"{without} of {counted(len(asked), 'query', 'queries')} "
            f"{'has' if without == 1 else 'have'} no {by} and {'is' if without == 1 else 'are'} "
            "left out."
            if without
            else "",
            panel_size(of),
            method(table, of.seed),
            reasons(table, "cell", "cells"),
            trained(order, "○"),
        ),
        table=table.drop(columns="name"),
        plot=_plot(table, order, by, groups, of),
        simulated=is_simulated(table),
    )


def _plot(
    table: "pd.DataFrame", order: "pd.DataFrame", by: str, groups: dict[str, int], of: PanelResults
) -> dict[str, Any]:
    """Return the heat map; of many groups they are the rows."""
    unit = digits(of.facet.highest - of.facet.lowest)
    told = table.assign(hover=[_said(row, by, unit) for row in table.to_dict("records")])
    wide = told.pivot(index="system", columns=by).reindex(index=order["system"])
    values, hover = (
        wide[one].reindex(columns=list(groups)).to_numpy() for one in ("value", "hover")
    )
    turned = len(groups) > _ACROSS
    if turned:
        values, hover = values.T, hover.T
    values = values.astype(np.float64)
    texts = [[written(value, unit) for value in row] for row in values]
    height, width = values.shape
    span = float(of.facet.lowest), float(of.facet.highest)
    heat, text = cells(range(width), range(height), values, texts, SCALE, span)
    return {
        "data": [heat | {"hovertext": hover, "hoverinfo": "text"}, text],
        "layout": (_groups_down if turned else _groups_across)(order, groups),
    }


def _groups_across(order: "pd.DataFrame", groups: dict[str, int]) -> dict[str, Any]:
    own = labels(rows_named(order))
    heads = [f"{in_lines(_words(group), _LETTERS)}<br>n = {count}"
             for group, count in groups.items()]  # fmt: skip
    lines = max(head.count("<br>") + 1 for head in heads)
    return {
        "xaxis": _names(heads, side="top", tickangle=0),
        "yaxis": _names(own.texts, down=True),
        "height": own.row * len(order) + _LINE * lines + 30, "margin": MARGIN,
        "shapes": divider(order),
        "meta": {"least_width": own.width + _COLUMN * len(groups),
                 "most_width": own.width + 2 * _COLUMN * max(len(groups), 3)},
    }  # fmt: skip


def _groups_down(order: "pd.DataFrame", groups: dict[str, int]) -> dict[str, Any]:
    own = labels(f"{_words(group)} (n = {count})" for group, count in groups.items())
    names = rows_named(order)
    high = round(LETTER * max(map(len, names))) + 20
    return {
        "xaxis": _names([plain(name) for name in names], side="top", tickangle=-90),
        "yaxis": _names(own.texts, down=True),
        "height": own.row * len(groups) + high + 20, "margin": MARGIN,
        "shapes": divider(order, "x"),
        "meta": {"least_width": own.width + 46 * len(order),
                 "most_width": own.width + _COLUMN * max(len(order), 3)},
    }  # fmt: skip


def _names(texts: list[str], *, down: bool = False, **settings: Any) -> dict[str, Any]:
    """Return an axis of names."""
    ends = [-0.5, len(texts) - 0.5]
    span = ends[::-1] if down else ends
    return BARE | {"tickvals": list(range(len(texts))), "ticktext": texts, "range": span} | settings


def _words(group: str) -> str:
    return group.replace("_", " ")


def _said(row: Mapping[str, Any], by: str, unit: int) -> str:
    return f"{plain(row['title'])}<br>{plain(_words(row[by]))}: {said(row, unit)}"
