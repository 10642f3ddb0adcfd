"""Clip ids from a file: a list of them, or the column of a table."""

from pathlib import Path

from embeddings.collection.sources import read_rows
from embeddings.errors import InputError


def read_ids(path: Path) -> list[str]:
    """Read clip ids, one a line, or from the column fname of a CSV; raise InputError if none.

    An id that is there twice counts once.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    if path.suffix.lower() == ".csv":
        ids = [row["fname"].strip() for _, row in read_rows(path, ("fname",))]
    else:
        try:
            ids = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: the text is not UTF-8 (byte {error.start}).") from error
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
