"""Bundles that somebody changed, their checksums following, and that importing them is refused."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from evaluation.records.bundle import read_bundle, write_bundle
from tests.support.studies.lab import run
from webapp.core.database import db
from webapp.models import Study

Files = dict[str, bytes]


def changed(file: str, old: str, new: str) -> Callable[[Files], None]:
    """Return what replaces the first `old` in a file by `new`, its checksum following."""

    def change(files: Files) -> None:
        text = files[file].decode()
        assert old in text
        files[file] = text.replace(old, new, 1).encode()

    return change


def cell(file: str, column: str, value: str, *, kind: str = "") -> Callable[[Files], None]:
    """Return what changes a cell of the first row (of a kind) of a table."""

    def change(files: Files) -> None:
        rows = list(csv.reader(io.StringIO(files[file].decode(), newline="")))
        header = rows[0]
        row = next(one for one in rows[1:] if not kind or one[header.index("kind")] == kind)
        row[header.index(column)] = value
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
        files[file] = text.getvalue().encode()

    return change


def repeated(file: str) -> Callable[[Files], None]:
    """Return what puts the first row of a table there twice."""

    def change(files: Files) -> None:
        header, row, *rest = files[file].splitlines(keepends=True)
        files[file] = b"".join([header, row, row, *rest])

    return change


def without(name: str) -> Callable[[Files], None]:
    """Return what takes a file out."""
    return lambda files: files.pop(name) and None


def added(name: str) -> Callable[[Files], None]:
    """Return what puts a file in."""
    return lambda files: files.update({name: b"x"})


def written(path: Path, bundle: Path, change: Callable[[Files], None]) -> Path:
    """Write a bundle as it is once it was changed; return where."""
    files = read_bundle(bundle).files
    del files["SHA256SUMS"]
    change(files)
    with path.open("wb") as file:
        write_bundle(file, files)
    return path


def refused(app: Flask, path: Path, sentence: str) -> None:
    """Import a bundle that must be refused in one sentence, and leave no trace."""
    result = run(app, "import", str(path))
    assert result.exit_code == 1, result.output
    assert re.search(sentence, result.stderr), result.stderr
    assert result.stderr.count("\n") == 1
    assert db.session.scalar(sa.select(sa.func.count(Study.id))) == 0
    db.session.rollback()
    assert list((app.config["DATA"]).glob("studies/*")) == []
