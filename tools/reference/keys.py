"""keys.md: the keys that each page lists in its own help, from the templates."""

from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from tools.reference import markdown
from tools.reference.markdown import code, plain

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
PAGES = {
    "core/_help.html": "Wherever there are sounds",
    "core/_parts.html": "Where the experimenter plays them, besides",
    "browse/page.html": "On the page of a collection, besides",
    "rating/judging.html": "Where raters judge, besides",
    "rating/_tools.html": "There, the listening tools",
    "rating/page.html": "Where they grade single sounds, besides",
    "rating/lists.html": "Where they judge whole lists, besides",
}
"""The templates that list keys, and what people see of each."""

_HEAD = """\
Every page with sounds lists its keys when `?` is pressed; letters and digits can be switched off
there. A page has of these what fits it: the digits that its scale has, and arrows where grades lie
between."""


def page() -> str:
    """Return the page of the keys."""
    parts = [_HEAD]
    for template, title in PAGES.items():
        rows = [(" ".join(map(code, keys)), plain(words)) for keys, words in listed(template)]
        parts += [f"## {title}", markdown.table(("keys", "what they do"), rows)]
    return markdown.page("Keys", *parts)


def listed(template: str) -> Iterator[tuple[list[str], str]]:
    """Yield (keys, what they do) of each row that a template lists, in its order."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    for row in Environment().parse(text).find_all(nodes.Tuple):
        if [type(one) for one in row.items] == [nodes.Tuple, nodes.Call]:
            yield [_text(one) for one in row.items[0].items], _text(row.items[1])


def _text(node: nodes.Node) -> str:
    """Return what a constant says, also one that is translated; digits depend on the scale."""
    if isinstance(node, nodes.Call):
        node = node.args[0]
    return str(node.value) if isinstance(node, nodes.Const) else "0 – 9"
