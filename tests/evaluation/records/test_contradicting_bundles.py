"""A bundle whose parts say different things, or whose JSON nobody can use, is one sentence."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from evaluation.keys import NotJson, json_object
from evaluation.records import bundle as bundles_file
from tests.support.studies.changed_bundles import Files, cell, changed, refused, repeated, written
from tests.support.studies.lab import GOOD, Lab


def less(file: str, row: int = 1) -> Callable[[Files], None]:
    """Return what takes a row out of a table."""

    def change(files: Files) -> None:
        rows = files[file].splitlines(keepends=True)
        del rows[row]
        files[file] = b"".join(rows)

    return change


def told(file: str, *keys: str, value: object) -> Callable[[Files], None]:
    """Return what puts a value into a file of JSON."""

    def change(files: Files) -> None:
        whole = part = json.loads(files[file])
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = value
        files[file] = json.dumps(whole).encode()

    return change


def holding(file: str, content: bytes) -> Callable[[Files], None]:
    """Return what makes this the content of a file."""
    return lambda files: files.update({file: content})


def counting(files: Files) -> None:
    """Let every grade count, or none, whatever came after it."""
    rows = list(csv.DictReader(io.StringIO(files["judgements.csv"].decode(), newline="")))
    value = "0" if rows[0]["counts"] == "1" else "1"
    cell("judgements.csv", "counts", value)(files)


SYSTEMS = "systems.json"
WRONG = {
    "nested": (holding("study.json", b'{"a":' * 10**5 + b"1" + b"}" * 10**5), "study.json: it is "
               "nested too deep"),
    "nested too": (holding(SYSTEMS, b'{"a":' + b"[" * 10**5 + b"]" * 10**5 + b"}"),
                   "systems.json: it is nested too deep"),
    "digits": (holding("study.json", b'{"bundle": ' + b"1" * 10**4 + b"}"), "not valid JSON: Exc"),
    "nan": (told(SYSTEMS, "families", value={"a": [float("nan")]}), "NaN is no number"),
    "infinite level": (changed("study.json", '"level": -', '"level": 1e999, "y": -'), "too large"),
    "far level": (told("study.json", "level", value=10**400), "level must be a number of LUFS"),
    "pair": (told("study.json", "title", value="\ud800"), r"'\\ud800' cannot be stored"),
    "nul in json": (told("study.json", "title", value="a\0b"), r"'a\\x00b' cannot be stored"),
    "nul": (cell("raters.csv", "reasons", "a\0b"), "raters.csv, line 2: a NUL is no text"),
    "no places": (less("slots.csv"), "places of rater-001 are not those of block"),
    "last place": (less("slots.csv", -1), "the places of"),
    "class": (cell("judgements.csv", "query_class", "nan"),
              "query_class is '.*' by the other rows and tables, not 'nan'"),
    "class in pools": (cell("pools.csv", "query_class", "", kind="distractor"), "query_class is"),
    "counts": (counting, r"judgements.csv, line \d+: counts is (True|False) by the other rows"),
    "rank": (cell("judgements.csv", f"rank.{GOOD}", "77", kind="result"), "ranks is"),
    "system of a score": (cell("objective.csv", "system", "x.l2.nns"), "no system 'x.l2.nns'"),
    "score twice": (repeated("objective.csv"), "objective.csv, line 3: the score is there twice"),
    "clip twice": (repeated("clips.csv"), "clips.csv, line 3: the clip '.*' is there twice"),
    "list of a result": (cell("slots.csv", "list_of", "x.l2.nns", kind="result"), "list_of is ''"),
    "unknown system": (told(SYSTEMS, "systems", "x", value={}), "names 'x', which is no system"),
    "systems": (told(SYSTEMS, "systems", value=[]), "systems must be a table"),
    "ranking": (told(SYSTEMS, "systems", GOOD, "ranking", value=3), "ranking must be a table"),
    "representation": (told(SYSTEMS, "systems", GOOD, "ranking", "representation", value=["x"]),
                       "representation must be text"),
    "convention": (told(SYSTEMS, "collection", "convention", value="x"), "convention must be one"),
    "families": (told(SYSTEMS, "families", value={"a": 3}), "families.a must be a list"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(WRONG))
def test_a_bundle_that_contradicts_itself_is_refused(
    lab: Lab, elsewhere: Flask, case: str, tmp_path: Path
) -> None:
    change, sentence = WRONG[case]
    path = written(tmp_path / "wrong.zip", lab.bundles["a-graded-study"], change)
    refused(elsewhere, path, rf"wrong\.zip: .*({sentence})")


def test_json_that_is_too_large_is_not_read(
    lab: Lab, elsewhere: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundles_file, "LARGEST_JSON", 2**20)
    large = holding(SYSTEMS, b'{"a": "' + b"x" * 2**21 + b'"}')
    path = written(tmp_path / "wrong.zip", lab.bundles["a-graded-study"], large)
    refused(elsewhere, path, "systems.json: it is too large: JSON may have 1 MiB, not 2 MiB")


@pytest.mark.parametrize("text", ["", "[]", "NaN", '{"a": -Infinity}', '"x"', "{" * 10**6])
def test_what_is_no_json_object_says_why(text: str) -> None:
    with pytest.raises(NotJson, match=r"not valid JSON|it must be a table|nested too deep"):
        json_object(text)
