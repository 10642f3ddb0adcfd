"""The objective measures, each one object: what it is called, what it says, how it is made.

To add a cut-off of MAP, add it to `per_query.CUTOFFS`; to add another measure of what is stored of
each query, add it to `measures_of`. Tables, CSV files, commands and the docs have it from here;
what was stored before has no value until it is scored anew.

A measure's name and its definition depend on the convention and on what is averaged, since the
number does: a column is never the same under two names, or another under the same one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from embeddings.collection.clips import CONVENTIONS
from embeddings.errors import InputError
from evaluation.measure import Measure
from evaluation.objective.per_query import CUTOFFS, QueryScores

AVERAGES = ("class", "micro")
"""What is averaged: the values of the classes, or those of all queries."""
FIRST_RANK = {"cbmi2024": 0, "corrected": 1}
"""Convention -> the rank that R1 counts from."""

_CONVENTION_WORDS = {"cbmi2024": "as in CBMI 2024", "corrected": "corrected"}
_AVERAGE_WORDS = {"class": "class-wise", "micro": "micro"}
_AVERAGED = {
    "class": "a class's value is the mean over the clips that carry it, a result is relevant when "
    "it carries the class, and this is the mean over the classes, each counted alike",
    "micro": "a result is relevant when it shares any label with the query, and this is the mean "
    "over all queries",
}
_DIVISORS = {
    ("cbmi2024", "class"): "the smaller of {n} and the class's clips, the query counted",
    ("cbmi2024", "micro"): "{n}, however few clips are relevant",
    ("corrected", "class"): "the smaller of {n} and the class's clips other than the query",
    ("corrected", "micro"): "the smaller of {n} and the relevant clips other than the query",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """A measure in words.

    Attributes
    ----------
    name : "MAP@15", "MAP@150" or "MR1"
    kind : what distinguishes it from its namesakes: "class-wise, as in CBMI 2024"
    definition : one sentence
    better : "higher" or "lower"
    digits : decimals that are shown
    """

    name: str
    kind: str
    definition: str
    better: str
    digits: int

    @property
    def title(self) -> str:
        """The name with what distinguishes it: "MAP@15 (class-wise, as in CBMI 2024)"."""
        return f"{self.name} ({self.kind})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveMeasure(Measure):
    """A mean over classes, or over queries, of what was found of each query.

    Its definition may hold {divisor}, {averaged} and {first}, its `brief` {first}: a convention and
    an average fill them in.

    Attributes
    ----------
    of_pairs : scores of queries and a convention -> float [pairs], what is averaged; NaN undefined
    single : what a single query's value is called, such as "AP@15"
    brief : half a sentence
    cutoff : how many ranks it needs to know; 0 where a shorter list tells something
    digits, printed : decimals that are shown on pages and in reports, and by commands
    published : decimals of published values, and of differences from them
    lower_bound : whether it is a lower bound where the first relevant result of a query lies beyond
        the ranks that are kept
    """

    of_pairs: Callable[[QueryScores, str], np.ndarray]
    single: str
    brief: str
    cutoff: int = 0
    digits: int = 3
    printed: int = 4
    published: tuple[int, int] = (2, 2)
    lower_bound: bool = False

    def is_of(self, scores: QueryScores) -> bool:
        """Return whether it can be made of scores of queries; older ones have fewer cut-offs."""
        return not self.cutoff or self.cutoff in scores.cutoffs

    def wording(self, convention: str, average: str = "class") -> Wording:
        """Return the measure in words; raise InputError where a word is unknown."""
        check_word("convention", convention, CONVENTIONS)
        check_word("average", average, AVERAGES)
        kind = f"{_AVERAGE_WORDS[average]}, {_CONVENTION_WORDS[convention]}"
        definition = self.definition.format(
            divisor=_DIVISORS[convention, average].format(n=self.cutoff),
            averaged=_AVERAGED[average],
            first=FIRST_RANK[convention],
        )
        better = "higher" if self.higher else "lower"
        return Wording(self.title, kind, definition, better, self.digits)

    @property
    def definitions(self) -> Mapping[str, str]:
        """Its definition by average and convention."""
        every = [self.wording(one, average) for average, one in product(AVERAGES, CONVENTIONS)]
        return {one.kind: one.definition for one in every}


def _map_at(n: int) -> ObjectiveMeasure:
    return ObjectiveMeasure(
        f"map@{n}",
        f"MAP@{n}",
        f"How far up among the first {n} results the relevant ones stand.",
        f"Mean average precision of the first {n} results: the precisions at the ranks of relevant "
        "results, summed and divided by Z, {divisor}; {averaged}.",
        of_pairs=lambda scores, convention: scores.average_precision(convention)[
            :, scores.cutoffs.index(n)
        ],
        single=f"AP@{n}",
        brief=f"mean average precision of the first {n} results",
        cutoff=n,
    )


_MR1 = ObjectiveMeasure(
    "mr1",
    "MR1",
    "How far down the first relevant result stands.",
    "Mean rank of the first relevant result, counted from {first}: {averaged}.",
    higher=False,
    of_pairs=QueryScores.first_relevant,
    single="R1",
    brief="mean rank of the first relevant result, counted from {first}",
    digits=2,
    printed=2,
    published=(0, 1),
    lower_bound=True,
)


def measures_of(cutoffs: Sequence[int]) -> tuple[ObjectiveMeasure, ...]:
    """Return the measures that scores of queries with these cut-offs have, in order."""
    return *(_map_at(n) for n in cutoffs), _MR1


METRICS: Mapping[str, ObjectiveMeasure] = {one.name: one for one in measures_of(CUTOFFS)}
"""By name, in the order of tables."""


def wording(measure: str, convention: str, average: str = "class") -> Wording:
    """Return a measure in words; raise InputError where a word is unknown."""
    check_word("measure", measure, METRICS)
    return METRICS[measure].wording(convention, average)


def directions() -> str:
    """Return which measures are better higher, and which lower."""
    high, low = (
        ", ".join(one.title for one in METRICS.values() if one.higher == higher)
        for higher in (True, False)
    )
    return f"{high}: higher is better; {low}: lower."


def check_word(what: str, value: str, known: Collection[str]) -> str:
    """Return `value` if it is one of `known`; raise InputError with a sentence if it is not."""
    if value not in known:
        raise InputError(f"The {what} must be one of {', '.join(known)}, not {value!r}.")
    return value
