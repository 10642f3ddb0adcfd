"""What a study asks: a protocol in TOML, checked key by key.

Every error names the key, the rule and the value that broke it.
"""

import difflib
import hashlib
import json
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from embeddings.errors import InputError
from embeddings.files import check_name

QUESTION = "How well would this sound do as an answer to “more like this one”?"

ANCHORS: tuple[tuple[int, str], ...] = (
    (0, "unrelated"),
    (20, "only a vague quality shared"),
    (40, "same general kind"),
    (60, "same kind of source or event"),
    (80, "same source and event, differs in detail"),
    (100, "could be another take of it"),
)
"""The default scale: grades from 0 to 100 and the words on their buttons."""

MOST_ANCHORS = 10  # each has a digit as its key

INSTRUCTIONS = (
    "You will hear a sound, and then a list of other sounds. For each of them, press the button "
    "that fits best. There is no right answer: trust your ears. You can listen as often as you "
    "like and change your mind."
)


@dataclass(frozen=True, slots=True)
class Queries:
    """Which clips are asked about: named ones, or `per_family` drawn from each family."""

    clips: tuple[str, ...] = ()
    per_family: int = 0
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Scale:
    """The question, and the grades with their words, lowest first."""

    question: str = QUESTION
    anchors: tuple[tuple[int, str], ...] = ANCHORS

    @property
    def keys(self) -> tuple[str, ...]:
        """The digit that gives each grade: the grade where all have one digit, else 0, 1, ..."""
        grades = [grade for grade, _ in self.anchors]
        return tuple(map(str, grades if max(grades) < MOST_ANCHORS else range(len(grades))))


@dataclass(frozen=True, slots=True)
class Protocol:
    """One listening test, as its experimenter fixed it.

    Attributes
    ----------
    slug : its name in commands and addresses
    title : what raters read
    collection : the collection's name
    systems : the names of the rankings that are compared
    queries : which clips are asked about
    depth : how many results of each system are pooled (K)
    scale : the question and the grades
    instructions : what raters read before the first sound
    """

    slug: str
    title: str
    collection: str
    systems: tuple[str, ...]
    queries: Queries
    depth: int = 5
    scale: Scale = field(default_factory=Scale)
    instructions: str = INSTRUCTIONS

    def as_json(self) -> str:
        """Return the protocol as canonical JSON: the same protocol, the same text."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    def sha256(self) -> str:
        """Return the SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()


def read_protocol(path: Path) -> Protocol:
    """Read a protocol from a TOML file; its slug is the file's name unless the file says one."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: the text is not UTF-8 (byte {error.start}).") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}.") from error
    return parse_protocol({"slug": path.stem, **table}, str(path))


def parse_protocol(table: dict[str, Any], source: str) -> Protocol:
    """Return the protocol that `table` describes; raise InputError naming `source` and the key."""
    keys = _Keys(table, source)
    queries = _Keys(keys.take("queries", dict), source, "queries.")
    scale = _Keys(keys.take("scale", dict, {}), source, "scale.")
    protocol = Protocol(
        slug=check_name("study", keys.take("slug", str)),
        title=keys.text("title"),
        collection=keys.text("collection"),
        systems=keys.names("systems"),
        queries=Queries(
            clips=queries.names("clips", ()),
            per_family=queries.number("per_family", 0, 0, 1000),
            seed=queries.number("seed", 1, 0, 2**32 - 1),
        ),
        depth=keys.number("depth", 5, 1, 150),
        scale=Scale(scale.text("question", QUESTION), _anchors(scale)),
        instructions=keys.text("instructions", INSTRUCTIONS),
    )
    for part in (keys, queries, scale):
        part.finish()
    if not protocol.systems:
        raise InputError(f"{source}: systems must name at least one system.")
    if bool(protocol.queries.clips) == bool(protocol.queries.per_family):
        raise InputError(f"{source}: queries must have either clips or per_family, and not both.")
    return protocol


def protocol_from_json(text: str) -> Protocol:
    """Return the protocol whose canonical JSON is `text`."""
    return parse_protocol(json.loads(text), "the stored protocol")


class _Keys:
    """A table whose keys are taken one by one; what is left at the end is unknown."""

    def __init__(self, table: dict[str, Any], source: str, prefix: str = "") -> None:
        self.table, self.source, self.prefix = dict(table), source, prefix
        self.known: list[str] = []

    def fail(self, key: str, rule: str, value: Any) -> InputError:
        """Return the error that names the key, the rule and the value."""
        return InputError(f"{self.source}: {self.prefix}{key} must be {rule}, not {value!r}.")

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """Return a key's value, which must be of `kind`; without a default it must be there."""
        self.known.append(key)
        if key not in self.table:
            if default is None:
                raise InputError(f"{self.source}: {self.prefix}{key} is missing.")
            return default
        value = self.table.pop(key)
        # bool is an int to Python, and never meant as one here
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            words = {str: "text", int: "a whole number", list: "a list", dict: "a table"}
            raise self.fail(key, words[kind], value)
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """Return text that is not empty."""
        value = self.take(key, str, default).strip()
        if not value:
            raise self.fail(key, "text that is not empty", value)
        return value

    def number(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self.take(key, int, default)
        if not low <= value <= high:
            raise self.fail(key, f"from {low} to {high}", value)
        return value

    def names(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of names, none of them twice."""
        value = self.take(key, list, None if default is None else list(default))
        for item in value:
            if not isinstance(item, str) or not item:
                raise self.fail(key, "a list of names", item)
            if value.count(item) > 1:
                raise InputError(f"{self.source}: {self.prefix}{key} has {item!r} twice.")
        return tuple(value)

    def finish(self) -> None:
        """Raise InputError for a key that nobody took."""
        for key in self.table:
            close = difflib.get_close_matches(key, self.known, 1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(self.known)}."
            raise InputError(f"{self.source}: {self.prefix}{key} is no known key; {hint}")


def _anchors(scale: _Keys) -> tuple[tuple[int, str], ...]:
    value = scale.take("anchors", list, [list(anchor) for anchor in ANCHORS])
    rule = f"a list of 2 to {MOST_ANCHORS} [grade, words], grades from 0 to 100 and rising"
    for item in value:
        fits = isinstance(item, list) and [type(part) for part in item] == [int, str]
        if not fits or not 0 <= item[0] <= 100 or not item[1].strip():
            raise scale.fail("anchors", rule, item)
    grades = [item[0] for item in value]
    if not 2 <= len(grades) <= MOST_ANCHORS or grades != sorted(set(grades)):
        raise scale.fail("anchors", rule, grades)
    return tuple((grade, words.strip()) for grade, words in value)
