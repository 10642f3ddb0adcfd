"""measures.md: every measure of the house, as each says of itself."""

import re
from collections.abc import Iterator, Sequence

from evaluation.every_measure import EVERY_MEASURE
from evaluation.measure import Measure
from tools.reference import markdown
from tools.reference.markdown import code, codes, plain

_HEAD = """\
What the house computes, by kind. The id is what protocols, addresses and CSV files call a measure.
What it is exactly stands below each table; what is in braces there is filled in."""
_BETTER = {True: "higher", False: "lower", None: "–"}


def page() -> str:
    """Return the page of the measures."""
    parts = [_HEAD]
    for kind, measures in EVERY_MEASURE.items():
        parts += _kind(kind, measures)
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


def _exactly(definition: str) -> str:
    """Return a definition, as code where it is an id of choices and no sentence."""
    text = re.sub(r"\{(\w+):\w+\}", r"{\1}", definition)
    return plain(text) if " " in text else code(text)
