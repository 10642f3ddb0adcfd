"""What the captions of a study's figures share: numbers in words, and what they rest on."""

import re
from typing import TYPE_CHECKING

from evaluation.analysis.panel import PanelResults
from evaluation.analysis.replicates import weighs_raters
from evaluation.figures.charts import counted
from evaluation.numerals import numeral
from evaluation.statistics.significance import BOTH, Estimate

if TYPE_CHECKING:
    import pandas as pd

ALONE = "queries, for these raters alone"
"""Over what is sampled where raters are too few to speak for others."""

_OF_LISTS = {"grade": "rating", "grades": "ratings", "graded": "rated", "Grade": "Rating",
             "Grades": "Ratings", "sound": "list", "sounds": "lists"}  # fmt: skip


def in_words(value: float | None, form: str = "{:.2f}") -> str:
    """Return a number as a sentence has it: "−0.05", "12 %"; "undefined" for None and NaN."""
    if value is None or value != value:
        return "undefined"
    return numeral(value, form).replace("%", " %")


def with_interval(value: float | None, low: float | None, high: float | None) -> str:
    """Return a number with its 95 % interval, as far as they are defined."""
    said = in_words(value)
    if said == "undefined" or low is None or high is None:
        return said
    return f"{said} (95 % interval {in_words(low)} to {in_words(high)})"


def joined(*sentences: str) -> str:
    """Return those sentences that say something, one after the other."""
    return " ".join(one for one in sentences if one)


def is_of_lists(of: PanelResults) -> bool:
    """Return whether whole lists were graded, and not single results."""
    return of.protocol.method == "rating"


def worded(of: PanelResults, text: str) -> str:
    """Return what is said of grades and sounds, of ratings and lists where whole lists were rated.

    `text` has no names in it.
    """
    if not is_of_lists(of):
        return text
    return re.sub(r"\b[gG]rade[sd]?\b|\bsounds?\b", lambda word: _OF_LISTS[word[0]], text)


def sampled(of: PanelResults) -> str:
    """Return over what replicates are drawn: "queries and raters", or `ALONE`."""
    return BOTH if weighs_raters(of.ratings) else ALONE


def whom(scope: str) -> str:
    """Return over what an interval is by its `scope`: "queries and raters", or `ALONE`."""
    return BOTH if scope == BOTH else ALONE


def one_test(rows: "pd.DataFrame") -> str:
    """Return that simulated systems are tested together with others; "" where they are not.

    `rows` have the column provenance.
    """
    kinds = sorted(set(rows["provenance"]) - {"simulated"})
    if not kinds or not (rows["provenance"] == "simulated").any():
        return ""
    return f"{', '.join(kinds).capitalize()} and simulated systems are in one test here."


def panel_size(of: PanelResults) -> str:
    """Return how many grades the results rest on, in a sentence."""
    size = int(of.raters["ratings"].sum()) if len(of.raters) else 0
    people = int((of.raters["ratings"] > 0).sum()) if len(of.raters) else 0
    grades = counted(size, worded(of, "grade"), worded(of, "grades"))
    raters = counted(people, "rater", "raters")
    queries = counted(len(of.ratings.queries), "query", "queries")
    facet = f" (facet {of.facet.name})" if len(of.protocol.scale.facets) > 1 else ""
    left_out = ", without the raters who do not pass the screening" if of.screened else ""
    return f"n = {grades}{facet} by {raters} for {queries}{left_out}."


def intervals_of(estimates: list[Estimate], which: str) -> str:
    """Return what the 95 % intervals of some estimates speak for, in a sentence.

    `which` says which intervals they are, such as "Vertical lines".
    """
    known = [one for one in estimates if one.value is not None]
    scopes = sorted({whom(one.scope) for one in known if one.low is not None}, key=len)
    if not scopes:
        reasons = "; ".join(sorted({one.reason for one in known}))
        return f"There are no intervals: {reasons}." if known else ""
    missing = any(one.low is None for one in known)
    told = f"{which} are 95 % intervals over {', some over '.join(scopes)}"
    return f"{told}; where there is none, it is undefined." if missing else f"{told}."


def trained(rows: "pd.DataFrame", mark: str = "Hollow") -> str:
    """Return which of the systems were trained on the collection, in a sentence; "" for none.

    `rows` have the columns system, name and trained_on, and may have several of a system; `mark`
    says how these systems are drawn.
    """
    known = rows[rows["trained_on"] != ""].drop_duplicates("system")
    if known.empty:
        return ""
    pairs = zip(known["name"], known["trained_on"], strict=True)
    names = ", ".join(f"{name} ({what})" for name, what in pairs)
    return f"{mark}: trained on sounds of this collection: {names}."


def without(rows: "pd.DataFrame", what: str) -> str:
    """Return which systems are left out, and why, in a sentence; "" where there are none."""
    names = ", ".join(rows["name"])
    return f"Not drawn, since {what}: {names}." if len(rows) else ""
