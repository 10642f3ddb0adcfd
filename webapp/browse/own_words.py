"""What is said of a sound of one's own: how far the systems are, and why one could not use it."""

import math
import re
from pathlib import Path

from flask_babel import gettext as _
from flask_babel import ngettext

from embeddings.asking.question_files import Question
from embeddings.asking.sounds import Sound
from webapp.browse.own_sounds import Progress

_PATH = re.compile(r"(?<![\w/:.])/(?:[^\s/:;,'\"()]+/)+([^\s/:;,'\"()]*)")
_REST = r"(?:/[^\s:;,'\"()]*)?"  # of a path, after its beginning
_LEAST = 1e-4  # of full scale: a smaller peak is stored as none


def how_far(folder: Path, question: Question, progress: Progress) -> str:
    """Return how far the systems are, in words."""
    states = list(progress.systems.values())
    done, failed = states.count("done"), states.count("failed")
    told = _("%(done)d of %(all)d systems have answered.", done=done, all=len(states))
    if failed:
        told += " " + ngettext("One could not use it.", "%(num)d could not use it.", failed)
    if progress.running:
        now = [one.title for one in question.asked if progress.systems[one.system] == "computing"]
        if not now:
            return _("Waiting for its turn …")
        return _("%(title)s: computing …", title=now[0]) + " " + told
    if progress.ended == "cancelled":
        return _("Cancelled.") + " " + told
    if progress.ended == "lost":
        words = without_paths(folder, question.sound.name, progress.words)
        return (words or _("The process that asked was stopped before it was done.")) + " " + told
    if failed == len(states):
        return ngettext(
            "The system could not use the sound.",
            "None of the %(num)d systems could use the sound.",
            failed,
        )
    if failed:
        return told
    return ngettext("The system has answered.", "All %(num)d systems have answered.", len(states))


def why_failed(folder: Path, sound: Sound, reason: str) -> str:
    """Return why a system could not use a sound, and how long and loud the sound is.

    `reason` is the extractor's own; `folder` is the sound's, of which no path is told.
    """
    told = without_paths(folder, sound.name, reason).removeprefix(f"{sound.name}: ")
    samples, peak = round(sound.seconds * sound.sample_rate), float(sound.envelope.max())
    return ngettext(
        "Of a sound of %(num)d sample (%(seconds)s s; peak %(peak)s) this system says: %(reason)s",
        "Of a sound of %(num)d samples (%(seconds)s s; peak %(peak)s) this system says: %(reason)s",
        samples,
        seconds=f"{sound.seconds:.3g}",
        peak=_("%(level)s dBFS", level=f"{20 * math.log10(peak):.0f}".replace("-", "−"))
        if peak >= _LEAST
        else _("below %(level)s dBFS", level=f"{20 * math.log10(_LEAST):.0f}".replace("-", "−")),
        reason=told,
    )


def without_paths(folder: Path, name: str, text: str) -> str:
    """Return a text that names no path of this machine.

    What lies in the sound's folder is called by the sound's `name`, any other file by its own.
    """
    told = re.sub(re.escape(str(folder)) + _REST, lambda _: name, text)
    return _PATH.sub(lambda found: found[1] or "…", told)
