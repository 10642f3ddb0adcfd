"""Bodies as nobody's browser sends them, to every address that takes a POST, and what they leave.

A body is made of what the pages send and of junk, as JSON, as a form, as a form with files, or as
bytes of any type. Before each the database is as it was.
"""

import io
import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask import Flask
from hypothesis import strategies as st

from evaluation.keys import is_storable
from webapp.core.database import db

MOMENT = "2026-05-01T12:00:00+00:00"
UUID = "11111111-1111-4111-8111-111111111111"
HUGE = ["9" * 30, 10**30, -(10**400), 1e308, "9" * 5000, "\ud800", "x" * 100_000, "a\0b", "\x1b[2J"]
WORDS = ["", "yes", "no", "A", "none", "relevance", "0", "1", "50", "-1", "NaN", "=1+1", "٣", "\n"]
KEYS = [
    "sound", "block", "facet", "grade", "uuid", "given_at", "started_at", "listened_seconds",
    "heard", "seconds", "choice",
]  # fmt: skip
FIELDS = [
    "answer", "q-age", "q-device", "tries", "beeps", "trial-1", "trial-6", "block", "page",
    "action", "toml", "sure", "count", "assignment", "view", "slug", "systems", "csrf_token", "way",
    "clips", "shown", "questions", "question.1.part", "question.1.id", "away",
    "name", "path", "upload", "reader", "job", "embeddings", "representations", "representation",
    "cell", "pca", "search", "method", "file", "exclude_same",
]  # fmt: skip
TOML = [
    'slug = "fresh"\ntitle = "x"\ncollection = "small"\ndepth = 2\n'
    'systems = ["good.l2.mcss", "random.l2.mcss"]\n'
    '[queries]\nclips = ["hum-0"]\n[controls]\ndistractors = 0\n',
    'slug = "a\\u0000"', "a = " + "[" * 2000, "x = 1e999", "=", "[joining]\nmost = -1", "a.b.c = 1",
]  # fmt: skip

RIGHT = {
    "answer": "yes", "q-age": "30", "tries": "0", "beeps": "4", "page": "1", "action": "create",
    "away": "1", "toml": TOML[0], "sure": "yes", "count": "2", "assignment": "1", "view": "x",
    **{f"trial-{number}": "1" for number in range(1, 7)},
    "embeddings": "good", "representation": "VGGish", "job": "1",
}  # fmt: skip
"""A form that every page takes, at its time; the block is a token."""

_junk = st.sampled_from([*HUGE, *WORDS, None, True, 0, 40, 100, 0.5, MOMENT, UUID]) | st.text(
    max_size=20
)
_values = st.recursive(
    _junk | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_raw = st.binary(max_size=60) | st.sampled_from(
    [b"[" * 100_000, b'{"a":' * 50_000, b"1" * 10_000, b"NaN", b'"\\ud800"', b"{", b"null", b"\xff"]
)
_types = st.sampled_from(
    ["application/json", "application/x-www-form-urlencoded", "text/plain", "", "a/b; c=\xe9",
     "multipart/form-data", "multipart/form-data; boundary=x", "application/json; charset=utf-7"]
)  # fmt: skip


def bodies(tokens: list[str], *, mostly_json: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Return what is given to a test client's `post`; `tokens` name sounds of the raters."""
    whole = {
        "sound": st.sampled_from(tokens), "block": st.sampled_from(tokens),
        "facet": st.just("relevance"), "grade": st.sampled_from([0, 40, 60, 100]),
        "uuid": st.builds(lambda: UUID), "given_at": st.just(MOMENT), "started_at": st.just(MOMENT),
        "listened_seconds": st.just(1.5), "heard": st.just(1), "seconds": st.just(0.5),
        "choice": st.sampled_from(["A", "B", "none"]),
    }  # fmt: skip
    right = st.fixed_dictionaries(whole)
    odd = st.dictionaries(st.sampled_from(KEYS), _values, max_size=3)
    answers = st.builds(lambda one, other: one | other, right, odd)
    as_json = (answers | _values).map(
        lambda value: {"data": json.dumps(value), "content_type": "application/json"}
    )
    texts = st.sampled_from([*TOML, *WORDS, *(str(one) for one in HUGE), *tokens]) | st.text(
        max_size=20
    )
    texts = texts.map(lambda text: text.encode("utf-8", "surrogatepass"))
    odd_fields = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), texts, max_size=4)
    usual = RIGHT | {"block": tokens[0]}
    right_form = st.sets(st.sampled_from(sorted(usual)), max_size=3).map(
        lambda left_out: {
            name: value.encode() for name, value in usual.items() if name not in left_out
        }
    )
    fields = odd_fields | right_form | st.builds(lambda one, odd: one | odd, right_form, odd_fields)
    form = fields.map(lambda given: {"data": {_plain(name): given[name] for name in given}})
    file = st.builds(
        lambda content, name, given: {
            "data": {"sound": (_file(content), name), **{_plain(one): given[one] for one in given}},
            "content_type": "multipart/form-data",
        },
        _raw, st.sampled_from(["a.wav", "=1+1.wav", "../../x", "a\0b.wav", "", "é" * 300]), fields,
    )  # fmt: skip
    raw = st.builds(lambda data, kind: {"data": data, "content_type": kind}, _raw, _types)
    return st.one_of(as_json, as_json if mostly_json else form, form, file, raw)


def _plain(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def _file(content: bytes) -> Any:
    return io.BytesIO(content)


@dataclass
class Ground:
    """An app with studies, whose database is put back after each body that changed it.

    Attributes
    ----------
    places : endpoint -> the addresses that are posted to
    tokens : of sounds of the raters
    cookies : of an experimenter who is signed in
    """

    app: Flask
    places: dict[str, list[str]]
    tokens: list[str]
    cookies: dict[str, str]
    before: dict[str, list[tuple]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._whole = self.path.with_suffix(".whole")
        self._release()
        with sqlite3.connect(self.path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        shutil.copy(self.path, self._whole)
        self.before = self.rows()
        self._seen = self._marks()

    @property
    def path(self) -> Path:
        """The database's file."""
        return self.app.config["DATA"] / "sounding_board.sqlite"

    def rows(self) -> dict[str, list[tuple]]:
        """Return table -> all its rows."""
        connection = sqlite3.connect(self.path)
        try:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {
                name: connection.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall()
                for (name,) in names.fetchall()
            }
        finally:
            connection.close()

    def changes(self) -> dict[str, list[tuple]]:
        """Return table -> its rows that are new or other than before, where it changed.

        Whatever is stored moves the marks of the files: they are looked at first, since most
        bodies are refused.
        """
        marks = self._marks()
        if marks == self._seen:
            return {}
        today = self.rows()
        self._seen = marks
        return {
            name: [row for row in rows if row not in self.before[name]]
            for name, rows in today.items()
            if rows != self.before[name]
        }

    def restore(self) -> None:
        """Put the database back as it was."""
        self._release()
        for end in ("-wal", "-shm"):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        shutil.copy(self._whole, self.path)
        self._seen = self._marks()

    def _marks(self) -> list[tuple[int, int]]:
        """Return the size and the time of the database's file and of what is not yet in it."""
        files = (self.path, self.path.with_name(self.path.name + "-wal"))
        found = [file.stat() for file in files if file.exists()]
        return [(one.st_size, one.st_mtime_ns) for one in found]

    def _release(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def post(self, address: str, body: dict[str, Any], *, signed_in: bool) -> Any:
        """Post a body from a browser of its own."""
        client = self.app.test_client()
        if signed_in:
            for name, value in self.cookies.items():
                client.set_cookie(name, value)
        return client.post(address, buffered=True, **body)


STORED = {
    "rate.consent": {"rater"}, "rate.questions": {"rater"}, "rate.sound_check": {"rater"},
    "rate.headphones": {"rater"}, "rate.grade": {"judgement", "assignment", "last_answer"},
    "rate.prefer": {"preference", "assignment", "last_answer"},
    "rate.listen": {"listen", "last_answer"}, "rate.flag": {"flag", "last_answer"},
    "rate.cannot_say": {"cannot_say", "assignment", "last_answer"},
    "rate.remark": {"remark", "last_answer"},
    "rate.finish": {"assignment"}, "manage.close": {"study", "log_entry"},
    "manage.invite": {"rater", "log_entry"}, "manage.recall": {"assignment", "log_entry"},
    "manage.reissue": {"rater", "browser", "log_entry"},
    "manage.remove": {"study", "system", "query", "log_entry"},
    "designing.keep": {"unfinished", "study", "system", "query", "log_entry"},
    "designing.remove": {"unfinished"}, "shelf.archive": {"study", "log_entry"},
    "shelf.store_name": {"study", "log_entry"},
    "draft.replace": {"study", "system", "query", "log_entry"},
    "draft.leave_out": {"study", "system", "query", "log_entry"},
    "rate.withdraw": {
        "rater", "judgement", "preference", "listen", "flag", "slot", "assignment", "sitting",
        "external_id", "withdrawal", "browser", "last_answer", "log_entry",
    },
    "jobs.cancel": {"job", "log_entry"}, "jobs.resume": {"job", "log_entry"},
    "adding.look": {"job", "log_entry"}, "adding.add": {"job", "log_entry"},
    "prepare.begin": {"job", "log_entry"}, "weights.fetch": {"job", "log_entry"},
    "signin.signout": {"signin_session"},
    "signin.signout_everywhere": {"signin_session", "log_entry"},
}  # fmt: skip
"""What each address may change in the database; all others nothing of studies and raters."""

_VALID: dict[str, Callable[[dict[str, Any]], bool]] = {
    "judgement": lambda row: (
        row["facet"] == "relevance" and row["grade"] in range(0, 101, 1)
        and 0 <= row["listened_seconds"] <= 1e6 and 0 <= (row["heard"] or 0) <= 1
    ),
    "preference": lambda row: row["choice"] in ("A", "B", "none"),
    "listen": lambda row: 0 <= row["seconds"] <= 1e6,
    "rater": lambda row: all(_is_answers(row[when]) for when in ("before", "after")),
    "job": lambda row: isinstance(json.loads(row["arguments"]), dict),
    "study": lambda row: row["state"] in ("draft", "closed") and bool(json.loads(row["protocol"])),
}  # fmt: skip
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_YEAR = re.compile("2[0-9]{3}-")


def _is_answers(text: str) -> bool:
    return not text or all(isinstance(one, str) for one in json.loads(text).values())


def wrong_rows(ground: Ground, changed: dict[str, list[tuple]]) -> list[str]:
    """Return what is wrong with rows that were stored: values, moments, ids, text."""
    found = []
    for table, rows in changed.items():
        names = [column.name for column in db.metadata.tables[table].columns]
        for row in rows:
            told = dict(zip(_columns(ground, table), row, strict=True))
            texts = [value for value in row if isinstance(value, str)]
            right = all(map(is_storable, texts)) and len(told) == len(names)
            right &= _UUID.fullmatch(told.get("client_uuid", str(uuid4()))) is not None
            right &= all(_YEAR.match(told[name]) for name in told if name.endswith("_at")
                         and told[name])  # fmt: skip
            if not (right and _VALID.get(table, bool)(told)):
                found.append(f"{table}: {told}")
    return found


def _columns(ground: Ground, table: str) -> list[str]:
    connection = sqlite3.connect(ground.path)
    try:
        return [one[1] for one in connection.execute(f'PRAGMA table_info("{table}")')]
    finally:
        connection.close()
