"""FSD50K as published: its evaluation set, its development set, or both."""

from dataclasses import replace
from pathlib import Path

from embeddings.collection.sources import (
    Options,
    Reader,
    Source,
    SourceClip,
    source_clips,
    source_families,
)
from embeddings.collection.spreadsheets import read_rows
from embeddings.collection.tableless import each_once
from embeddings.errors import InputError
from embeddings.files import read_json

_SETS = {"": ("eval",), "eval": ("eval",), "dev": ("dev",), "both": ("dev", "eval")}
_NAMES = {"eval": "evaluation set", "dev": "development set"}


def read_fsd50k(path: Path, options: Options) -> Source:
    """Read FSD50K's evaluation set as published, or with an argument: "dev", or "both".

    `path` holds ``FSD50K.eval_audio/`` and ``FSD50K.ground_truth/eval.csv`` (fname, labels,
    mids); ``FSD50K.metadata/eval_clips_info_FSD50K.json`` adds titles, uploaders and licences. The
    development set's are called ``dev``, and ``dev.csv`` has a split besides (train or val), which
    is kept; of both, the evaluation set's is "eval".
    """
    if options.argument not in _SETS:
        raise InputError(
            f"--reader fsd50k:{options.argument}: behind the colon may stand eval, dev or both."
        )
    names = _SETS[options.argument]
    infos = {name: _info(path, name) for name in names}
    group = options.group_column or ("uploader" if all(infos.values()) else None)
    options = replace(options, group_column=group)
    several = len(names) > 1
    clips = each_once(
        clip for name in names for clip in _clips(path, name, infos[name], options, several)
    )
    return Source(
        clips,
        source_families(clips, options, None),
        "FSD50K, " + " and ".join(_NAMES[name] for name in names),
        licence="each clip under its own Creative Commons licence",
        convention="cbmi2024",
    )


READER = Reader(
    "fsd50k",
    "FSD50K.eval_audio/, FSD50K.ground_truth/, FSD50K.metadata/ in PATH; with :dev the development "
    "set beside it (FSD50K.dev_audio/), with :both the two as one",
    read_fsd50k,
    argument="dev|both",
)


def _info(path: Path, name: str) -> dict[str, dict]:
    """Return what the metadata of a set say, fname -> facts; {} where there is no such file."""
    file = path / "FSD50K.metadata" / f"{name}_clips_info_FSD50K.json"
    info = read_json(file) if file.is_file() else {}
    if not isinstance(info, dict) or not all(isinstance(facts, dict) for facts in info.values()):
        raise InputError(f"{file}: must be one JSON object of fname -> facts.")
    return info


def _clips(
    path: Path, name: str, info: dict[str, dict], options: Options, several: bool
) -> list[SourceClip]:
    table = path / "FSD50K.ground_truth" / f"{name}.csv"
    rows = read_rows(table, ("fname", "labels"))
    for _, row in rows:
        if info:  # under the metadata's own names, so that title, uploader and licence are found
            facts = info.get(row["fname"], {})
            row |= {key: str(facts.get(key, "")) for key in ("title", "uploader", "license")}
        if several:
            row.setdefault("split", name)
    return source_clips(table, rows, path / f"FSD50K.{name}_audio", options)
