"""From a rater's grades of the controls to the verdict that the protocol fixed beforehand."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, stdev
from typing import NamedTuple

import numpy as np

from embeddings.errors import InputError
from evaluation.protocol.terms import Screening

KINDS = ("result", "identity", "distractor")

LITTLE = 0.5
"""Whoever hears less of the sounds, as a mean share, passes with a word only."""

_RULES = (
    ("identity", "identity_share", "identity clips have {} of the scale on average",
     "identity {} of the scale"),
    ("auc", "auc", "identity is graded above distractor in {} of all pairs",
     "above distractors in {} of pairs"),
)  # fmt: skip
"""The rules on controls: the key, what it is asked of, why not in a sentence, and why briefly."""
_CLOSE = 0.1 * (1 + 1e-9)  # of the scale, and what floats need for 5 - 4.6 to be 0.4
_WHY = {
    "identity_share": "no identity clip was graded",
    "auc": "an identity clip and a distractor were not both graded",
    "distractor_below_median": "no distractor was graded with results of its query",
    "retest_close": "nothing was graded again",
    "retest_difference": "nothing was graded again",
    "retest_noise": "fewer than two were graded again",
}


class Graded(NamedTuple):
    """The last grade that a rater gave to a candidate.

    Attributes
    ----------
    kind : one of `KINDS`
    query : the query's name or number
    grade : on the protocol's scale
    earlier : where the candidate was asked again, the grade that it had before; that first grade
        is a `Graded` of its own. None: asked for the first time
    """

    kind: str
    query: str
    grade: float
    earlier: float | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """How much of the sounds a rater heard by the time of the grade that counts.

    Attributes
    ----------
    sounds : of how many grades it is known
    share : the mean share of the sound, in [0, 1]; None where it is known of none
    unheard : of how many nothing was heard
    """

    sounds: int = 0
    share: float | None = None
    unheard: int = 0


UNKNOWN = Heard()
"""Of raters of whom it was never told how much they heard."""


@dataclass(frozen=True, slots=True)
class ControlReport:
    """What a rater's controls say. None is what is not defined; `undefined` says why.

    Attributes
    ----------
    identities, distractors, repeats : how many were graded
    identity_share : mean grade of the identity clips as a share of the scale, in [0, 1]
    auc : the share of all (identity, distractor) pairs in which identity has the higher grade,
        equal grades counting one half, in [0, 1]
    distractor_below_median : the share of distractors with a lower grade than the rater's own
        median grade of the same query's results, in [0, 1]; those of queries without are passed
        over
    retest_close : the share of repeats within 10 % of the scale of the first grade, in [0, 1]
    retest_difference : mean absolute difference of the two grades, in grades
    retest_noise : sample standard deviation of the (signed) differences / sqrt 2, in grades: the
        noise of one grade; a shift between the first and the second time is no part of it
    """

    identities: int
    distractors: int
    repeats: int
    identity_share: float | None
    auc: float | None
    distractor_below_median: float | None
    retest_close: float | None
    retest_difference: float | None
    retest_noise: float | None

    @property
    def undefined(self) -> dict[str, str]:
        """The reason for each field that is None, by the field's name."""
        return {name: why for name, why in _WHY.items() if getattr(self, name) is None}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rater passed, with all that speaks for and against it.

    Attributes
    ----------
    passed : None where it is not to be told yet
    reasons : why not, rule by rule
    met : what speaks for the rater, rule by rule
    beside : what no rule asks and a reader must know: how much was heard
    heard : how much was heard
    """

    passed: bool | None
    reasons: tuple[str, ...]
    met: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    heard: Heard = UNKNOWN

    @property
    def little(self) -> bool:
        """Whether so little was heard that a pass is no plain one."""
        return self.heard.share is not None and self.heard.share < LITTLE

    @property
    def word(self) -> str:
        """The verdict in a word or a few."""
        passes = "passes, but heard little" if self.little else "passes"
        return {True: passes, False: "does not pass", None: "not to be told yet"}[self.passed]

    @property
    def every_reason(self) -> tuple[str, ...]:
        """Every reason against and for, and what no rule asks."""
        return (*self.reasons, *self.met, *self.beside)


def control_report(grades: Sequence[Graded], lowest: float, highest: float) -> ControlReport:
    """Return what the controls of one rater say.

    Parameters
    ----------
    grades : one for each candidate and one for each repeat. A repeat counts in the retest alone
    lowest, highest : the ends of the scale

    Raises
    ------
    InputError
        The scale has no range, a kind is unknown, or a grade is not on the scale.
    """
    _check(grades, lowest, highest)
    first = [one for one in grades if one.earlier is None]
    identities = [one.grade for one in first if one.kind == "identity"]
    distractors = [one.grade for one in first if one.kind == "distractor"]
    changes = [one.grade - one.earlier for one in grades if one.earlier is not None]
    span = highest - lowest
    return ControlReport(
        identities=len(identities),
        distractors=len(distractors),
        repeats=len(changes),
        identity_share=_ratio(sum(grade - lowest for grade in identities), len(identities) * span),
        auc=_auc(identities, distractors),
        distractor_below_median=_below_median(first),
        retest_close=_ratio(sum(abs(change) <= _CLOSE * span for change in changes), len(changes)),
        retest_difference=_ratio(sum(map(abs, changes)), len(changes)),
        retest_noise=stdev(changes) / math.sqrt(2) if len(changes) > 1 else None,
    )


def heard_of(shares: "Sequence[float | None] | np.ndarray") -> Heard:
    """Return how much was heard.

    Parameters
    ----------
    shares : of the sound of each grade, what was heard of it when it was graded, in [0, 1]; None
        or NaN where that is not known
    """
    known = np.asarray(shares, dtype=np.float64)
    known = known[~np.isnan(known)]
    return Heard(len(known), _ratio(float(known.sum()), len(known)), int((known <= 0).sum()))


def verdict(report: ControlReport, screening: Screening, heard: Heard = UNKNOWN) -> Verdict:
    """Return whether a rater passes the rule of the protocol.

    Every rule must be met, that is reach at least its number; a rule of 0 asks nothing. `passed` is
    None while a rule cannot be judged yet and none has failed. How much was heard is not known of
    raters who are made: nothing is asked of it there, which is said.
    """
    waiting, failed, met = [], [], []
    for rule, name, sentence, briefly in _RULES:
        least = getattr(screening, rule)
        value = getattr(report, name)
        if least <= 0:
            continue
        if value is None:
            waiting.append(f"screening.{rule} cannot be judged yet: {report.undefined[name]}")
        elif value < least:
            failed.append(f"{sentence.format(f'{value:.4g}')}; at least {least:g} is asked")
        else:
            met.append(f"{briefly.format(f'{value:.4g}')}, at least {least:g}")
    least, share, beside = screening.heard or 0.0, heard.share, []
    if least <= 0 or share is None:
        beside.append(_heard_words(heard))
    elif share < least:
        failed.append(f"{_heard_words(heard)}; at least {100 * least:.4g} % is asked")
    else:
        met.append(f"{_heard_words(heard)}, at least {100 * least:.4g} %")
    passed = False if failed else None if waiting else True
    return Verdict(passed, (*failed, *waiting), tuple(met), tuple(beside), heard)


def _heard_words(heard: Heard) -> str:
    """Return how much was heard."""
    if heard.share is None:
        return "how much was heard is not known"
    words = f"heard {100 * heard.share:.3g} % of a sound on average"
    return words + (f", nothing of {heard.unheard:,} of {heard.sounds:,}" if heard.unheard else "")


def _check(grades: Sequence[Graded], lowest: float, highest: float) -> None:
    if not lowest < highest:
        raise InputError(f"A scale from {lowest:g} to {highest:g} has no range to grade on.")
    for one in grades:
        if one.kind not in KINDS:
            raise InputError(f"The kind must be one of {', '.join(KINDS)}, not {one.kind!r}.")
        for grade in (one.grade, one.grade if one.earlier is None else one.earlier):
            if not lowest <= grade <= highest:
                raise InputError(
                    f"Query {one.query!r}: the grade {grade:g} is not on the scale from "
                    f"{lowest:g} to {highest:g}."
                )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _auc(identities: Sequence[float], distractors: Sequence[float]) -> float | None:
    # in halves, so that whole grades round once: a share of exactly the rule's number is that
    halves = sum(2 * (high > low) + (high == low) for high in identities for low in distractors)
    return _ratio(halves, 2 * len(identities) * len(distractors))


def _below_median(grades: Sequence[Graded]) -> float | None:
    if not any(one.kind == "distractor" for one in grades):
        return None
    results: dict[str, list[float]] = {}
    for one in grades:
        if one.kind == "result":
            results.setdefault(one.query, []).append(one.grade)
    below = [
        one.grade < median(results[one.query])
        for one in grades
        if one.kind == "distractor" and one.query in results
    ]
    return _ratio(sum(below), len(below))
