"""Sounds that the experimenter brings: each a folder for the owner alone, which does not stay.

A folder ``own/ID`` of the data folder has the sound's files, the question and its answers (see
`embeddings.asking.question_files`), and these marks::

    left        the page was left; unless it is opened again soon, the folder is removed
    cancelled   the experimenter stopped it
    kept        it stays until it is removed

What is neither left nor kept is removed an hour after its page was last seen open. Folders are
looked through when the app starts, when the next sound is brought, and a moment after a page is
left.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from werkzeug.datastructures import FileStorage

from embeddings.asking.answering import obstacles
from embeddings.asking.question_files import Question, read_found, read_question, write_question
from embeddings.asking.sounds import take_sound
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from webapp.core import jobs

GRACE = 30
"""Seconds after which a page that was left is not coming back: longer than a reload takes."""
HOUR = 3600

_ID = re.compile("[0-9a-f]{16}")
_TRIES, _PAUSE = 40, 0.05  # seconds: a killed process may still be writing


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the systems of a question are.

    Attributes
    ----------
    systems : system -> "waiting", "computing", "done", "failed" or "unasked"
    running : whether its process is at work, or about to be
    ended : how that ended: "done", "cancelled", or "lost" where it was killed; "" while it runs
    words : why a lost process gave up; "" where it was killed
    """

    systems: dict[str, str]
    running: bool
    ended: str = ""
    words: str = ""


def bring(collection: Collection, rankings: Sequence[Ranking], file: FileStorage, name: str) -> str:
    """Check a sound, begin to ask the systems with it, and return its id.

    Raises InputError where it cannot be heard or no system can be asked; nothing stays then.
    """
    found = obstacles(collection, rankings)
    if all(found.values()):
        raise InputError(f"No system of {collection.name!r} can hear a new sound here.")
    sweep(collection.data)
    own = _all(collection.data)
    own.mkdir(mode=0o700, exist_ok=True)
    folder = own / secrets.token_hex(8)
    folder.mkdir(mode=0o700)
    try:
        file.save(folder / "given")  # no suffix: what it is, its bytes say
        sound = take_sound(folder / "given", name)
        write_question(folder, collection, sound, rankings, found)
        _start(collection.data, folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    return folder.name


def find(collection: str, sound: str) -> tuple[Path, Question] | None:
    """Return the folder and the question of a sound; None where it is not there (any more)."""
    folder = _all(current_app.config["DATA"]) / sound
    if not _ID.fullmatch(sound) or not (folder / "query.json").is_file():
        return None
    question = read_question(folder)
    return (folder, question) if question.collection == collection else None


def progress(folder: Path, question: Question) -> Progress:
    """Return how far the systems of a question are."""
    running = jobs.running_since(_log(folder)) is not None
    states = {one.system: _state(folder, one.system) for one in question.asked}
    if running:
        first = next((one for one in question.asked if not states[one.system]), None)
        computing = first.embedding if first and (folder / "started").exists() else None
        for one in question.asked:
            same = one.embedding == computing
            states[one.system] = states[one.system] or ("computing" if same else "waiting")
        return Progress(states, True)
    states = {system: state or "unasked" for system, state in states.items()}
    if (folder / "done").exists() and "unasked" not in states.values():
        return Progress(states, False, "done")
    if (folder / "cancelled").exists():
        return Progress(states, False, "cancelled")
    before, error, words = jobs.last_words(_log(folder)).partition("Error: ")
    return Progress(states, False, "lost", words if error and not before else "")


def cancel(folder: Path) -> None:
    """Stop asking; what was answered stays."""
    if jobs.running_since(_log(folder)) is not None:
        (folder / "cancelled").touch()
        _stop(folder)


def keep(folder: Path) -> None:
    """Keep a sound and its answers until they are removed."""
    (folder / "kept").touch()


def is_kept(folder: Path) -> bool:
    """Return whether a sound stays."""
    return (folder / "kept").exists()


def remove(folder: Path) -> None:
    """Stop asking, and remove the sound with everything that was made of it."""
    _stop(folder)
    for _ in range(_TRIES):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_PAUSE)


def leave(folder: Path, view: str) -> None:
    """Note that a view of a sound's page was left: the sound goes in a moment, unless it is kept.

    `view` is what the page calls itself, anew whenever it is opened.
    """
    if is_kept(folder):
        return
    (folder / "left").write_text(view, encoding="utf-8")
    timer = threading.Timer(GRACE + 1, sweep, [folder.parents[1]])
    timer.daemon = True  # at the next start is soon enough where the server stops before
    timer.start()


def see(folder: Path, view: str = "") -> None:
    """Note that a sound's page is open.

    What the view that was left had asked before and is answered after does not count.
    """
    with contextlib.suppress(FileNotFoundError):  # nothing was left, or it is being removed
        os.utime(folder)
        left = folder / "left"
        if not view or left.read_text(encoding="utf-8") != view:
            left.unlink()


def kept(collection: Collection) -> list[tuple[str, Question]]:
    """Return the ids and questions of the sounds that are kept for a collection, newest first."""
    found = []
    for folder in _folders(collection.data):
        if is_kept(folder):
            with contextlib.suppress(InputError):
                found.append((folder.name, read_question(folder)))
    found = [(name, one) for name, one in found if one.collection == collection.name]
    return sorted(found, key=lambda one: one[1].asked_at, reverse=True)


def sweep(data: Path) -> None:
    """Remove the sounds that nobody looks at any more and that are not kept."""
    now = time.time()
    for folder in _folders(data):
        # another process sweeps as well, or the database cannot tell what runs
        with contextlib.suppress(FileNotFoundError, InputError):
            old = now - folder.stat().st_mtime > HOUR
            mark = folder / "left"
            left = mark.exists() and now - mark.stat().st_mtime > GRACE
            if (old or left) and not is_kept(folder):
                remove(folder)


def _start(data: Path, folder: Path) -> None:
    made = folder / "made"  # whatever an extractor writes goes with the folder
    made.mkdir()
    environment = os.environ | {"TMPDIR": str(made), "HF_HUB_OFFLINE": "1"}  # nothing is fetched
    command = ["embeddings.asking.question_files", str(data), str(folder)]
    process = jobs.spawn(command, _log(folder), environment)
    (folder / "machine").write_text(socket.gethostname(), encoding="utf-8")
    (folder / "process").write_text(str(process), encoding="ascii")


def _stop(folder: Path) -> None:
    """Kill the process that asks, with those that it started, and wait until it is gone.

    That of another machine is not killed from here: it ends before its next answer.
    """
    log, process = _log(folder), folder / "process"
    if not log.is_file() or not process.is_file() or jobs.running_since(log) is None:
        return
    machine = folder / "machine"
    if machine.is_file() and machine.read_text(encoding="utf-8") != socket.gethostname():
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int(process.read_text(encoding="ascii")), signal.SIGKILL)
    for _ in range(_TRIES):
        if jobs.running_since(log) is None:
            return
        time.sleep(_PAUSE)


def _state(folder: Path, system: str) -> str:
    found = read_found(folder, system)
    return "" if found is None else "failed" if found.failed else "done"


def _all(data: Path) -> Path:
    return data / "own"


def _folders(data: Path) -> Iterator[Path]:
    return (path for path in sorted(_all(data).glob("*")) if _ID.fullmatch(path.name))


def _log(folder: Path) -> Path:
    return folder / "said.log"
