"""Tables as Hugging Face `datasets` stores them: Arrow files of `save_to_disk`, and Parquet.

PyArrow reads both. Why not `datasets` itself: docs/decisions/0007.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embeddings.errors import InputError
from embeddings.files import read_json
from embeddings.packages import lack_at

PYARROW = "pyarrow==25.0.1"
"""The last that takes numpy 1.26, which this project has on Python 3.11 and 3.12."""
BATCH = 16
"""Rows that are in memory at a time."""

_SHARD = re.compile(r"(.+?)-\d{5}-of-\d{5}(-[0-9a-f]+)?")
_SPLITS = ("train", "training", "test", "testing", "validation", "valid", "val", "dev", "eval")
_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Part:
    """A split of a data set, "" for the only one without a name, and its files in order."""

    split: str
    files: tuple[Path, ...]


def find_parts(path: Path) -> list[Part]:
    """Return the splits at `path`: a file, a folder saved by `datasets`, or one of Parquet files.

    Raises
    ------
    InputError
        There is none of these at `path`.
    """
    if path.is_file():
        return [Part("", (path,))]
    if not path.is_dir():
        raise InputError(f"{path}: there is no such file or folder.")
    if (path / "dataset_dict.json").is_file():
        splits = _of_json(path / "dataset_dict.json", "splits")
        return [Part(str(split), _saved(path / str(split))) for split in splits]
    if (path / "state.json").is_file():
        return [Part("", _saved(path))]
    for folder in (path, path / "data"):  # a clone from the Hub has data/
        files = sorted(folder.glob("*.parquet"))
        if files:
            return _parquet_parts(files)
    deeper = sorted({str(one.parent) for one in path.glob("**/*.parquet")})
    if deeper:
        raise InputError(f"{path}: its Parquet files are in {', '.join(deeper)}; give one of them.")
    raise InputError(
        f"{path}: there is neither a state.json or dataset_dict.json, as save_to_disk writes them, "
        "nor a .parquet file."
    )


def _saved(folder: Path) -> tuple[Path, ...]:
    """Return the Arrow files of a split that `save_to_disk` wrote."""
    state = folder / "state.json"
    if _of_json(state, "_indices_data_files", []):
        raise InputError(
            f"{state}: the rows are chosen by an index; save the data set once more, after "
            "flatten_indices()."
        )
    names = [one.get("filename") for one in _of_json(state, "_data_files") if isinstance(one, dict)]
    if not names or not all(isinstance(one, str) for one in names):
        raise InputError(f"{state}: _data_files must name the Arrow files.")
    return tuple(folder / str(one) for one in names)


def _of_json(file: Path, key: str, otherwise: list | None = None) -> list:
    facts = read_json(file)
    found = facts.get(key, otherwise) if isinstance(facts, dict) else None
    if not isinstance(found, list):
        if otherwise is not None and found is None:
            return otherwise
        raise InputError(f"{file}: {key} must be a list.")
    return found


def _parquet_parts(files: list[Path]) -> list[Part]:
    """Group files such as train-00000-of-00002.parquet by split."""
    splits = defaultdict(list)
    for file in files:
        shard = _SHARD.fullmatch(file.stem)
        known = file.stem if file.stem in _SPLITS else ""
        splits[shard[1] if shard else known].append(file)
    return [Part(split, tuple(found)) for split, found in splits.items()]


def schema_of(file: Path) -> Any:
    """Return the Arrow schema of a file; raise InputError where it cannot be read."""
    with _opened(file) as table:
        return table.schema_arrow if file.suffix == ".parquet" else table.schema


def features_of(file: Path, schema: Any) -> dict[str, Any]:
    """Return what `datasets` says of each column, or {}: from the schema or dataset_info.json."""
    try:
        info = json.loads((schema.metadata or {}).get(b"huggingface", b"{}")).get("info", {})
    except (ValueError, AttributeError):
        info = {}
    beside = file.with_name("dataset_info.json")
    if not info.get("features") and beside.is_file():
        found = read_json(beside)
        info = found if isinstance(found, dict) else {}
    features = info.get("features")
    return features if isinstance(features, dict) else {}


def batches(file: Path, columns: list[str]) -> Iterator[Any]:
    """Yield the rows of a file as record batches of at most `BATCH`, with these columns alone.

    A column is named as its schema has it; ``audio.path`` is the field of a struct, and comes as
    the struct with this field alone.
    """
    import pyarrow as pa

    with _opened(file) as table:
        if file.suffix == ".parquet":
            yield from table.iter_batches(batch_size=BATCH, columns=columns, use_threads=False)
            return
        for batch in table:
            kept = pa.RecordBatch.from_pydict(_fields(batch, columns))
            for start in range(0, kept.num_rows, BATCH):
                yield kept.slice(start, BATCH)


def _fields(batch: Any, columns: list[str]) -> dict[str, Any]:
    import pyarrow as pa

    wanted = defaultdict(list)
    for column in columns:
        whole = column in batch.schema.names
        name, field = (column, "") if whole else column.rsplit(".", 1)
        wanted[name].append(field)
    found = {}
    for name, inner in wanted.items():
        array = batch.column(name)
        if inner != [""]:
            parts = [array.field(one) for one in inner]
            array = pa.StructArray.from_arrays(parts, inner, mask=array.is_null())
        found[name] = array
    return found


def all_null(file: Path, column: str) -> bool | None:
    """Tell whether a column of a Parquet file is empty, by its statistics; None: they don't say."""
    if file.suffix != ".parquet":
        return None
    with _opened(file) as table:
        facts = table.metadata
        places = [n for n in range(facts.num_columns) if facts.schema.column(n).path == column]
        groups = [facts.row_group(n) for n in range(facts.num_row_groups)]
        known = [group.column(n).statistics for group in groups for n in places]
        if not known or any(one is None or one.null_count is None for one in known):
            return None
        nulls = sum(one.null_count for one in known)
    return nulls == facts.num_rows if nulls in (0, facts.num_rows) else None


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Open a Parquet file, or an Arrow file of either kind; what goes wrong becomes a sentence."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        why = lack_at(error, PYARROW)
        raise InputError(
            f"{file}: Parquet and Arrow files are read by PyArrow, which {why}."
        ) from error
    if not file.is_file():
        raise InputError(f"{file}: there is no such file.")
    with file.open("rb") as head:
        if head.read(len(_LFS)) == _LFS:
            raise InputError(
                f"{file}: it is the pointer that Git LFS puts in a file's place; `git lfs pull` "
                "fetches the file itself."
            )
    try:
        if file.suffix == ".parquet":
            with pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False) as table:
                yield table
        else:
            with pa.memory_map(str(file)) as mapped, pa.ipc.open_stream(mapped) as table:
                yield table
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"{file}: the table cannot be read ({reason}).") from error
