"""The figure of mean ranks: which systems are told apart, and which are not."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import BARE, GREY, counted, is_simulated, labels, plain, titled
from evaluation.figures.figure import PALETTE, Figure
from evaluation.figures.study.cast import ranked
from evaluation.figures.study.marks import MARGIN, chance, divider, marks, trained, written
from evaluation.figures.study.sentences import joined, one_test
from evaluation.statistics.significance import Ranked

if TYPE_CHECKING:
    import pandas as pd

_PLOT, _LANE = 340, 20
"""Pixels of the axis of ranks at least, and of the place of one bar."""
_TICKED = 21
_BAR = PALETTE[1]
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def critical_difference(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "critical-difference": mean ranks, and bars that join what is not told
    apart; None where Friedman's test cannot be made.

    Ranks are by the primary measure, 1 is best. `cast` is as `study_cast` returns it.
    """
    found = of.ranks
    if found.reason or found.critical_difference is None:
        return None
    of_system = dict(zip(of.ratings.systems, found.mean_ranks.tolist(), strict=True))
    order = ranked(cast, of_system, higher=False)
    columns = ["system", "title", "name", "provenance", "trained_on"]
    table = order[columns].assign(mean_rank=order["system"].map(of_system))
    groups = not_told_apart(table["mean_rank"].to_numpy(), found.critical_difference)
    letters = [
        "".join(_letter(number) for number, group in enumerate(groups) if row in group)
        for row in range(len(table))
    ]
    return Figure(
        name="critical-difference",
        title="Critical difference of mean ranks",
        caption=_caption(of, found, table, groups),
        table=table.drop(columns="name").assign(joined=letters),
        plot=_plot(table, groups, found.critical_difference),
        simulated=is_simulated(table),
    )


def not_told_apart(ranks: np.ndarray, limit: float) -> list[list[int]]:
    """Return the largest groups of which no two mean ranks differ by the limit or more.

    Parameters
    ----------
    ranks : float [systems], in any order
    limit : the critical difference

    Returns
    -------
    places in `ranks`, rising, of each group of two or more; the group of the best ranks first
    """
    order = np.argsort(ranks, kind="stable")
    rising = ranks[order]
    ends = np.searchsorted(rising, rising + limit, side="left")
    groups, reached = [], 0
    for first, end in enumerate(ends.tolist()):
        if end > reached and end - first > 1:
            groups.append(sorted(order[first:end].tolist()))
        reached = max(reached, end)
    return groups


def _letter(number: int) -> str:
    return _LETTERS[number % len(_LETTERS)] * (number // len(_LETTERS) + 1)


def _caption(
    of: PanelResults, found: Ranked, table: "pd.DataFrame", groups: list[list[int]]
) -> str:
    systems, queries = len(table), found.queries
    freedom = f"{systems - 1}, {(systems - 1) * (queries - 1)}"
    tested = f"F({freedom}) = {found.statistic:.2f}, " if found.statistic is not None else ""
    bars = (
        "Bars join systems whose mean ranks differ by less; a system without a dot on a bar is not "
        "of its group."
        if groups
        else "All differ by as much or more."
    )
    raters = len({one.estimate.raters for one in of.primary.systems})
    people = max(one.estimate.raters for one in of.primary.systems)
    return joined(
        f"Mean rank of {systems} systems within each of {counted(queries, 'query', 'queries')}, "
        f"by the primary measure ({of.primary.measure.title}); 1 is best.",
        _dropped(found.dropped),
        "Nemenyi's critical difference at 5 % is "
        f"{written(found.critical_difference, 2)} ranks (k = {systems}, n = {queries}).",
        bars,
        f"Friedman's test by Iman and Davenport: {tested}p {_is(found.p)}; Kendall's W = "
        f"{found.agreement:.2f}.",
        one_test(table),
        f"All of it is for these raters ({'at most ' if raters > 1 else ''}{people}) and nothing "
        "in it is random; whether two systems differ depends on which others are compared.",
        trained(table),
    )


def _dropped(queries: int) -> str:
    left_out = counted(queries, "query is", "queries are")
    return f"{left_out} left out: not every system has a score there." if queries else ""


def _is(p: float | None) -> str:
    told = chance(p)
    return told if told.startswith("below") else f"= {told}"


def _plot(table: "pd.DataFrame", groups: list[list[int]], limit: float) -> dict[str, Any]:
    own, lanes = labels(table["name"]), _lanes(groups)
    count = max(lanes, default=-1) + 1
    plot = _PLOT + 16
    share = plot / (plot + _LANE * count)
    last = max(len(table) + 0.2, 1 + limit + 0.2)
    layout = {
        "xaxis": {
            "range": [0.8, last], "domain": [0, share], "title": titled("Mean rank (1 is best)"),
            "fixedrange": True, "zeroline": False, "tick0": 1, "dtick": 1 if last < _TICKED else 5,
        },
        "yaxis": BARE | {
            "tickvals": list(range(len(table))), "ticktext": own.texts,
            "range": [len(table) - 0.4, -1.9],
        },
        "shapes": divider(table), "showlegend": False, "margin": MARGIN,
        "height": own.row * len(table) + 110,
        "meta": {"least_width": own.width + _PLOT + _LANE * count + 16},
    }  # fmt: skip
    data = [_scale(limit), _leaders(table), _dots(table)]
    if groups:
        layout["xaxis2"] = BARE | {
            "domain": [share, 1], "range": [-0.8, count - 0.2], "showticklabels": False,
            "anchor": "y",
        }  # fmt: skip
        pairs = zip(groups, lanes, strict=True)
        data += [_bar(group, lane, table) for group, lane in pairs]
        layout["annotations"] = [
            {"text": "not told apart", "x": 1, "xref": "paper", "xanchor": "right", "y": -1,
             "showarrow": False, "yanchor": "bottom", "font": {"size": 12}}
        ]  # fmt: skip
    return {"data": data, "layout": layout}


def _lanes(groups: list[list[int]]) -> list[int]:
    """Return in which lane each bar lies: no two of a lane share a row."""
    free: list[int] = []
    found = []
    for group in groups:
        lane = next((at for at, row in enumerate(free) if row < group[0]), len(free))
        if lane == len(free):
            free.append(group[-1])
        else:
            free[lane] = group[-1]
        found.append(lane)
    return found


def _scale(limit: float) -> dict[str, Any]:
    """Return the trace of the critical difference, to scale."""
    return {
        "type": "scatter", "mode": "lines+markers+text", "x": [1, 1 + limit / 2, 1 + limit],
        "y": [-1, -1, -1], "text": ["", f"critical difference {limit:.2f}", ""],
        "textposition": "top center" if limit > 3 else "top right", "hoverinfo": "skip",
        "line": {"color": GREY, "width": 2}, "cliponaxis": False,
        "marker": {"symbol": "line-ns", "size": [10, 0, 10], "line": {"color": GREY, "width": 2}},
    }  # fmt: skip


def _leaders(table: "pd.DataFrame") -> dict[str, Any]:
    """Return the thin lines from the names to the dots."""
    x: list[float] = []
    y: list[float] = []
    for row, rank in enumerate(table["mean_rank"].tolist()):
        x += [0.8, rank, np.nan]
        y += [row, row, np.nan]
    return {
        "type": "scatter", "mode": "lines", "x": x, "y": y, "hoverinfo": "skip",
        "line": {"color": GREY, "width": 1, "dash": "dot"}, "opacity": 0.6,
    }  # fmt: skip


def _dots(table: "pd.DataFrame") -> dict[str, Any]:
    return {
        "type": "scatter", "mode": "markers+text", "x": table["mean_rank"].to_numpy(),
        "y": list(range(len(table))), "marker": marks(table["trained_on"]) | {"size": 11},
        "text": [written(rank, 2) for rank in table["mean_rank"]], "textfont": {"size": 12},
        "textposition": "middle right", "cliponaxis": False,
        "customdata": [plain(title) for title in table["title"]],
        "hovertemplate": "%{customdata}<br>mean rank %{x:.2f}<extra></extra>",
    }  # fmt: skip


def _bar(group: list[int], lane: int, table: "pd.DataFrame") -> dict[str, Any]:
    """Return the trace of one bar, with a dot at each of its systems."""
    names = "<br>".join(plain(name) for name in table["name"].iloc[group])
    return {
        "type": "scatter", "mode": "lines+markers", "x": [lane] * len(group), "y": group,
        "xaxis": "x2", "line": {"color": _BAR, "width": 4}, "marker": {"color": _BAR, "size": 9},
        "hovertemplate": f"not told apart:<br>{names}<extra></extra>",
    }  # fmt: skip
