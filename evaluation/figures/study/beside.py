"""The ears beside the labels: mean grades against scores, and the orders of the systems by each."""

from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.ears_tables import SCORES
from evaluation.analysis.panel import PanelResults
from evaluation.figures import charts
from evaluation.figures.charts import axis_id, axis_name, is_simulated, plain, titled
from evaluation.figures.figure import PALETTE, Figure
from evaluation.figures.study.above import above_matrix
from evaluation.figures.study.orders import rank_slopes, relabelled_slopes
from evaluation.figures.study.sentences import (
    in_words,
    intervals_of,
    is_of_lists,
    joined,
    one_test,
    panel_size,
    sampled,
    trained,
    with_interval,
    without,
    worded,
)
from evaluation.statistics.correlation import CORRELATIONS
from evaluation.statistics.significance import estimate, within

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["above_matrix", "ears_and_labels", "rank_slopes", "relabelled_slopes"]

PANELS = (("own", "ap15"), ("collection", "ap15"), ("collection", "r1"))
"""The scores against the labels that grades are drawn against, from left to right."""
LEAST_SYSTEMS = 6
"""Of fewer systems no coefficient is told: hardly any order could be significant."""

_PANEL, _HEIGHT, _AXIS, _GAP = 330, 330, 76, 0.05
"""Pixels of a panel's width and height and of what is below it; the gap as a share of the width."""
_KEPT = ["system", "title", "provenance", "trained_on"]


def ears_and_labels(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "ears-labels": mean grades against each score of `PANELS` that is known.

    None where no system has both a grade and a score. `cast` is as `study_cast` returns it.
    """
    table = _beside(of, cast)
    names = [f"{level}_{score}" for level, score in PANELS]
    known = [name for name in names if (table["value"].notna() & table[name].notna()).any()]
    if not known:
        return None
    drawn = table[table["value"].notna() & table[known].notna().any(axis=1)].reset_index(drop=True)
    heard = [one.estimate for one in of.mean_grades.systems]
    what = "rating of whole lists" if is_of_lists(of) else "grade"
    ends = ["own_ap15_low", "own_ap15_high"] if "own_ap15" in known else []
    kept = [*_KEPT, "value", "low", "high", "queries", "raters", "ratings", *known, *ends]
    return Figure(
        name="ears-labels",
        title="Ears beside labels",
        caption=joined(
            f"Mean {what} of each system against what the labels say of it (convention "
            f"{of.convention}; right is better).",
            intervals_of(heard, "Vertical lines"),
            "Horizontal ones are over queries; scores of the whole collection have none."
            if ends and drawn[ends].notna().any(axis=None)
            else "",
            _taus(of, [key for key, name in zip(PANELS, names, strict=True) if name in known],
                  one_test(drawn)),
            trained(drawn),
            "Names are left out where there is no room.",
            without(table[~table["system"].isin(drawn["system"])],
                    worded(of, "a grade or a score is missing")),
            panel_size(of),
        ),
        table=drawn[kept],
        plot=_scatters(of, drawn, known),
        simulated=is_simulated(drawn),
    )  # fmt: skip


def _beside(of: PanelResults, cast: "pd.DataFrame") -> "pd.DataFrame":
    """Return the systems beside their grades and scores, with intervals of AP over queries."""
    table = cast.merge(of.beside, on="system", how="left", validate="1:1")
    own = [within(estimate(row[None]), 0, 1) for row in of.scored["own", "ap15"]]
    for end in ("low", "high"):
        ends = [getattr(one, end) for one in own]
        known = dict(zip(of.ratings.systems, ends, strict=True))
        table[f"own_ap15_{end}"] = table["system"].map(known).astype(float)
    return table.astype({"value": float, "low": float, "high": float})


def _taus(of: PanelResults, keys: list[tuple[str, str]], together: str) -> str:
    """Return how far the orders agree, in sentences, or why that is not told.

    `together` says which kinds of systems are compared.
    """
    most = max(of.orders[key].systems for key in keys)
    if most < LEAST_SYSTEMS:
        return (
            f"With so few systems (k = {most}) hardly any order could be significant: only the "
            "scatter can be read."
        )
    told, least = [], {}
    for key in keys:
        one = of.orders[key]
        if one.tau is None or one.systems < LEAST_SYSTEMS:
            told.append(f"{_score(of, key)}: undefined (k = {one.systems})")
            continue
        least[one.systems] = f"{in_words(one.least, '{:.3f}')} with k = {one.systems} systems"
        told.append(
            f"{_score(of, key)}: "
            + ", ".join(
                f"{CORRELATIONS[name].called} {_tau(one.values[name], one.intervals[name])}"
                for name in ("tau", "tau_ap")
            )
        )
    return joined(
        f"Agreement of the two orders{_drawn(of, keys)}: {'; '.join(told)}.",
        together,
        f"The least tau that could be significant at 5 % is {' and '.join(least.values())}."
        if least
        else "",
    )


def _drawn(of: PanelResults, keys: list[tuple[str, str]]) -> str:
    """Return how the intervals of the coefficients came about; "" where there are none."""
    if all(of.orders[key].intervals["tau"] is None for key in keys):
        return ""
    return (
        f", with reverse-percentile intervals over {sampled(of)} (an end that would not lie beyond "
        f"the estimate is the percentile itself; {len(of.replicates['mean_grade']):,} replicates, "
        f"seed {of.seed})"
    )


def _tau(value: float | None, interval: Any) -> str:
    if interval is None:
        return in_words(value)
    told = with_interval(value, interval.low, interval.high)
    return told.replace(")", f", bias {in_words(interval.bias)})")


def _score(of: PanelResults, key: tuple[str, str]) -> str:
    """Return a score with its convention: "MAP@15 (class-wise, corrected)"."""
    level, score = key
    words = SCORES[score].wording(of.convention)
    if level == "own":
        kind = words.kind.removeprefix("class-wise, ")
        return f"{SCORES[score].single} of the study's queries ({kind})"
    return words.title


def _is_reversed(name: str) -> bool:
    """Return whether the axis of a score, such as "own_r1", goes from high to low."""
    return not SCORES[name.split("_")[1]].higher


def _scatters(of: PanelResults, table: "pd.DataFrame", known: list[str]) -> dict[str, Any]:
    """Return the plot: a row a kind of system, a panel a score."""
    parts = charts.split(table)
    rows = charts.stack([_HEIGHT] * len(parts), below=_AXIS)
    layout, data = charts.headings([heading for heading, _ in parts], rows), []
    tall = _padded(table[["value", "low", "high"]].to_numpy(float))
    wide = (1 - _GAP * (len(known) - 1)) / len(known)
    word = "rating" if is_of_lists(of) else "grade"
    up = {"range": list(tall), "fixedrange": True, "zeroline": False}
    for row, (_, part) in enumerate(parts):
        for column, name in enumerate(known):
            number, left = row * len(known) + column, column * (wide + _GAP)
            across = _padded(table[[name, *_ends(name)]].to_numpy(float))
            axes = {"xaxis": axis_id("x", number), "yaxis": axis_id("y", number)}
            traces = _points(part, name, across, tall, word)
            data += [trace | axes | {"showlegend": False} for trace in traces]
            layout[axis_name("x", number)] = {
                "domain": [left, left + wide], "anchor": axes["yaxis"], "fixedrange": True,
                "range": list(across[::-1] if _is_reversed(name) else across), "zeroline": False,
                "title": titled(_title(of, name)), "nticks": 6,
            }  # fmt: skip
            layout[axis_name("y", number)] = up | {
                "domain": rows.domains[row], "anchor": axes["xaxis"],
                "title": titled(f"Mean {word}" if not column else ""),
            }  # fmt: skip
    least = _PANEL * len(known) + 40
    layout |= {
        "height": rows.height + 16, "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "meta": {"least_width": least, "most_width": round(1.4 * least)},
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _title(of: PanelResults, name: str) -> str:
    level, score = name.split("_")
    first, kind = _score(of, (level, score)).rstrip(")").split(" (")
    return f"{first}<br>({kind}{'; reversed' if _is_reversed(name) else ''})"


def _ends(name: str) -> list[str]:
    return [f"{name}_low", f"{name}_high"] if name == "own_ap15" else []


def _padded(values: np.ndarray) -> tuple[float, float]:
    """Return a range around values; those that are undefined do not count."""
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    room = 0.1 * (high - low) or 0.1 * max(abs(high), 0.1)
    return low - room, high + room


def _points(
    part: "pd.DataFrame",
    name: str,
    across: tuple[float, float],
    tall: tuple[float, float],
    word: str,
) -> list[dict[str, Any]]:
    """Return the traces of a panel: points with their intervals, and names where there is room."""
    own = part[part[name].notna()]
    x, y = own[name].to_numpy(float), own["value"].to_numpy(float)
    if not len(own):
        return []
    hollow = own["trained_on"].to_numpy() != ""
    said = [
        f"{plain(title)}<br>{value:.4g}; mean {word} {with_interval(mean, low, high)}"
        for title, value, mean, low, high in zip(
            own["title"], x, y, *(own[one].replace({np.nan: None}) for one in ("low", "high")),
            strict=True,
        )
    ]  # fmt: skip
    points = {
        "type": "scatter", "mode": "markers", "x": x, "y": y, "customdata": said,
        "hovertemplate": "%{customdata}<extra></extra>",
        "marker": {"size": 9, "color": PALETTE[0], "line": {"width": 2 * hollow},
                   "symbol": np.where(hollow, "circle-open", "circle")},
        "error_y": _bars(y, own["low"], own["high"]),
    }  # fmt: skip
    if _ends(name):
        points["error_x"] = _bars(x, *(own[end] for end in _ends(name)))
    shares = (x - across[0]) / (across[1] - across[0])
    shares = 1 - shares if _is_reversed(name) else shares
    up = (y - tall[0]) / (tall[1] - tall[0])
    names = charts.beside((x, y), (shares, up), own["name"].tolist(), (_PANEL - 50, _HEIGHT))
    return [points, names]


def _bars(values: np.ndarray, low: "pd.Series", high: "pd.Series") -> dict[str, Any]:
    """Return error bars; where an end is undefined there is none."""
    return {
        "type": "data", "symmetric": False, "array": high.to_numpy(float) - values,
        "arrayminus": values - low.to_numpy(float), "thickness": 1, "width": 0,
    }  # fmt: skip
