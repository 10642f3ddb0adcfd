"""Looking at sounds before they are imported: unpacked, read and a few decoded; nothing stored."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext

from embeddings.collection.clips import collection_names
from embeddings.collection.label_cells import LABEL_SEPARATORS
from embeddings.collection.previewing import preview_collection
from embeddings.collection.readers import READERS, find_reader
from embeddings.collection.sources import Options
from embeddings.errors import InputError
from embeddings.files import check_name
from webapp.work import uploads
from webapp.work.kinds import Arguments, Kind, Lead

_SHOWN = 200
"""Broken or suspicious clips that are kept with the job; the log has all."""
_TWICE = re.compile(r"^(.+?): \1: ")  # where a row and its file are one
_TRIED = ("fsd50k", "esc", "hf", "csv", "folders")
"""Readers that are tried where none is named, those that want most of a source first."""


def check(given: Arguments) -> Arguments:
    """Return what a collection is to be read from and how, as a page sends it, checked.

    It has name, upload (a key) or path, and reader, which may be "" for one that is found.
    """
    name = check_name("collection", str(given.get("name", "")).strip())
    if name in collection_names(current_app.config["DATA"]):
        raise InputError(f"There is a collection {name!r} already; choose another name.")
    if name == "demo":
        raise InputError(f"The name {name!r} is kept for the demo; choose another.")
    reader = str(given.get("reader") or "")
    if reader:
        find_reader(reader)
    separator = given.get("label_separator") or LABEL_SEPARATORS[0]
    if separator not in LABEL_SEPARATORS:
        raise InputError(f"Labels are separated by one of {', '.join(LABEL_SEPARATORS)}.")
    checked = {"collection": name, "reader": reader, "label_separator": separator}
    for column in ("group_column", "id_column", "label_column"):
        checked[column] = str(given.get(column) or "").strip() or None
    if given.get("upload"):
        upload = uploads.find(str(given["upload"]))
        return checked | {"upload": upload.key, "file": upload.name}
    if not given.get("path"):
        raise InputError("Choose a zip of sounds, or name a folder of the server.")
    return checked | {"path": str(uploads.on_server(str(given["path"])))}


def source(arguments: Arguments) -> Path:
    """Return where the sounds of a job's arguments lie, unpacked where they came as a zip."""
    if "upload" in arguments:
        return uploads.unpacked(uploads.find(arguments["upload"]))
    path = uploads.on_server(arguments["path"])
    uploads.check_links(path if path.is_dir() else path.parent)
    return path


def options(arguments: Arguments) -> Options:
    """Return how the source is read, but for the reader."""
    names = ("group_column", "label_separator", "id_column", "label_column")
    within = tuple(uploads.roots())
    if "upload" in arguments:
        within = (uploads.find(arguments["upload"]).folder.resolve() / "unpacked",)
    return Options(**{name: arguments[name] for name in names}, within=within)


def fitting_reader(path: Path, how: Options) -> str:
    """Return the first reader that finds clips without a problem; InputError with why none does."""
    reasons = []
    for name in _TRIED:
        reader = READERS[name]
        try:
            found = find_reader(name).read(path, how)
        except InputError as error:
            reasons.append(f"{reader.name}: {error}")
            continue
        if any(not clip.problem for clip in found.clips):
            return name
        reasons.append(f"{reader.name}: {found.clips[0].where}: {found.clips[0].problem}.")
    raise InputError("No reader finds sounds with labels there.\n" + "\n".join(reasons))


def shown(arguments: Arguments, text: str) -> str:
    """Return a sentence without the folder that a zip was unpacked to, which nobody knows."""
    if "upload" in arguments:
        folder = uploads.find(arguments["upload"]).folder / "unpacked"
        text = text.replace(f"{folder}/", "").replace(str(folder), arguments["file"])
    return _TWICE.sub(r"\1: ", text)


def _run(arguments: Arguments) -> tuple[str, Arguments]:
    try:
        return _look(arguments)
    except InputError as error:
        raise InputError(shown(arguments, str(error))) from error


def _look(arguments: Arguments) -> tuple[str, Arguments]:
    path, how = source(arguments), options(arguments)
    reader = arguments["reader"] or fitting_reader(path, how)
    found = preview_collection(path, reader, options=how)
    kept: dict[str, Any] = asdict(found) | {"reader": reader}
    for clip in kept["first"]:
        clip["problem"] = shown(arguments, clip["problem"])
    for what in ("broken", "suspicious"):
        lines = [shown(arguments, line) for line in kept[what]]
        for line in lines:
            print(f"{what}: {line}")
        kept |= {what: lines[:_SHOWN], f"{what}_count": len(lines)}
    if kept["broken_count"] == found.clips:
        first = kept["broken"][0]
        raise InputError(f"None of the {found.clips} clips can be used; the first: {first}")
    return f"{found.clips} clips, {len(found.class_counts)} classes. Nothing is stored yet.", kept


def _about(arguments: Arguments) -> str:
    return arguments.get("file") or arguments["path"]


def _leads(arguments: Arguments, result: Arguments) -> list[Lead]:
    return []  # the job's page asks whether to import


KIND = Kind(
    name="look",
    words=lazy_gettext("Look at sounds"),
    about=_about,
    place=lambda arguments: f"import {arguments['collection']}",
    check=check,
    run=_run,
    leads=_leads,
)
