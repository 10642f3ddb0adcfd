"""protocol.md: the keys of a protocol, by the rules that its reader holds them to."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.keys import Keys
from evaluation.protocol.reading import read_terms, ready_protocols
from evaluation.protocol.scales import FACETS, PREFERENCE, PRESETS, RATING
from evaluation.protocol.template import HELP
from evaluation.protocol.terms import INSTRUCTIONS, INSTRUCTIONS_FOR, METHODS, Facet, Question
from evaluation.toml_text import toml_value
from tools.reference import markdown
from tools.reference.markdown import code, codes, plain

_HEAD = """\
A protocol is a TOML file. `flask studies template` prints one with every key and its explanation,
`flask studies check` says whether one is good, and the page *New study* writes one. When a study
opens, its protocol is frozen. Where a range or a default hangs on the `method`, the others stand
behind the one of `graded`; where it hangs on other keys, it is the one beside their defaults."""
_UNTOLD = {
    "slug": "the file's name",
    "instructions": "[below](#instructions)",
    "scale.question": "the preset's",
    "scale.anchors": "the preset's",
    "scale.step": "the preset's",
    "scale.facets": "one question",
    "scale.facets.anchors": "the scale's",
    "scale.facets.step": "the scale's",
}
"""What stands for a default that is no single value, or a long one."""

_EXPLAINED = {
    "scale.preset": "One of the [ready scales](#ready-scales).",
    "analysis.primary_measure": "What is reported first; [measures.md](measures.md) has each.",
    "questionnaire.before": "Questions before the first sound, each a table with the keys below.",
    "questionnaire.after": "Questions after the last sound, likewise.",
}
_BEFORE = {"id": "a", "text": "a", "kind": "choice", "choices": ["b", "c"]}


@dataclass(frozen=True, slots=True)
class Rule:
    """What a key may be, in words, and its default; None where it must be given."""

    kind: str
    default: Any


class Rules(Keys):
    """Keys that note the rule of each, under its whole name, as the reader takes them."""

    def __init__(self, table: dict[str, Any], prefix: str, told: dict[str, Rule]) -> None:
        super().__init__(table, "the reference", prefix)
        self.told = told

    def section(self, key: str, *, required: bool = False) -> "Rules":
        found = super().section(key, required=required)
        return Rules(found.table, found.prefix, self.told)

    def sections(self, key: str) -> list[Keys]:
        self._note(key, "list of tables", [])
        parts = super().sections(key)
        return [Rules(one.table, f"{self.prefix}{key}.", self.told) for one in parts]

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        words = {int: "whole number", list: "list", object: "text or list"}.get(kind, "text")
        self._note(key, words, default)
        return super().take(key, kind, default)

    def flag(self, key: str, default: bool) -> bool:
        self._note(key, "true or false", default)
        return super().flag(key, default)

    def one_of(self, key: str, allowed: Sequence[str], default: str) -> str:
        self._note(key, codes(allowed), default)
        return super().one_of(key, allowed, default)

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        self._note(key, f"whole number, {low} to {high}", default)
        return super().whole(key, default, low, high)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        self._note(key, f"number, {low:g} to {high:g}", default)
        return super().number(key, default, low, high)

    def names(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        self._note(key, "list of names", default)
        return super().names(key, default)

    def name(self, key: str) -> str:
        self._note(key, "name", None)
        return super().name(key)

    def day(self, key: str) -> str:
        self._note(key, "date, YYYY-MM-DD", "")
        return super().day(key)

    def _note(self, key: str, kind: str, default: Any) -> None:
        """Note a rule, the first one of a key: others are what it is made of."""
        self.told.setdefault(self.prefix + key, Rule(kind, default))


def rules(method: str) -> dict[str, Rule]:
    """Return the rule of every key that a method knows."""
    told: dict[str, Rule] = {}
    usual = {
        "slug": "a", "title": "a", "collection": "a", "systems": ["a", "b"], "method": method,
        "queries": {"per_family": 1},
        "questionnaire": {"before": [_BEFORE], "after": [_BEFORE | {"id": "b"}]},
    }  # fmt: skip
    facet = {"question": "a", "anchors": [[0, "a"], [1, "b"]]}
    scales = [{}, {"facets": [{"name": "a", **facet}]}] if method == "graded" else [{}]
    for scale in scales:
        read_terms(Rules(usual | {"scale": scale}, "", told))
    return told


def page() -> str:
    """Return the page of the protocol's keys."""
    by_method = {method: rules(method) for method in METHODS}
    tables = [name for name in HELP if any(key.startswith(f"{name}.") for key in HELP)]
    tables.insert(tables.index("joining"), "questionnaire")
    known = dict.fromkeys(key for told in by_method.values() for key in told)
    plain_keys = [key for key in known if "." not in key and key not in tables]
    parts = [_HEAD, "## Keys of no table", _table(plain_keys, by_method)]
    for name in tables:
        inner = [key for key in known if key.startswith(f"{name}.")]
        own = [key for key in inner if key.count(".") == 1]
        parts += [f"## `[{name}]`", plain(HELP[name]), _table(own, by_method)]
        for deeper in own:
            fields = [key for key in inner if key.startswith(f"{deeper}.")]
            if fields and deeper != "questionnaire.after":
                parts += [f"### `[[{deeper}]]`", _table(fields, by_method)]
        if name == "scale":
            parts += _scales()
    return markdown.page("Protocol", *parts, *_texts())


def explanation(key: str, told: Sequence[Rule]) -> str:
    """Return what a key is for, without the ranges that its rules say already."""
    text = _EXPLAINED.get(key) or HELP.get(key) or _of_a_field(key)
    for rule in told:
        text = text.replace(f" ({rule.kind.rpartition(', ')[2]})", "")
    return text


def _of_a_field(key: str) -> str:
    kind = Facet if key.startswith("scale.") else Question
    text = markdown.attributes(kind)[key.rpartition(".")[2]]
    return f"{text[0].upper()}{text[1:]}."


def _table(keys: Sequence[str], by_method: dict[str, dict[str, Rule]]) -> str:
    rows = []
    for key in keys:
        told = {method: known[key] for method, known in by_method.items() if key in known}
        default = _UNTOLD.get(key) or _by_method(told, lambda rule: _default(rule.default))
        rows.append((
            code(key.rpartition(".")[2]), _by_method(told, lambda rule: rule.kind), default,
            plain(explanation(key, list(told.values()))),
        ))  # fmt: skip
    return markdown.table(("key", "what it may be", "unless told", "what it is for"), rows)


def _by_method(told: dict[str, Rule], words: Callable[[Rule], str]) -> str:
    """Return what holds for a key: once, or for the first method and those that differ from it."""
    usual, *others = [(method, words(rule)) for method, rule in told.items()]
    differing: dict[str, list[str]] = {}
    for method, text in others:
        if text != usual[1]:
            differing.setdefault(text, []).append(code(method))
    return "; ".join(
        [usual[1], *(f"{text} with {' or '.join(names)}" for text, names in differing.items())]
    )


def _default(value: Any) -> str:
    if value is None:
        return "must be given"
    if isinstance(value, tuple | list) and not value:
        return "none"
    return code(toml_value(value))


def _asked(name: str, facet: Facet) -> tuple[str, str, str, str]:
    """Return a row of what is asked: its name, question, grades, and the steps between them."""
    return code(name), plain(facet.question), _anchors(facet), _step(facet)


def _scales() -> Iterator[str]:
    """Yield the ready scales, and what else raters can be asked."""
    rows = [_asked(name, facet) for name, scale in PRESETS.items() for facet in scale.facets]
    yield "### Ready scales"
    yield markdown.table(("preset", "question", "grades", "between them"), rows)
    yield (
        "`facets` knows these by name. Each has [words of its own](../explanation/scales.md) with "
        "`anchored`; another preset, or own anchors, hold for all facets:"
    )
    facets = [_asked(name, facet) for name, facet in FACETS.items()]
    yield markdown.table(("facet", "question", "grades", "between them"), facets)
    yield "Whole lists are asked about in other words:"
    lists = [_asked(one.name, one) for one in (PREFERENCE, RATING)]
    yield markdown.table(("what is given", "question", "answers", "between them"), lists)


def _anchors(facet: Facet) -> str:
    return "; ".join(f"{grade} {words}" for grade, words in facet.anchors)


def _step(facet: Facet) -> str:
    return f"every {facet.step}" if facet.step else "nothing"


def _texts() -> Iterator[str]:
    """Yield what raters read unless told, and the protocols that come with the app."""
    yield "## Instructions"
    yield "What raters read unless `instructions` says something else:"
    read = {METHODS[0]: INSTRUCTIONS} | INSTRUCTIONS_FOR
    yield "".join(f"- `{method}`: {plain(text)}\n" for method, text in read.items())
    yield "## Ready protocols"
    yield "`flask studies template --ready NAME` prints one of those that come with Sounding Board:"
    yield "".join(f"- `{name}`\n" for name in ready_protocols())
