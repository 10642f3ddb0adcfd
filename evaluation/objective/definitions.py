"""The objective measures in words: what a table's columns are called and what they mean.

A measure's name and its definition depend on the convention and on what is averaged, since the
number does: a column is never the same under two names, or another under the same one.
"""

from dataclasses import dataclass

from embeddings.collection.clips import CONVENTIONS
from embeddings.errors import InputError
from evaluation.objective.sweep import METRICS

AVERAGES = ("class", "micro")
"""What is averaged: the values of the classes, or those of all queries."""
LOWER_IS_BETTER = ("mr1",)

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


def wording(measure: str, convention: str, average: str = "class") -> Wording:
    """Return a measure in words; raise InputError where a word is unknown."""
    check_word("measure", measure, METRICS)
    check_word("convention", convention, CONVENTIONS)
    check_word("average", average, AVERAGES)
    kind = f"{_AVERAGE_WORDS[average]}, {_CONVENTION_WORDS[convention]}"
    if measure == "mr1":
        first = 0 if convention == "cbmi2024" else 1
        text = f"Mean rank of the first relevant result, counted from {first}"
        return Wording("MR1", kind, f"{text}: {_AVERAGED[average]}.", "lower", 2)
    n = measure.removeprefix("map@")
    divisor = _DIVISORS[convention, average].format(n=n)
    text = (
        f"Mean average precision of the first {n} results: the precisions at the ranks of relevant "
        f"results, summed and divided by Z, {divisor}"
    )
    return Wording(f"MAP@{n}", kind, f"{text}; {_AVERAGED[average]}.", "higher", 3)


def check_word(what: str, value: str, known: tuple[str, ...]) -> str:
    """Return `value` if it is one of `known`; raise InputError with a sentence if it is not."""
    if value not in known:
        raise InputError(f"The {what} must be one of {', '.join(known)}, not {value!r}.")
    return value
