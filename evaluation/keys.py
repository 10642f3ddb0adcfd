"""Reading a table key by key, so that every error names the key, the rule and the value."""

import difflib
import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from embeddings.errors import InputError

_KINDS = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}
NAME_RULE = "1 to 64 letters, digits, '-' or '_', starting with a letter or digit"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NOT_IN_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SHOWN = 80  # characters of a wrong value

Read = TypeVar("Read")


class WrongKey(InputError):
    """That a key breaks its rule.

    Attributes
    ----------
    key : its dotted name, as in "queries.seed"
    rest : what is said of it: the rule and the value
    """

    def __init__(self, source: str, key: str, rest: str) -> None:
        super().__init__(f"{source}: {key} {rest}")
        self.key, self.rest = key, rest


class Keys:
    """A table whose keys are taken one by one; what is left at the end is unknown.

    Where a method has a default, the key may be missing; otherwise it must be there. Each raises
    WrongKey for a value that breaks its rule; or, where all errors are wanted at once, notes it in
    `wrong` and returns the default, or what is empty, in its place.

    Parameters
    ----------
    table : the keys and values, as TOML or JSON gives them
    source : what errors begin with, such as the file's name
    prefix : what a key's name begins with in errors, such as "queries."
    wrong : takes the errors, one of each key at most; None: the first one is raised
    """

    def __init__(
        self,
        table: dict[str, Any],
        source: str,
        prefix: str = "",
        wrong: list[WrongKey] | None = None,
    ) -> None:
        self.table, self.source, self.prefix = dict(table), source, prefix
        self.known: list[str] = []
        self.wrong = wrong

    def has(self, key: str) -> bool:
        """Return whether the key is there and was not taken yet."""
        return key in self.table

    def error(self, key: str, rest: str) -> WrongKey:
        """Return the error that says `rest` of the key."""
        return WrongKey(self.source, f"{self.prefix}{key}", rest)

    def fail(self, key: str, rule: str, value: Any) -> WrongKey:
        """Return the error that names the key, the rule and the value."""
        return self.error(key, f"must be {rule}, not {shown(value)}.")

    def note(self, error: WrongKey) -> None:
        """Raise an error; or note it, unless one of its key was noted, where all are wanted."""
        if self.wrong is None:
            raise error
        if error.key not in [one.key for one in self.wrong]:
            self.wrong.append(error)

    def refuse(self, key: str, rest: str) -> None:
        """Raise or note the error that says `rest` of the key."""
        self.note(self.error(key, rest))

    def must_be(self, key: str, rule: str, value: Any) -> None:
        """Raise or note the error that names the key, the rule and the value."""
        self.note(self.fail(key, rule, value))

    def refused(self, *keys: str) -> bool:
        """Return whether an error of one of these keys was noted."""
        own = {f"{self.prefix}{key}" for key in keys}
        return any(one.key in own for one in self.wrong or ())

    def whole_or(self, fallback: Read, read: "Callable[[Keys], Read]") -> Read:
        """Return what `read` makes of these keys; `fallback` where it raises, and all are wanted.

        It is for what cannot go on after an error: its first one is noted.
        """
        wanted, self.wrong = self.wrong, None
        try:
            return read(self)
        except WrongKey as error:
            self.wrong = wanted
            self.note(error)
            return fallback

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """Return a key's value, which must be of `kind`."""
        self.known.append(key)
        if key not in self.table:
            if default is None:
                near = difflib.get_close_matches(key, self.table, 1)
                self.refuse(key, f"is missing{f'; is {near[0]} meant?' if near else '.'}")
                return kind()
            return default
        value = self.table.pop(key)
        # bool is an int to Python, and never meant as one here
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.must_be(key, _KINDS[kind], value)
            return kind() if default is None else default
        return value

    def left_out(self, key: str, why: str) -> None:
        """Know the key, and refuse it where it is given; `why` says why it may not be."""
        self.known.append(key)
        if key in self.table:
            self.refuse(key, f"must be left out {why}.")

    def section(self, key: str, *, required: bool = False) -> "Keys":
        """Return the table under a key, an empty one where it is not there and may be missing."""
        table = self.take(key, dict, None if required else {})
        return Keys(table, self.source, f"{self.prefix}{key}.", self.wrong)

    def sections(self, key: str) -> "list[Keys]":
        """Return the tables in the list under a key, none where it is not there."""
        tables = self.take(key, list, [])
        for table in tables:
            if not isinstance(table, dict):
                self.must_be(key, "a list of tables", table)
        return [
            Keys(table, self.source, f"{self.prefix}{key}[{number}].", self.wrong)
            for number, table in enumerate(tables, 1)
            if isinstance(table, dict)
        ]

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        return self.take(key, bool, default)

    def text(self, key: str, default: str | None = None) -> str:
        """Return text without the blanks around it; it is not empty unless the default is."""
        value = self.take(key, str, default).strip()
        if not value and default != "":
            self.must_be(key, "text that is not empty", value)
        if _CONTROL.search(value):
            self.must_be(key, "text without control characters", value)
        return value

    def line(self, key: str, default: str | None = None) -> str:
        """Return text in which line breaks and other blanks became single spaces."""
        return " ".join(self.text(key, default).split())

    def name(self, key: str) -> str:
        """Return a name that is fit for addresses, folders and columns."""
        value = self.text(key)
        if not is_name(value):
            self.must_be(key, NAME_RULE, value)
        return value

    def one_of(self, key: str, allowed: Sequence[str], default: str) -> str:
        """Return one of the words that are allowed."""
        value = self.take(key, str, default)
        if value not in allowed:
            near = difflib.get_close_matches(value, allowed, 1)
            hint = f"; did you mean {near[0]}?" if near else "."
            rule = ("one of " if len(allowed) > 1 else "") + ", ".join(allowed)
            self.refuse(key, f"must be {rule}, not {shown(value)}{hint}")
            return default
        return value

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self.take(key, int, default)
        if not low <= value <= high:
            self.must_be(key, f"from {low} to {high}", value)
            return default
        return value

    def number(self, key: str, default: float, low: float, high: float) -> float:
        """Return a number from `low` to `high`, with or without a point."""
        value = self.take(key, object, default)
        fits = isinstance(value, int | float) and not isinstance(value, bool)
        if not fits or not low <= value <= high:  # NaN is not, either
            self.must_be(key, f"a number from {low:g} to {high:g}", value)
            return float(default)
        return float(value)

    def names(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of names, none of them empty and none twice."""
        value = self.take(key, list, None if default is None else list(default))
        for item in value:
            if not isinstance(item, str) or not is_text(item):
                self.must_be(key, "a list of names", item)
                return default or ()
            if value.count(item) > 1:
                self.refuse(key, f"has {shown(item)} twice.")
        return tuple(dict.fromkeys(value))

    def day(self, key: str) -> str:
        """Return a date as YYYY-MM-DD, from TOML's own dates too; "" where there is none."""
        value = self.take(key, object, "")
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        try:
            if value == "" or date.fromisoformat(value).isoformat() == value:
                return value
        except (TypeError, ValueError):
            pass
        self.must_be(key, "a date as YYYY-MM-DD", value)
        return ""

    def finish(self) -> None:
        """Refuse a key that nobody took."""
        for key in self.table:
            near = difflib.get_close_matches(key, self.known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(self.known)}."
            name = key if key.isidentifier() else shown(key)
            self.refuse(name, f"is no known key; {hint}")


def is_name(value: str) -> bool:
    """Return whether `value` keeps `NAME_RULE`."""
    return bool(_NAME.fullmatch(value))


def is_text(value: str) -> bool:
    """Return whether there is something to read in `value`, and no control characters."""
    return bool(value.strip()) and not has_control(value)


def has_control(value: str, *, line: bool = False) -> bool:
    """Return whether `value` has a control character, or half of a surrogate pair.

    Tabs and line breaks belong to text; in one `line` they are control characters, too.
    """
    return bool((_NOT_IN_LINE if line else _CONTROL).search(value))


class NotJson(Exception):
    """Why a text is no JSON object that can be used, in words, and on which line (0: on none)."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what)
        self.what, self.line = what, line


def json_object(text: str) -> dict[str, Any]:
    """Return the JSON object in a text; raise NotJson for what is none.

    NaN and infinity are no JSON, whatever Python says, and text with a NUL or half of a surrogate
    pair can be stored nowhere.
    """
    try:
        value = json.loads(text, parse_constant=_refuse)
        if not isinstance(value, dict):
            raise NotJson(f"it must be a table, not {shown(value)}")
        waiting: list[Any] = [value]
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                waiting += [*one, *one.values()]
            elif isinstance(one, list):
                waiting += one
            elif isinstance(one, float) and not math.isfinite(one):
                raise NotJson("it has a number that is too large")
            elif isinstance(one, str) and not is_storable(one):
                raise NotJson(f"{shown(one)} cannot be stored")
    except json.JSONDecodeError as error:
        raise NotJson(f"not valid JSON: {error.msg}", error.lineno) from error
    except RecursionError as error:
        raise NotJson("it is nested too deep") from error
    except ValueError as error:  # such as a number of ten thousand digits
        raise NotJson(f"not valid JSON: {error}") from error
    return value


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def is_storable(text: str) -> bool:
    """Return whether a database can store a text: no NUL in it, and no half of a pair."""
    return not _UNSTORABLE.search(text)


def shown(value: Any) -> str:
    """Return a value as errors show it: on one line, and not too long."""
    text = str(value) if isinstance(value, date) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
