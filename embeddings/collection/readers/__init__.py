"""Readers of published layouts, a module each.

A reader looks at tables and file names only. Whether each audio file can be decoded is found out
by :mod:`embeddings.collection.importing`, in parallel.
"""

from collections.abc import Callable
from pathlib import Path

from embeddings.collection.readers.esc import read_esc
from embeddings.collection.readers.fsd50k import read_fsd50k
from embeddings.collection.readers.own_table import read_csv
from embeddings.collection.sources import Options, Source

READERS: dict[str, Callable[[Path, Options], Source]] = {
    "fsd50k": read_fsd50k,
    "esc": read_esc,
    "csv": read_csv,
}
