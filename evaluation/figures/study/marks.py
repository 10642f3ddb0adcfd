"""What the figures of a study share: rows and marks of systems, numbers, sentences for captions."""

import textwrap
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.system_scores import Scores
from evaluation.figures.charts import GREY, counted, plain
from evaluation.figures.figure import PALETTE
from evaluation.figures.study.cast import divide, ranked
from evaluation.numerals import numeral
from evaluation.statistics.significance import BOTH, FEW_RATERS

if TYPE_CHECKING:
    import pandas as pd

BLUE = PALETTE[0]
LETTER = 6.8
"""Pixels of a letter of a label, rather more than less."""
MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}
NUMBERS = ["value", "low", "high", "p"]
"""The columns of a table of results that may be undefined."""

_SYSTEM = ["system", "title", "name", "provenance", "trained_on"]
_REASONS = 4


def by_scores(scores: Scores, cast: "pd.DataFrame") -> "pd.DataFrame":
    """Return the systems by their scores, the best first: `cast.ranked`."""
    values = {one.system: one.estimate.value for one in scores.systems}
    return ranked(cast, values, higher=bool(scores.measure.higher))


def of_systems(order: "pd.DataFrame", rows: "pd.DataFrame") -> "pd.DataFrame":
    """Return rows of results in the order of the systems, with what they are called.

    The columns that may be undefined become numbers, NaN where they are.
    """
    found = order[_SYSTEM].merge(rows, on="system", how="inner")
    kinds = {one: np.float64 for one in NUMBERS if one in found}
    return found.astype(kinds)


def marks(trained_on: Iterable[str], colour: str = BLUE, symbol: str = "circle") -> dict[str, Any]:
    """Return the marker of systems, hollow where their training heard the collection."""
    return {
        "symbol": symbol, "color": ["#fff" if one else colour for one in trained_on],
        "opacity": 1, "line": {"color": colour, "width": 2},
    }  # fmt: skip


def rows_named(order: "pd.DataFrame") -> list[str]:
    """Return the names of systems for figures without marks: "○" before the hollow ones."""
    pairs = zip(order["name"], order["trained_on"], strict=True)
    return [f"○ {name}" if trained else name for name, trained in pairs]


def segments(lows: Iterable[float], highs: Iterable[float]) -> list[float]:
    """Return the ends of many lines as one trace has them: low, high, nothing, and again."""
    ends = np.column_stack([np.asarray(one, dtype=np.float64) for one in (lows, highs)])
    gaps = np.full((len(ends), 1), np.nan)
    return np.hstack([ends, gaps]).ravel().tolist()


def divider(order: "pd.DataFrame", letter: str = "y") -> list[dict[str, Any]]:
    """Return the shape of the line before the simulated systems; none where it divides nothing.

    Parameters
    ----------
    order : what `cast.ranked` returned; its rows are at 0, 1, ... along the axis
    letter : along which axis the systems are
    """
    at, other = divide(order), "x" if letter == "y" else "y"
    if at is None:
        return []
    across = {f"{other}ref": "paper", f"{other}0": 0, f"{other}1": 1}
    along = {f"{letter}ref": letter, f"{letter}0": at - 0.5, f"{letter}1": at - 0.5}
    return [{"type": "line", "line": {"color": GREY, "width": 1}, **across, **along}]


def in_lines(text: str, letters: int) -> str:
    """Return a text in lines of so many letters at most, as Plotly breaks them."""
    return "<br>".join(plain(line) for line in textwrap.wrap(text, letters)) or plain(text)


def digits(span: float) -> int:
    """Return with how many decimals numbers are written that go as far as `span`."""
    return 1 if span > 10 else 2 if span > 1 else 3


def written(value: float | None, decimals: int, sign: str = "") -> str:
    """Return a number with so many decimals, "–" where undefined; `sign` is "" or "+"."""
    return numeral(value, f"{{:{sign}.{decimals}f}}")


def chance(p: float | None) -> str:
    """Return a p value in words: "0.0312", "below 0.0001", "–" where undefined."""
    if p is None or p != p:
        return "–"
    return "below 0.0001" if p < 0.0001 else f"{p:.4f}"


def interval(low: float, high: float, decimals: int) -> str:
    """Return an interval in words, "no interval" where it is undefined."""
    if low != low or high != high:
        return "no interval"
    return f"[{written(low, decimals)}, {written(high, decimals)}]"


def said(row: Mapping[str, Any], decimals: int) -> str:
    """Return what is said of a result when it is pointed at: number, interval, basis, reason."""
    if row["value"] != row["value"]:
        return f"undefined: {plain(row['reason'])}"
    number = f"{written(row['value'], decimals)} {interval(row['low'], row['high'], decimals)}"
    queries = counted(row["queries"], "query", "queries")
    basis = f"{queries}, {counted(row['raters'], 'rater', 'raters')}"
    return "<br>".join(filter(None, [number, basis, plain(row["reason"])]))


def method(rows: "pd.DataFrame", seed: int, scores: Scores | None = None) -> str:
    """Return the sentence of how the intervals of some rows came about, and whom they speak for.

    Parameters
    ----------
    rows : with the columns low, scope and raters
    seed : of the analysis
    scores : what the rows are of; where its replicates are drawn, they are named
    """
    known = rows[rows["low"].notna()]
    if known.empty:
        return ""
    if scores is not None and scores.replicates is not None:
        alone = scores.alone or known["raters"].max() < FEW_RATERS
        who = "queries" if alone else "queries and raters"
        rest = "; they speak for these raters alone" if alone else ""
        return (
            f"95 % intervals are Student's, with the error over {len(scores.replicates):,} "
            f"replicates in which {who} have random weights (seed {seed}){rest}."
        )
    wide = "by variance components, for other queries and raters like these"
    these = "over queries, and speak for these raters alone"
    both = known["scope"] == BOTH
    if both.all():
        return f"95 % intervals are {wide}; nothing in them is random."
    if not both.any():
        return f"95 % intervals are {these}; nothing in them is random."
    return f"95 % intervals are {wide}; some are {these}. Nothing in them is random."


def reasons(rows: "pd.DataFrame", one: str = "", several: str = "") -> str:
    """Return why rows are undefined or speak for these raters alone; "" where nothing is to say.

    Parameters
    ----------
    rows : with the columns reason and, where they are of systems, name
    one, several : what a row is called; systems are named
    """
    told = rows[rows["reason"] != ""].groupby("reason", sort=False)
    found = []
    for reason, own in sorted(told, key=lambda pair: -len(pair[1]))[:_REASONS]:
        if len(own) == len(rows):
            found.append(f"{str(reason)[:1].upper()}{str(reason)[1:]}.")
        elif one:
            found.append(f"{counted(len(own), one, several)}: {reason}.")
        else:
            found.append(f"{', '.join(own['name'])}: {reason}.")
    return " ".join(found)


def trained(order: "pd.DataFrame", mark: str = "Hollow") -> str:
    """Return the sentence of the systems whose training heard the collection; "" for none.

    Parameters
    ----------
    order : rows of `cast.study_cast`; of several of a system the first one counts
    mark : how the figure shows them
    """
    own = order[order["trained_on"] != ""].drop_duplicates("system")
    heard = [f"{name} ({what})" for name, what in zip(own["name"], own["trained_on"], strict=True)]
    return f"{mark}: trained on sounds of the collection: {', '.join(heard)}." if heard else ""
