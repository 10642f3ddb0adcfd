"""measures.md: every measure of the house, as each says of itself."""

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from evaluation.every_measure import EVERY_MEASURE
from evaluation.measure import Measure
from evaluation.statistics import (
    agreement,
    correlation,
    mixed_model,
    significance,
    split_halves,
    variance,
)
from tools.reference import markdown
from tools.reference.markdown import code, codes, plain

_HEAD = """\
What the house computes, by kind. The id is what protocols, addresses and CSV files call a measure.
What it is exactly stands below each table; what is in braces there is filled in."""
_FUNCTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    "Agreement of raters": (
        agreement.krippendorff_alpha, agreement.weighted_kappa, agreement.percent_agreement,
        agreement.reliability, agreement.spearman_brown, agreement.retest, variance.components,
    ),
    "Intervals and tests of systems": (
        significance.estimate, significance.wilcoxon, significance.permutation, significance.holm,
        significance.friedman, significance.paired_hsd, mixed_model.mixed_model,
    ),
    "Orders of systems": (
        correlation.tau_b, correlation.tau_ap, correlation.spearman, split_halves.split_halves,
    ),
}  # fmt: skip
_OF_FUNCTIONS = """\
What is computed of raters and of systems are functions of `evaluation.statistics`; their docstrings
have shapes, formulas and edges."""
_BETTER = {True: "higher", False: "lower", None: "–"}


def page() -> str:
    """Return the page of the measures."""
    parts = [_HEAD]
    for kind, measures in EVERY_MEASURE.items():
        parts += _kind(kind, measures)
    parts += ["## Agreement, tests and orders", _OF_FUNCTIONS]
    for title, functions in _FUNCTIONS.items():
        rows = [(code(_name(one)), plain(_summary(one))) for one in functions]
        parts += [f"### {title}", markdown.table(("function", "what it does"), rows)]
    return markdown.page("Measures", *parts)


def _kind(kind: str, measures: Sequence[Measure]) -> Iterator[str]:
    yield f"## {kind}"
    rows = [
        (code(one.name), plain(one.title), _BETTER[one.higher], plain(one.says)) for one in measures
    ]
    yield markdown.table(("id", "name", "better", "what it says"), rows)
    exact = [
        (code(one.name), plain(of), _exactly(text))
        for one in measures
        for of, text in one.definitions.items()
    ]
    if any(of for _, of, _ in exact):
        yield markdown.table(("id", "kind", "exactly"), exact)
    else:
        yield markdown.table(("id", "exactly"), [(name, text) for name, _, text in exact])
    told = {name: about for one in measures for name, about in one.parameters.items()}
    yield "".join(f"- `{{{name}}}` is {plain(about)}.\n" for name, about in told.items())
    intervals: dict[str, list[str]] = {}
    for one in measures:
        intervals.setdefault(one.interval, []).append(one.name)
    yield "".join(
        f"- The interval of {codes(names)} is {plain(text)}.\n"
        for text, names in intervals.items()
        if text
    )


def _name(function: Callable[..., Any]) -> str:
    return f"{function.__module__.rpartition('.')[2]}.{function.__name__}"


def _summary(function: Callable[..., Any]) -> str:
    """Return the first paragraph of a function's docstring, about what it is that is returned."""
    text = (inspect.getdoc(function) or "").partition("\n\n")[0].removeprefix("Return ")
    return text[0].upper() + text[1:]


def _exactly(definition: str) -> str:
    """Return a definition, as code where it is an id of choices and no sentence."""
    text = re.sub(r"\{(\w+):\w+\}", r"{\1}", definition)
    return plain(text) if " " in text else code(text)
