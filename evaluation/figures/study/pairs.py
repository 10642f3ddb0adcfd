"""The figure of all differences between systems: how large, and how surely."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import BARE, counted, labels, plain
from evaluation.figures.figure import DIVERGING, Figure
from evaluation.figures.heat_map import cells
from evaluation.figures.study.marks import (
    LETTER,
    MARGIN,
    by_scores,
    chance,
    digits,
    divider,
    interval,
    method,
    reasons,
    rows_named,
    trained,
    written,
)
from evaluation.figures.study.sentences import joined, panel_size, worded
from evaluation.statistics.pair_tests import PAIR_TESTS
from evaluation.statistics.significance import LEVEL

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ["value", "low", "high", "p", *(f"p_{name}" for name in PAIR_TESTS), "p_holm",
            *(f"p_{name}_holm" for name, one in PAIR_TESTS.items() if one.adjusted)]  # fmt: skip
_INSET = 0.42
"""Half of an outline's side, in cells: it lies inside the cell, on whose colours black is seen."""
_COLOUR = "#000"


def pair_matrix(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "pairs": every system minus every other; None without a difference.

    The differences are of the primary measure. `cast` is as `study_cast` returns it.
    """
    pairs = of.pairs
    if pairs.empty or pairs["value"].isna().all():
        return None
    order = by_scores(of.mean_grades, cast)
    table = _table(pairs, order)
    unit = digits(max(table["value"].abs().max(), (table["high"] - table["low"]).max()))
    return Figure(
        name="pairs",
        title=f"{of.primary.measure.title}: differences between systems",
        caption=joined(*_sentences(of, table, order)),
        table=table,
        plot=_plot(table, order, unit, of.primary.span),
        simulated=bool((order["provenance"] == "simulated").any()),
    )


def _table(pairs: "pd.DataFrame", order: "pd.DataFrame") -> "pd.DataFrame":
    """Return the pairs with the titles and provenances of both systems."""
    of = order.set_index("system")
    found = pairs.astype(dict.fromkeys(_NUMBERS, np.float64))
    place = 2
    for column in ("title", "provenance"):
        for letter in "ab":
            values = found[f"system_{letter}"].map(of[column])
            found.insert(place, f"{column}_{letter}", values)
            place += 1
    return found


def _sentences(of: PanelResults, table: "pd.DataFrame", order: "pd.DataFrame") -> Iterator[str]:
    measure = of.primary.measure
    yield (
        f"{measure.title} of the row's system less that of the column's, systems by "
        f"{worded(of, 'mean grade')}, the best first. Orange is above zero, blue below"
        f"{'' if measure.higher else '; lower is better'}."
    )
    if np.isfinite(of.primary.span):
        most = written(of.primary.span, 0 if of.primary.span > 1 else 1)
        yield f"Colours go from −{most} to {most}, as far as differences can."
    solid, dotted = _outlined(table)
    family = int(table["holm_over"].iloc[0])
    yield (
        f"Outlined: p below {LEVEL} after Holm's rule over "
        f"{counted(family, 'comparison', 'comparisons')}: {solid.sum()} of {family}."
        if table["p_holm"].notna().any()
        else "Nothing is outlined: no comparison has a p value to adjust."
    )
    explored = int(table["exploratory"].astype(bool).sum())
    if of.protocol.analysis.exploratory:
        yield "The protocol fixed no comparisons beforehand: all of them are exploratory."
    elif explored:
        yield (
            f"{counted(explored, 'pair is', 'pairs are')} exploratory, not among the comparisons "
            f"that the protocol fixed; dotted: own p below {LEVEL}, not adjusted "
            f"({dotted.sum()})."
        )
    yield panel_size(of)
    yield method(table, of.seed, of.primary)
    yield (
        "Wilcoxon's, the permutation test (signs of queries flipped, seed "
        f"{of.seed}) and Tukey's speak for these raters alone."
    )
    yield reasons(table, "pair", "pairs")
    yield trained(order, "○")


def _outlined(table: "pd.DataFrame") -> tuple["pd.Series", "pd.Series"]:
    """Return which pairs have a solid outline, and which a dotted one."""
    adjusted = table["p_holm"].notna()
    explored = table["exploratory"].astype(bool) & ~adjusted
    return table["p_holm"] < LEVEL, (table["p"] < LEVEL) & explored


def _plot(table: "pd.DataFrame", order: "pd.DataFrame", unit: int, span: float) -> dict[str, Any]:
    """Return the heat map; its colours go as far as differences can, so that studies compare."""
    count, place = len(order), {name: at for at, name in enumerate(order["system"])}
    rows, columns = (table[f"system_{one}"].map(place).to_numpy() for one in "ab")
    values = np.full((count, count), np.nan)
    values[rows, columns], values[columns, rows] = table["value"], -table["value"]
    texts = np.full((count, count), "", dtype=object)
    hover = texts.copy()
    for pair, row, column in zip(table.to_dict("records"), rows, columns, strict=True):
        for sign, cell in ((1, (row, column)), (-1, (column, row))):
            texts[cell] = written(sign * pair["value"], unit, "+")
            hover[cell] = _said(pair, sign, unit)
    most = span if np.isfinite(span) else float(table["value"].abs().max()) or 1.0
    heat, text = cells(range(count), range(count), values, texts, DIVERGING, (-most, most))
    own = labels(rows_named(order))
    column = max(40, round(LETTER * max(map(len, texts.ravel()))) + 12)
    axis = BARE | {"tickvals": list(range(count)), "range": [-0.5, count - 0.5]}
    solid, dotted = _outlined(table)
    return {
        "data": [heat | {"hovertext": hover, "hoverinfo": "text"}, text],
        "layout": {
            "xaxis": axis | {"side": "top", "tickangle": -90, "ticktext": own.texts},
            "yaxis": axis | {"ticktext": own.texts, "range": [count - 0.5, -0.5]},
            "shapes": [
                *_outlines(rows[solid], columns[solid], "solid"),
                *_outlines(rows[dotted], columns[dotted], "dot"),
                *divider(order), *divider(order, "x"),
            ],
            "height": max(own.row, 30) * count + own.width + 24, "margin": MARGIN,
            "meta": {"least_width": own.width + column * count + 16,
                     "most_width": own.width + max(110 * count, 300)},
        },
    }  # fmt: skip


def _outlines(rows: np.ndarray, columns: np.ndarray, dash: str) -> list[dict[str, Any]]:
    """Return the shapes around some cells and their mirrors."""
    return [
        {
            "type": "rect", "x0": x - _INSET, "x1": x + _INSET, "y0": y - _INSET, "y1": y + _INSET,
            "line": {"color": _COLOUR, "width": 2, "dash": dash},
        }
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        for y, x in ((row, column), (column, row))
    ]  # fmt: skip


def _said(pair: Mapping[str, Any], sign: int, unit: int) -> str:
    """Return what is said of a difference, or of its mirror, when it is pointed at."""
    one, other = (pair[f"title_{letter}"] for letter in ("ab" if sign == 1 else "ba"))
    names = f"{plain(one)}<br>less {plain(other)}"
    if pair["value"] != pair["value"]:
        return f"{names}<br>undefined: {plain(pair['reason'])}"
    ends = sorted((sign * pair["low"], sign * pair["high"]))
    tests = ", ".join(
        f"{one.called} {chance(pair[f'p_{name}'])}" for name, one in PAIR_TESTS.items()
    )
    lines = [
        names,
        f"{written(sign * pair['value'], unit, '+')} {interval(ends[0], ends[1], unit)}",
        f"p {chance(pair['p'])} ({pair['scope']})",
        f"p after Holm {chance(pair['p_holm'])}" if pair["p_holm"] == pair["p_holm"] else "",
        "exploratory: not among the comparisons that the protocol fixed"
        if pair["exploratory"]
        else "",
        f"for these raters: {tests}",
        plain(pair["reason"]),
        plain(pair["test_reason"]),
    ]
    return "<br>".join(line for line in lines if line)
