"""Clip ids from a file: a list of them, or the column of a table."""

from pathlib import Path

from embeddings.collection.spreadsheets import read_rows
from embeddings.errors import InputError
from embeddings.files import read_text


def read_ids(path: Path) -> list[str]:
    """Read clip ids, one a line, or from the column fname of a CSV; raise InputError if none.

    An id that is there twice counts once.
    """
    if path.suffix.lower() == ".csv":
        ids = [row["fname"].strip() for _, row in read_rows(path, ("fname",))]
    else:
        ids = [line.strip() for line in read_text(path).splitlines()]
    ids = list(dict.fromkeys(filter(None, ids)))
    if not ids:
        raise InputError(f"{path}: there is no clip id in it.")
    return ids


def read_id_column(path: Path) -> list[str]:
    """Return the column fname of a CSV, row by row; InputError for an empty id or one twice."""
    seen: dict[str, int] = {}
    for line, row in read_rows(path, ("fname",)):
        name = row["fname"].strip()
        if not name:
            raise InputError(f"{path}, line {line}: there is no fname.")
        if name in seen:
            raise InputError(
                f"{path}, line {line}: the clip {name!r} is there twice (first: line {seen[name]})."
            )
        seen[name] = line
    return list(seen)
