"""Any folder of sounds with a CSV."""

from pathlib import Path

from embeddings.collection.clips import check_families
from embeddings.collection.sources import (
    KNOWN_COLUMNS,
    Options,
    Reader,
    Source,
    source_clips,
    source_families,
)
from embeddings.collection.spreadsheets import read_rows
from embeddings.errors import InputError
from embeddings.files import read_json


def read_csv(path: Path, options: Options) -> Source:
    """Read any CSV with the columns fname and labels beside an ``audio/`` folder.

    `path` is the CSV, or a folder that holds ``clips.csv`` (or exactly one other CSV). A
    ``families.json`` beside it is used. fname may leave out the suffix and the folders below
    ``audio/``; labels are separated by commas unless told. All other columns are kept.
    """
    table = path if path.is_file() else _only_table(path)
    folder = table.parent
    known = (*KNOWN_COLUMNS, *filter(None, [options.group_column]))
    rows = read_rows(table, ("fname", "labels"), known)
    clips = source_clips(table, rows, folder / "audio", options)
    beside = folder / "families.json"
    families = check_families(read_json(beside), str(beside)) if beside.is_file() else None
    return Source(clips, source_families(clips, options, families), f"{table.name} and its sounds")


READER = Reader(
    "csv",
    "PATH is a CSV, or a folder with clips.csv; the columns are fname and labels (separated by "
    "commas unless told) and any others; the sounds are in audio/ beside it; families.json beside "
    "it (family -> [classes]) is used",
    read_csv,
)


def _only_table(folder: Path) -> Path:
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such file or folder.")
    usual = folder / "clips.csv"
    tables = [usual] if usual.is_file() else sorted(folder.glob("*.csv"))
    if len(tables) != 1:
        raise InputError(
            f"{folder}: there must be a clips.csv or exactly one CSV file; found {len(tables)}."
        )
    return tables[0]
