"""Figures of studies in which two lists are compared: strengths, shares of wins, who beats whom."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.figures.charts import BARE, GREY, counted, is_simulated, labels, plain, titled
from evaluation.figures.figure import DIVERGING, PALETTE, Figure
from evaluation.figures.study.cast import divide, ranked
from evaluation.figures.study.dots import narrow, small
from evaluation.figures.study.marks import divider, rows_named
from evaluation.figures.study.matrix import both_ways, square
from evaluation.figures.study.sentences import (
    ALONE,
    in_words,
    intervals_of,
    joined,
    trained,
    with_interval,
    without,
)
from evaluation.statistics.significance import BOTH

if TYPE_CHECKING:
    import pandas as pd

_KEPT = ["system", "title", "provenance", "trained_on"]
_COUNTS = ["wins", "losses", "ties", "votes"]


def strengths(of: PreferenceAnalysis, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "strengths": how strong each system is, the best first.

    None where no system has a strength. `cast` is as `study_cast` returns it.
    """
    names = {"strength": "value", "strength_low": "low", "strength_high": "high"}
    found = of.table.drop(columns=list(names.values())).rename(columns=names)
    drawn, left_out = _by_value(cast, found)
    if drawn.empty:
        return None
    reason = of.strengths.reason
    missing = drawn["low"].isna().all()
    return Figure(
        name="strengths",
        title="Strength of each system's lists",
        caption=joined(
            "Strengths by Bradley and Terry's model with Davidson's ties and an effect of the "
            "side, on the scale of log odds; they add up to 0, and a list that is stronger by 1 is "
            f"preferred {np.e:.1f} times as often as the other, ties apart.",
            "There is no interval: it needs two queries."
            if missing
            else f"Lines are 95 % intervals over {sampled_votes(of)}, from random weights (seed "
            f"{of.seed}).",
            f"Careful: {reason}." if reason else "",
            trained(drawn),
            without(left_out, "no list of theirs was compared"),
            _size(of),
        ),
        table=drawn[[*_KEPT, "value", "low", "high", *_COUNTS]].rename(
            columns={new: old for old, new in names.items()}
        ),
        plot=_dots(drawn, "Strength (log odds)", 0.0, "{:+.2f}"),
        simulated=is_simulated(drawn),
    )


def win_rates(of: PreferenceAnalysis, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "win-rates": the share of its comparisons that each system wins.

    None where nothing was compared. `cast` is as `study_cast` returns it.
    """
    drawn, left_out = _by_value(cast, of.table)
    if drawn.empty:
        return None
    return Figure(
        name="win-rates",
        title="Share of comparisons won",
        caption=joined(
            "Share of its comparisons that each system's lists win, no difference counting one "
            "half: the mean over queries of the raters' shares. It depends on which systems "
            "there are to be compared with.",
            intervals_of(of.win_rates, "Lines"),
            trained(drawn),
            without(left_out, "no list of theirs was compared"),
            _size(of),
        ),
        table=drawn[[*_KEPT, "value", "low", "high", *_COUNTS, "queries", "raters"]],
        plot=_dots(drawn, "Share of comparisons won", 0.5, "{:.2f}"),
        simulated=is_simulated(drawn),
    )


def strengths_in_short(of: PreferenceAnalysis, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "glance": the share won by each system, in as little room as it takes.

    None where nothing was compared. `cast` is as `study_cast` returns it.
    """
    figure = win_rates(of, cast)
    if figure is None:
        return None
    names = _by_value(cast, of.table)[0]["name"]
    return replace(figure, name="glance", plot=small(figure.plot, names))


def win_matrix(of: PreferenceAnalysis, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "wins": how often the row's lists are preferred to the column's.

    None where nothing was compared. `cast` is as `study_cast` returns it.
    """
    order, left_out = _by_value(cast, of.table)
    if order.empty:
        return None
    place = {name: number for number, name in enumerate(order["system"])}
    wins, ties = (np.zeros((len(order), len(order)), dtype=np.int64) for _ in range(2))
    for pair in of.matrix[of.matrix["votes"] > 0].itertuples():
        a, b = place[pair.system_a], place[pair.system_b]
        wins[a, b], wins[b, a] = pair.wins_a, pair.wins_b
        ties[a, b] = ties[b, a] = pair.ties
    votes = wins + wins.T + ties
    share = (wins + ties / 2) / np.where(votes, votes, np.nan)
    table = both_ways(order, share, "share")
    at = np.nonzero(votes)
    table = table.assign(wins=wins[at], ties=ties[at], losses=wins.T[at], votes=votes[at])
    return Figure(
        name="wins",
        title="Which lists were preferred to which",
        caption=joined(
            "Share of the choices between two systems that fell to the row's, no difference "
            "counting one half: 0.50 is even, orange above, blue below; as counted, without a "
            "model or an interval. The best are on top, and a pair that was never compared is "
            "empty.",
            trained(order, "○"),
            without(left_out, "no list of theirs was compared"),
            _size(of),
        ),
        table=table,
        plot=square(rows_named(order), share, _said(order, wins, ties, votes), DIVERGING,
                    divide(order)),
        simulated=is_simulated(order),
    )  # fmt: skip


def _by_value(cast: "pd.DataFrame", found: "pd.DataFrame") -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Return the systems that were compared, the best first, and those that were not.

    `found` has the columns system, value, low, high and votes.
    """
    table = cast.merge(found, on="system", how="left", validate="1:1")
    table = table.astype({"value": float, "low": float, "high": float})
    known = table["value"].notna() & (table["votes"] > 0)
    return ranked(table[known], found.set_index("system")["value"]), table[~known]


def _dots(table: "pd.DataFrame", title: str, even: float, form: str) -> dict[str, Any]:
    """Return the plot: a row a system, its value with its interval, a line where all are even."""
    own, count = labels(table["name"]), len(table)
    values, low, high = (table[name].to_numpy(float) for name in ("value", "low", "high"))
    ends = np.concatenate([values, low, high, [even]])
    room = 0.1 * float(np.nanmax(ends) - np.nanmin(ends)) or 0.1
    hollow = table["trained_on"].to_numpy() != ""
    dots = {
        "type": "scatter", "mode": "markers", "x": values, "y": list(range(count)),
        "customdata": _told(table, form), "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {"size": 10, "color": PALETTE[0], "line": {"width": 2 * hollow},
                   "symbol": np.where(hollow, "circle-open", "circle")},
        "error_x": {"type": "data", "symmetric": False, "array": high - values,
                    "arrayminus": values - low, "thickness": 1.5, "width": 4},
    }  # fmt: skip
    numbers = {
        "type": "scatter", "mode": "text", "x": values, "y": np.arange(count) - 0.32,
        "text": [in_words(value, form) for value in values], "textfont": {"size": 11},
        "hoverinfo": "skip",
    }  # fmt: skip
    shapes = [{"type": "line", "x0": even, "x1": even, "y0": -0.6, "y1": count - 0.4,
               "line": {"color": GREY, "width": 1, "dash": "dot"}}, *divider(table)]  # fmt: skip
    return {
        "data": [dots, numbers],
        "layout": {
            "xaxis": {"title": titled(title), "fixedrange": True, "zeroline": False,
                      "range": [float(np.nanmin(ends)) - room, float(np.nanmax(ends)) + room]},
            "yaxis": BARE | {"tickvals": list(range(count)), "ticktext": own.texts,
                             "range": [count - 0.4, -0.7]},
            "shapes": shapes, "showlegend": False, "height": (own.row + 8) * count + 90,
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "meta": {"least_width": own.width + 240, "most_width": 860,
                     "narrow": narrow(table["name"], 26)},
        },
    }  # fmt: skip


def _told(table: "pd.DataFrame", form: str) -> list[str]:
    """Return what is said of each system when it is pointed at."""
    found = []
    for row in table.to_dict("records"):
        ends = [None if np.isnan(row[end]) else row[end] for end in ("low", "high")]
        said = f"{plain(row['title'])}<br>{with_interval(row['value'], *ends)}"
        found.append(f"{said}<br>{_counted(row['wins'], row['ties'], row['losses'])}")
    return found


def _counted(wins: float, ties: float, losses: float) -> str:
    return (
        f"{counted(int(wins), 'win', 'wins')}, {int(ties)} without a difference, "
        f"{counted(int(losses), 'loss', 'losses')}"
    )


def _said(
    order: "pd.DataFrame", wins: np.ndarray, ties: np.ndarray, votes: np.ndarray
) -> np.ndarray:
    """Return what is said of each pair when it is pointed at: object [systems, systems]."""
    names: Sequence[str] = [plain(name) for name in order["name"]]
    said = np.full(wins.shape, "", dtype=object)
    for a, b in zip(*np.nonzero(votes), strict=True):
        said[a, b] = (
            f"{names[a]} against {names[b]}<br>{_counted(wins[a, b], ties[a, b], wins[b, a])}"
        )
    return said


def sampled_votes(of: PreferenceAnalysis) -> str:
    """Return over what the intervals of the strengths are."""
    return BOTH if of.enough_raters and not of.alone else ALONE


def _size(of: PreferenceAnalysis) -> str:
    """Return on how many choices it rests, in a sentence."""
    votes = of.votes
    raters, queries = len(np.unique(votes.rater)), len(np.unique(votes.query))
    return (
        f"n = {counted(len(votes.choice), 'choice', 'choices')} by "
        f"{counted(raters, 'rater', 'raters')} for {counted(queries, 'query', 'queries')}."
    )
