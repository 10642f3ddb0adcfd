"""Instances that older versions made (tests/instances): copied for a test, opened by this one."""

import json
import re
import shutil
import sqlite3
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from math import isclose
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tests.support.places import ROOT
from webapp import create_app
from webapp.signin.links import new_token

FOLDER = ROOT / "tests" / "instances"
INSTANCES = sorted(path.parent for path in FOLDER.glob("*/raters.json"))

RELATIVE = 1e-9
"""How far a number may be off that another processor computes from the same judgements.

A sum of n float64 terms in another order differs by at most n * 2**-53 of the terms' absolute
sum: 1e-12 for the 10,000 replicates of an interval, times the at most 100 by which a difference of
two mean grades (0 to 100, steps of 1/n) is smaller than they are; ten times that for what is made
of it. Counts, ranks and words are compared as they are.
"""
SINGLE = 64 * 2.0**-24
"""The same for the replicates of list measures (table:measures), which are weighted in float32.

Each step is a quotient of two sums of terms of one sign, each wrong by at most as many 2**-24 as
it has terms, and one more a term for its product: over the 7 raters, 5 ranks and 3 queries of the
largest study in the instances, that is 2 * (14 + 10 + 6) and three divisions, below 64.
"""
ABSOLUTE = 1e-9  # of what cancels to nothing: 100 (the largest grade) times 1e-12, times ten


@dataclass(frozen=True, slots=True)
class Difference:
    """What a later version says otherwise, on purpose: an entry of an instance's differences.toml.

    Attributes
    ----------
    since : the version that changed it; CHANGELOG.md says it under its heading
    where : a pattern (as of file names) of the places, as `places` writes them
    reason : words of the CHANGELOG's entry, as they stand there
    """

    since: str
    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Instance:
    """A copy of an instance, opened by the code of today."""

    made: Path
    data: Path
    app: Flask
    raters: dict[str, str]

    def signed_in(self) -> FlaskClient:
        """Return a browser of the experimenter."""
        client = self.app.test_client()
        client.get("/signin/none")  # migrates, as the first request does
        with self.app.app_context():
            token = new_token()
        assert client.get(f"/signin/{token}").status_code == 302
        return client

    @property
    def queue(self) -> dict[str, Any]:
        """What a rater's browser kept: see the instance's README."""
        return json.loads((self.made / "browser.json").read_text(encoding="utf-8"))

    @property
    def queued(self) -> list[dict[str, Any]]:
        """The entries that wait in it, in order: {address, body, kind}."""
        return [value for _, value in self.queue["indexed_db"]["stores"]["grades"]["entries"]]


def open_instance(made: Path, folder: Path) -> Instance:
    """Copy an instance into a new folder, its database loaded from its SQL, and open it."""
    data = folder / "data"
    shutil.copytree(made / "data", data)
    script = data / "sounding_board.sql"
    with sqlite3.connect(data / "sounding_board.sqlite") as database:
        database.executescript(script.read_bytes().decode())  # not text: lines end as they were
    database.close()
    script.unlink()
    raters = json.loads((made / "raters.json").read_text(encoding="utf-8"))
    return Instance(made, data, create_app({"TESTING": True, "DATA": data}), raters)


def allowed(made: Path) -> list[Difference]:
    """Return what may differ from what an instance's own version said."""
    path = made / "differences.toml"
    found = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return [Difference(**one) for one in found.get("difference", [])]


def unexpected(made: Path, places: Iterator[str]) -> list[str]:
    """Return the places that no entry of differences.toml allows."""
    known = [one.where for one in allowed(made)]
    return [place for place in places if not any(fnmatch(place, one) for one in known)]


def places(then: Any, now: Any, at: str) -> Iterator[str]:
    """Yield where two JSON values differ, numbers by more than what processors may be off.

    A place is the file's name and then keys: results/graded.json/sections/means/parts/... Items of
    a list that have a name go by it, and scores by their system and measure.
    """
    if isinstance(then, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*then, *now]):
            if key not in then or key not in now:
                yield f"{at}/{key}"
            else:
                yield from places(then[key], now[key], f"{at}/{key}")
    elif isinstance(then, list) and isinstance(now, list):
        if then and all(isinstance(one, dict) and _name(one) for one in [*then, *now]):
            yield from _named(then, now, at)
        elif len(then) != len(now):
            yield at
        else:
            for number, (one, other) in enumerate(zip(then, now, strict=True)):
                yield from places(one, other, f"{at}/{number}")
    elif not _same(then, now, SINGLE if "/table:measures/" in at else RELATIVE):
        yield at


def _named(then: list[dict[str, Any]], now: list[dict[str, Any]], at: str) -> Iterator[str]:
    """Compare lists of things with names: one that was added in between moves no other."""
    keys = [_keys(one) for one in (then, now)]
    yield from places(
        dict(zip(keys[0], then, strict=True)), dict(zip(keys[1], now, strict=True)), at
    )
    common = [[key for key in one if key in other] for one, other in (keys, keys[::-1])]
    if common[0] != common[1]:
        yield f"{at} (the order)"


def _keys(items: list[dict[str, Any]]) -> list[str]:
    names = [_name(one) for one in items]
    return [f"{name}#{names[:place].count(name)}" if name in names[:place] else name
            for place, name in enumerate(names)]  # fmt: skip


def _name(one: dict[str, Any]) -> str:
    """Return what tells an item of a list from the others; "" where nothing does."""
    if {"system", "measure"} <= one.keys():
        return f"{one['system']} {one['measure']}"
    return f"{one.get('kind', '')}:{one['name']}".removeprefix(":") if "name" in one else ""


def _same(then: Any, now: Any, relative: float) -> bool:
    if isinstance(then, float) or isinstance(now, float):
        numbers = all(type(one) in (int, float) for one in (then, now))
        return numbers and isclose(then, now, rel_tol=relative, abs_tol=ABSOLUTE)
    return type(then) is type(now) and then == now


def rater_page(text: str) -> tuple[str, list[str]]:
    """Return the CSRF token and the names of the sounds to be graded on a rater's page."""
    token = re.search(r'name="csrf-token" content="([^"]+)"', text)
    assert token
    return token[1], re.findall(r'data-sound="(\w+)"', text)
