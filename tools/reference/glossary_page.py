"""glossary.md: what the words of the field mean, as pages explain them."""

from collections.abc import Iterator

from evaluation.glossary import GLOSSARY, Term
from tools.reference import markdown
from tools.reference.markdown import plain

_HEAD = """\
What pages and reports explain where a word stands, on hover, on focus and on a tap. The words of
the project itself are in [what the words mean](../explanation/words.md)."""


def page() -> str:
    """Return the page of the glossary."""
    return markdown.page("Glossary", _HEAD, *_kinds())


def _kinds() -> Iterator[str]:
    for kind, terms in GLOSSARY.items():
        yield f"## {kind}"
        yield markdown.table(("term", "meaning"), [_row(one) for one in terms])


def _row(one: Term) -> tuple[str, str]:
    return plain(one.name), plain(one.meaning)
