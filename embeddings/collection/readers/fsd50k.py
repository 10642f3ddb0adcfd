"""FSD50K's evaluation set, as published."""

from dataclasses import replace
from pathlib import Path

from embeddings.collection.sources import (
    Options,
    Reader,
    Source,
    source_clips,
    source_families,
)
from embeddings.collection.spreadsheets import read_rows
from embeddings.errors import InputError
from embeddings.files import read_json


def read_fsd50k(path: Path, options: Options) -> Source:
    """Read FSD50K's evaluation set as published.

    `path` holds ``FSD50K.eval_audio/`` and ``FSD50K.ground_truth/eval.csv`` (fname, labels,
    mids); ``FSD50K.metadata/eval_clips_info_FSD50K.json`` adds titles, uploaders and licences.
    """
    table = path / "FSD50K.ground_truth" / "eval.csv"
    info_file = path / "FSD50K.metadata" / "eval_clips_info_FSD50K.json"
    info = read_json(info_file) if info_file.is_file() else {}
    if not isinstance(info, dict) or not all(isinstance(facts, dict) for facts in info.values()):
        raise InputError(f"{info_file}: must be one JSON object of fname -> facts.")
    rows = read_rows(table, ("fname", "labels"))
    if info:  # under the metadata's own names, so that title, uploader and licence are found
        for _, row in rows:
            facts = info.get(row["fname"], {})
            row |= {key: str(facts.get(key, "")) for key in ("title", "uploader", "license")}
    options = replace(options, group_column=options.group_column or ("uploader" if info else None))
    clips = source_clips(table, rows, path / "FSD50K.eval_audio", options)
    return Source(
        clips,
        source_families(clips, options, None),
        "FSD50K, evaluation set",
        licence="each clip under its own Creative Commons licence",
        convention="cbmi2024",
    )


READER = Reader(
    "fsd50k", "FSD50K.eval_audio/, FSD50K.ground_truth/, FSD50K.metadata/ in PATH", read_fsd50k
)
