"""What would settle what a study leaves open, and what its ears say of the labels."""

from evaluation.analysis.ears_tables import SCORES
from evaluation.analysis.pair_rule import MANY_RATERS, STRICTER
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.told_apart import LEFT_OUT, Apart
from evaluation.findings.view import Results
from evaluation.findings.words import spread
from evaluation.statistics.significance import FEW_RATERS, LEVEL

MATTERS = 0.1
"""A difference of this share of the scale is one that matters."""
_POWER = 0.8  # with which it is to be found
_FAR = 5  # beyond so many times what there is, a number is a guess
_ENOUGH = 10  # queries, below which nothing is foretold (METRICS 0b)


def what_would_settle(of: Results, found: Apart) -> list[str]:
    """Return how large differences can be, or how much more would find one that matters.

    Nothing where all pairs are told apart, or where the design cannot support a number: fewer than
    10 queries or `FEW_RATERS` raters, choices between lists, or a measure without a scale's grades.
    """
    if found.told and found.raters < MANY_RATERS and not of.alone:
        return [f"{MANY_RATERS} raters could speak for others."]
    if not isinstance(of, PanelResults) or not of.primary.measure.in_grades:
        return []
    if all(one.told for one in found.pairs):
        return []
    matters = MATTERS * (of.facet.highest - of.facet.lowest)
    largest = None if of.answered.much else _largest(found)
    if largest is not None and largest <= matters:
        form = "{:.1f}" if matters > 1 else "{:.2f}"
        them = (
            "The two" if len(found.pairs) == 1 else "Any two" if found.every else "Those compared"
        )
        return [f"{them} differ by less than {form.format(largest)}."]
    more = _more(of, found, matters)
    if not more:
        return []
    return [f"To find a difference of {matters:g} would take about {more}."]


def _largest(found: Apart) -> float | None:
    """Return what no difference is above, where nothing is told apart and it holds for others.

    The largest end of the pairs' own 95 % intervals: the pair with the largest true difference is
    within its own. Which pairs that are, must not depend on the tests.
    """
    if found.told or not found.others or found.left_out > LEFT_OUT:
        return None
    ends = [abs(end) for one in found.pairs for end in (one.low, one.high) if end is not None]
    return max(ends) if len(ends) == 2 * len(found.pairs) else None


def _more(of: PanelResults, found: Apart, matters: float) -> str:
    """Return how many queries, or raters, would find a difference of two systems; "" for none.

    By the G-study's components of a system's score, and Holm's first step over all pairs, at the
    level that the rule of `pair_rule` has among so many raters. Where it is for these raters alone,
    other raters' tastes are no error.
    """
    from scipy.special import ndtri

    parts = of.generalizability.parts
    if not parts or found.queries < _ENOUGH or found.raters < FEW_RATERS:
        return ""
    level = LEVEL if found.raters >= MANY_RATERS else STRICTER
    sum_of = ndtri(1 - level / 2 / max(len(found.pairs), 1)) + ndtri(_POWER)
    room = (matters / sum_of) ** 2 / 2  # for the squared error of one of the two
    each = of.generalizability.per_query / max(found.raters, 1)
    query = parts["query+system"]
    rater = 0.0 if of.alone else parts["rater+system"]
    both = parts["query+rater+system"] / max(each, 1e-9)
    ways = (
        (found.queries, "queries", room - rater / found.raters, query + both / found.raters),
        (found.raters, "raters", room - query / found.queries, rater + both / found.queries),
    )
    for there, what, left, need in ways:
        if left > 0 and there < need / left <= _FAR * there:
            return f"{_rounded(need / left)} {what} (now {there})"
    return ""


def _rounded(number: float) -> int:
    """Return a number of queries or raters as exactly as it is known: up to ten by ones."""
    step = 1 if number <= 20 else 5 if number <= 100 else 10
    return int(-(-number // step) * step)


def against_labels(of: Results, found: Apart) -> list[str]:
    """Return whether the ears order the systems as the labels do, where tau's interval says so.

    Nothing where fewer than half of the pairs are told apart, since an order of chance has no tau,
    or where so few systems could never have a significant one.
    """
    sure = 2 * len(found.told) >= max(len(found.pairs), 1)
    if not isinstance(of, PanelResults) or not sure or of.primary.measure.name not in (
        "mean_grade", "mean_rating",
    ):  # fmt: skip
        return []
    one = of.orders["own", "ap15"]
    tau, interval = one.tau, one.intervals["tau"]
    if tau is None or interval is None or one.least is None or abs(tau) < one.least:
        return []
    if interval.low <= 0 <= interval.high:
        return []
    how = "agrees with" if tau > 0 else "runs against"
    size = spread(tau, interval.low, interval.high, "{:.2f}")
    return [f"This order {how} the labels' ({SCORES['ap15'].single}: tau {size})."]
