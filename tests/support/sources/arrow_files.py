"""Data sets as Hugging Face `datasets` saves them, made by PyArrow alone."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FEATURES = {
    "audio": {"_type": "Audio"},
    "label": {"names": ["Cat", "Chuckle, chortle"], "_type": "ClassLabel"},
}


def table(columns: Mapping[str, Sequence[Any]], features: Mapping[str, Any] | None = None) -> Any:
    """Return a table; `features` is what `datasets` notes of columns in its schema."""
    import pyarrow as pa

    struct = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    arrays = {}
    for name, values in columns.items():
        dicts = any(isinstance(one, dict) for one in values)
        arrays[name] = pa.array(values, type=struct if dicts else None)
    made = pa.table(arrays)
    if features is None:
        return made
    note = {"huggingface": json.dumps({"info": {"features": features}})}
    return made.replace_schema_metadata(note)


def sounds(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Return a column of audio: tiny sounds and their names, as the Hub has them."""
    from tests.support.sources.tiny_sounds import tiny_bytes

    return [
        {"bytes": tiny_bytes(number), "path": f"take {number}.wav"}
        for number in range(first, first + count)
    ]


def write_parquet(path: Path, made: Any, rows: int | None = None) -> Path:
    """Write a Parquet file, its folder too, in groups of `rows`."""
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(made, path, row_group_size=rows)
    return path


def save_to_disk(folder: Path, *shards: Any) -> Path:
    """Write a split as `Dataset.save_to_disk` lays it out."""
    import pyarrow as pa

    folder.mkdir(parents=True, exist_ok=True)
    names = [f"data-{at:05}-of-{len(shards):05}.arrow" for at in range(len(shards))]
    for name, shard in zip(names, shards, strict=True):
        with (
            pa.OSFile(str(folder / name), "wb") as file,
            pa.ipc.new_stream(file, shard.schema) as to,
        ):
            to.write_table(shard)
    state = {"_data_files": [{"filename": name} for name in names], "_split": None}
    (folder / "state.json").write_text(json.dumps(state), encoding="utf-8")
    return folder
