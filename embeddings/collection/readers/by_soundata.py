"""Data sets that the package soundata knows, from where they lie; nothing is downloaded."""

import importlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.collection.readers.esc import read_esc
from embeddings.collection.readers.fsd50k import read_fsd50k
from embeddings.collection.soundata_layouts import indexed
from embeddings.collection.sources import (
    Options,
    Reader,
    Source,
    SourceClip,
    further_columns,
    source_families,
    usual_facts,
)
from embeddings.collection.tableless import labels_in, text_of, whole_list
from embeddings.errors import InputError
from embeddings.packages import lack_at

SOUNDATA = "soundata==1.0.1"
SURE = 0.5
"""A soft label counts from this confidence on."""
LABELS = ("tags", "POSevents", "events", "spatial_events", "has_bird", "keywords")
"""What soundata may have of a clip that is its labels; the first counts."""
GROUPS = ("src_file", "freesound_id", "identifier")
"""What it may have that says which clips belong together; the first counts."""

_BIRDS = {"0": "no bird", "1": "bird"}
_VALUES = (str, int, float, np.generic, datetime)


def read_soundata(path: Path, options: Options) -> Source:
    """Read the data set at `path`, which lies there as soundata's `download` lays it out.

    A clip's labels are its tags; where the data set has none, the classes of its events, each once
    (of soft ones those with a confidence of `SURE` or more); whether there is a bird; or keywords.
    Its id is soundata's. Which files there must be says soundata's index, or where that is not on
    the machine, the data set's tables. What else soundata has of a clip, such as its fold or split,
    is kept. ESC-50 and FSD50K lie there as published, and our own readers of them know more:
    families, uploaders, licences.

    Raises
    ------
    InputError
        soundata is not installed, knows no such data set, or cannot read this one; or the data set
        has no labels.
    """
    name = options.argument
    module = _module(path, name)
    if name == "esc50":
        return read_esc(path, replace(options, argument=""))
    if name == "fsd50k":
        return read_fsd50k(path, replace(options, argument="both"))
    kind = next((one for one in LABELS if hasattr(module.Clip, one)), "")
    if not kind:
        raise InputError(f"{path}: soundata has no labels of the clips of {name}.")
    if not path.is_dir():
        raise InputError(f"{path}: there is no such folder.")
    data_set = module.Dataset(data_home=str(path))
    with indexed(path, name, data_set) as own:
        try:
            said = data_set._metadata or {}  # what clips look their facts up in
            known = list(data_set.clip_ids)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise InputError(
                f"{path}: soundata cannot read this as {name} ({_reason(error)})."
            ) from error
        clips = [_clip(path, data_set, clip_id, kind, said) for clip_id in known]
        clips += [] if own else _lacking(path, said, set(known))
    clips = whole_list(path, clips, options, GROUPS)
    return Source(
        clips,
        source_families(clips, options, None),
        f"{name} {data_set.version}, by soundata",
        licence=text_of(module.LICENSE_INFO).partition(". ")[0],
    )


READER = Reader(
    "soundata",
    "the data set NAME, such as urbansound8k, as soundata lays it out; needs the package soundata",
    read_soundata,
    argument="NAME",
    needs_argument=True,
)


def _module(path: Path, name: str) -> Any:
    """Return soundata's module of a data set."""
    try:
        import soundata
    except ImportError as error:
        why = lack_at(error, SOUNDATA)
        raise InputError(
            f"{path}: --reader soundata:{name} reads by the package soundata, which {why}."
        ) from error
    known = soundata.list_datasets()
    if name not in known:
        raise InputError(f"soundata knows no data set {name!r}; it knows: {', '.join(known)}.")
    return importlib.import_module(f"soundata.datasets.{name}")


def _clip(path: Path, data_set: Any, clip_id: str, kind: str, said: dict[str, Any]) -> SourceClip:
    where = f"{path}, clip {clip_id}"
    labels: tuple[str, ...] = ()
    facts: dict[str, str] = {}
    file, problem = path, ""
    try:
        clip = data_set.clip(clip_id)
        file = Path(clip.audio_path)
        if said and clip_id not in said:  # soundata gives the facts of all clips then
            problem = "the data set's tables say nothing about it"
        else:
            facts = _facts(clip)
            labels = labels_in(_labels(getattr(clip, kind), kind))
            problem = "" if labels else "there is no label"
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        problem = f"soundata cannot read what is said about it ({_reason(error)})"
    if not file.is_file():
        problem = f"there is no audio file {file}"
    named = usual_facts(facts)
    return SourceClip(
        id=clip_id,
        path=file,
        labels=labels,
        where=where,
        problem=problem,
        title=named["title"],
        author=named["author"],
        licence=named["licence"],
        extra=further_columns(facts),
    )


def _labels(found: Any, kind: str) -> Iterable[str]:
    """Return the labels in what soundata has of a clip: tags, events, or a text."""
    if found is None:
        return ()
    if kind == "has_bird":
        return (_BIRDS.get(str(found), ""),)
    if kind == "keywords":
        return str(found).split(";")
    several = getattr(found, "annotations", [found])  # of several annotators
    sure = [
        label
        for one in several
        for label, confidence in zip(one.labels, _confidences(one), strict=True)
        if confidence >= SURE
    ]
    return [part for one in sure for part in one.split(",")] if kind == "POSevents" else sure


def _confidences(events: Any) -> list[float]:
    return [1.0] * len(events.labels) if events.confidence is None else list(events.confidence)


def _facts(clip: Any) -> dict[str, str]:
    """Return the values that soundata has of a clip, but for its sound, labels and paths."""
    names = [
        name
        for name, one in vars(type(clip)).items()
        if isinstance(one, property) and name not in ("audio", *LABELS)
    ]
    names += [name for name in vars(clip) if not name.startswith("_")]
    found = {
        name: value
        for name in names
        if name != "clip_id"
        and not name.endswith("_path")
        and isinstance(value := getattr(clip, name), _VALUES)
    }
    return {name: text_of(value) for name, value in found.items()}


def _lacking(path: Path, said: dict[str, Any], known: set[str]) -> list[SourceClip]:
    """Return a clip without a file for each that is in the data set's tables alone."""
    problem = "there is no audio file of it"
    return [
        SourceClip(clip_id, path / clip_id, (), f"{path}, clip {clip_id}", problem)
        for clip_id in said
        if clip_id not in known and clip_id not in ("itemid", "class_codes", "subdatasets")
    ]


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {text_of(error)}".rstrip(". ")
