"""A question to a collection's systems, a folder of files, and the process that answers it.

::

    query.json            the sound, the collection, which systems are asked and which cannot be
    started, done         empty files: the process has begun, it has asked all
    answers/SYSTEM.json   the clips that a system finds, best first, with their scores

``python -m embeddings.asking.question_files DATA FOLDER`` answers it. One such process computes at
a time; others wait for it.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from embeddings.asking.answering import answers
from embeddings.asking.sounds import Sound
from embeddings.collection.clips import Collection, open_collection
from embeddings.errors import InputError
from embeddings.files import read_json, undamaged, write_json
from embeddings.systems.store import Ranking, open_ranking

_NICE = 10  # people who browse or judge come first


@dataclass(frozen=True, slots=True)
class Asked:
    """A system of the question: its name, title, embedding, search, and why it cannot be asked."""

    system: str
    title: str
    provenance: str
    embedding: str
    search: str
    obstacle: str


@dataclass(frozen=True, slots=True)
class Question:
    """A sound, and the systems of a collection that are asked for its neighbours.

    Attributes
    ----------
    collection : its name
    clips_sha256 : of its clip ids in order, when it was asked
    asked_at : UTC, ISO 8601
    sound : what is asked with
    systems : all systems of the collection; those with an obstacle are not asked
    """

    collection: str
    clips_sha256: str
    asked_at: str
    sound: Sound
    systems: tuple[Asked, ...]

    @property
    def asked(self) -> tuple[Asked, ...]:
        """The systems that can be asked."""
        return tuple(one for one in self.systems if not one.obstacle)


@dataclass(frozen=True, slots=True)
class Found:
    """What one system found: ids of clips, best first, and scores; or why it failed; a note."""

    clips: tuple[str, ...]
    scores: tuple[float, ...]
    failed: str
    note: str


def write_question(
    folder: Path,
    collection: Collection,
    sound: Sound,
    rankings: Sequence[Ranking],
    obstacles: dict[str, str],
) -> None:
    """Write the question of a sound whose files lie in `folder`."""
    systems = [
        {
            "system": one.system,
            "title": one.title,
            "provenance": one.provenance,
            "embedding": one.meta["embedding"] or "",
            "search": one.meta["search"] or "",
            "obstacle": obstacles[one.system],
        }
        for one in rankings
    ]
    facts = {name: getattr(sound, name) for name in sound.__slots__}
    facts |= {"path": sound.path.name, "copy": sound.copy.name}
    (folder / "answers").mkdir()
    question = {
        "collection": collection.name,
        "clips_sha256": collection.ids_sha256,
        "asked_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sound": facts | {"envelope": [round(float(peak), 4) for peak in sound.envelope]},
        "systems": systems,
    }
    write_json(folder / "query.json", question)


def read_question(folder: Path) -> Question:
    """Return the question in `folder`; raise InputError where there is none that is whole."""
    with undamaged("sound", folder):
        facts = read_json(folder / "query.json")
        sound = facts["sound"]
        sound |= {name: folder / sound[name] for name in ("path", "copy")}
        sound["envelope"] = np.array(sound["envelope"], dtype=np.float32)
        systems = tuple(Asked(**one) for one in facts["systems"])
        return Question(**facts | {"sound": Sound(**sound), "systems": systems})


def read_found(folder: Path, system: str) -> Found | None:
    """Return what a system found, or None where it has not answered yet."""
    path = folder / "answers" / f"{system}.json"
    if not path.is_file():
        return None
    with undamaged("answer", path):
        facts = read_json(path)
        return Found(tuple(facts["clips"]), tuple(facts["scores"]), facts["failed"], facts["note"])


def answer_question(data: Path, folder: Path) -> None:
    """Ask all systems of the question in `folder`, and write each answer when it is there."""
    question = read_question(folder)
    collection = open_collection(data, question.collection)
    rankings = [open_ranking(collection, one.system) for one in question.asked]
    (data / "locks").mkdir(exist_ok=True)
    # A file's lock is enough: it is the processor of this machine that they take turns at.
    with FileLock(data / "locks" / "own-sounds"):
        (folder / "started").touch()
        for answer in answers(collection, rankings, question.sound):
            if (folder / "cancelled").exists():  # by a server on another machine
                return
            found: dict[str, Any] = {
                "clips": [collection.clips[row].id for row in answer.rows],
                "scores": [float(score) for score in answer.scores],
                "failed": answer.failed,
                "note": answer.note,
            }
            write_json(folder / "answers" / f"{answer.system}.json", found)
    (folder / "done").touch()


if __name__ == "__main__":
    os.nice(_NICE)
    try:
        answer_question(Path(sys.argv[1]), Path(sys.argv[2]))
    except InputError as error:
        sys.exit(f"Error: {error}")
