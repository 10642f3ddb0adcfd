"""A collection of one sound file."""

from pathlib import Path

from embeddings.audio.measuring import measure
from embeddings.collection.clips import Clip, Collection, open_collection, write_collection


def collection_of(data: Path, *files: Path) -> Collection:
    """Store a collection "kinds" of files where they lie; a clip's id is its file's name."""
    measured = [measure(file).as_dict() for file in files]
    envelopes = [one.pop("envelope") for one in measured]
    clips = [
        Clip(file.name, str(file), ("Tone",), **one)
        for file, one in zip(files, measured, strict=True)
    ]
    info = {"name": "kinds", "title": "Kinds", "description": "", "source": "", "licence": "",
            "convention": "corrected", "imported_at": "2026-01-02T03:04:05Z"}  # fmt: skip
    write_collection(data / "collections" / "kinds", info, clips, {}, envelopes)
    return open_collection(data, "kinds")
