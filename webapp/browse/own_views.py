"""Asking a collection with one's own sound: from a file or the microphone to its neighbours.

Extractors never run in a web worker: `webapp.browse.own_sounds` has them run in a process of their
own, and the page looks at what it has found so far.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    after_this_request,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from embeddings.asking.answering import obstacles
from embeddings.asking.question_files import Asked, Question, read_found
from embeddings.asking.sounds import LONGEST_SECONDS, UnreadableSound, playing_gain
from embeddings.collection.clips import Collection
from embeddings.collection.label_cells import label_cell
from embeddings.errors import InputError
from evaluation.browsing.listing import SHOWN
from webapp.browse import own_sounds
from webapp.browse.columns import in_order
from webapp.browse.own_words import how_far, why_failed
from webapp.core import catalogue
from webapp.core.database import reading
from webapp.core.downloads import download
from webapp.core.security import owners_only

bp = Blueprint("own", __name__, url_prefix="/browse/<name>/own")

MOST_BYTES = 20_000_000
"""Of a file that is brought: 30 s of stereo at 96 kHz and 24 bits are 17 million."""

_MICROPHONE = "camera=(), geolocation=(), microphone=(self), payment=(), usb=()"
_NAME = 80  # characters of a file's name that are kept


@dataclass(frozen=True, slots=True)
class Column:
    """A system's answer: its state (see `own_sounds.Progress`), and what it found so far.

    `results` are (row in the collection, number), best first. The number is what is shown: a
    distance, lower is more similar, where `is_distance`; else a similarity, higher is more similar.
    """

    asked: Asked
    state: str
    results: tuple[tuple[int, float], ...] = ()
    failed: str = ""
    note: str = ""

    @property
    def is_distance(self) -> bool:
        """Whether the system's numbers are distances."""
        return self.asked.search == "nns"


def allow_microphone() -> None:
    """Let the page that answers this request record, as pages may that have `_own.html`."""

    def allow(response: Response) -> Response:
        response.headers["Permissions-Policy"] = _MICROPHONE
        return response

    after_this_request(allow)


@bp.record_once
def _at_start(setup: BlueprintSetupState) -> None:
    own_sounds.sweep(setup.app.config["DATA"])


@bp.url_value_preprocessor
def _let_in(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Let an owner's sounds in, which are larger than any form; before the form is read."""
    if endpoint != "own.ask":
        return
    with reading():  # what is sent then takes its time, in which raters write
        may_change = current_user.may_change
    if not may_change:
        return
    size = request.content_length or 0
    request.max_content_length = MOST_BYTES
    if size > MOST_BYTES:
        raise InputError(
            f"The file has {size / 1e6:.1f} MB; a sound may have at most {MOST_BYTES / 1e6:.0f} MB."
        )


@bp.app_template_global()
def own_sound(collection: Collection) -> dict[str, Any]:
    """Return what `_own.html` says: which systems can be asked or not, what is kept, the limits."""
    rankings = in_order(collection, catalogue.rankings(collection)[0])
    found = obstacles(collection, rankings)
    return {
        "able": [one for one in rankings if not found[one.system]],
        "unable": [(one, found[one.system]) for one in rankings if found[one.system]],
        "kept": own_sounds.kept(collection),
        "bytes": MOST_BYTES,
        "seconds": int(LONGEST_SECONDS),
    }


@bp.get("")
@owners_only
def new(name: str) -> ResponseReturnValue:
    """Show the form alone."""
    return _new(catalogue.collection(name))


@bp.post("")
def ask(name: str) -> ResponseReturnValue:
    """Take a sound, begin to ask the systems, and lead to the page that shows their answers."""
    collection = catalogue.collection(name)
    is_script = request.accept_mimetypes.best == "application/json"
    try:
        file = request.files.get("sound")
        if file is None or not file.filename:
            raise InputError(_("Choose a sound first."))
        rankings = in_order(collection, catalogue.rankings(collection)[0])
        sound = own_sounds.bring(collection, rankings, file, _shown_name(file.filename))
    except InputError as error:
        if is_script:
            unreadable = isinstance(error, UnreadableSound)
            return {"error": str(error), "unreadable": unreadable}, 400
        return _new(collection, str(error)), 400
    address = url_for(".page", name=name, sound=sound)
    return {"page": address} if is_script else redirect(address, 303)


@bp.get("/<sound>")
def page(name: str, sound: str) -> ResponseReturnValue:
    """Show a sound with what each system has found so far."""
    collection = catalogue.collection(name)
    found = own_sounds.find(name, sound)
    if found is None:
        sentence = _("This sound is not here any more: it was removed after its page was left.")
        return _new(collection, sentence), 404
    folder, question = found
    own_sounds.see(folder, request.args.get("view", ""))
    allow_microphone()
    progress = own_sounds.progress(folder, question)
    levels = catalogue.levels(collection)
    return render_template(
        "browse/own.html",
        collection=collection,
        sound=sound,
        question=question,
        gain=playing_gain(question.sound, collection, levels) if levels else None,
        columns=_columns(collection, folder, question, progress),
        progress=progress,
        sentence=how_far(folder, question, progress),
        kept=own_sounds.is_kept(folder),
        is_as_asked=question.clips_sha256 == collection.ids_sha256,
        shown=SHOWN,
    )


@bp.get("/<sound>/status")
def status(name: str, sound: str) -> ResponseReturnValue:
    """Tell the page how far the systems are; that it asks shows that it is open."""
    folder, question = _find(name, sound)
    own_sounds.see(folder, request.args.get("view", ""))
    progress = own_sounds.progress(folder, question)
    return {
        "running": progress.running,
        "sentence": how_far(folder, question, progress),
        "systems": progress.systems,
    }


@bp.get("/<sound>/audio")
def audio(name: str, sound: str) -> Response:
    """Send what is heard of a sound; no browser may keep it."""
    question = _find(name, sound)[1]
    response = send_file(question.sound.copy, mimetype="audio/wav", conditional=True)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/<sound>/results.csv")
def results(name: str, sound: str) -> Response:
    """Send all neighbours as CSV."""
    collection = catalogue.collection(name)
    folder, question = _find(name, sound)
    progress = own_sounds.progress(folder, question)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["system", "provenance", "rank", "clip", "score", "score_is", "labels", "note"])
    for column in _columns(collection, folder, question, progress):
        kind = "distance" if column.is_distance else "similarity"
        better = "lower" if column.is_distance else "higher"
        meaning = f"{kind} ({better} is more similar)"
        for rank, (row, score) in enumerate(column.results, 1):
            clip = collection.clips[row]
            own = (column.asked.system, column.asked.provenance, rank)
            writer.writerow([*own, clip.id, score, meaning, label_cell(clip.labels), column.note])
    return download(text.getvalue(), "text/csv", f"own-sound-{sound}.csv")


@bp.post("/<sound>/cancel")
def cancel(name: str, sound: str) -> ResponseReturnValue:
    """Stop asking."""
    own_sounds.cancel(_find(name, sound)[0])
    return redirect(url_for(".page", name=name, sound=sound), 303)


@bp.post("/<sound>/keep")
def keep(name: str, sound: str) -> ResponseReturnValue:
    """Keep a sound and its answers."""
    own_sounds.keep(_find(name, sound)[0])
    return redirect(url_for(".page", name=name, sound=sound), 303)


@bp.post("/<sound>/remove")
def remove(name: str, sound: str) -> ResponseReturnValue:
    """Remove a sound and its answers."""
    own_sounds.remove(_find(name, sound)[0])
    return redirect(url_for(".new", name=name), 303)


@bp.post("/<sound>/leave")
def leave(name: str, sound: str) -> ResponseReturnValue:
    """Note that the page of a sound was left."""
    own_sounds.leave(_find(name, sound)[0], request.form.get("view", "")[:_NAME])
    return "", 204


def _new(collection: Collection, sentence: str = "") -> str:
    allow_microphone()
    return render_template("browse/new.html", collection=collection, sentence=sentence)


def _find(name: str, sound: str) -> tuple[Path, Question]:
    found = own_sounds.find(name, sound)
    if found is None:
        abort(404)
    return found


def _shown_name(filename: str) -> str:
    name = PurePosixPath(filename.replace("\\", "/")).name
    return "".join(one for one in name if one.isprintable())[:_NAME] or _("Your sound")


def _columns(
    collection: Collection, folder: Path, question: Question, progress: own_sounds.Progress
) -> list[Column]:
    columns = []
    for asked in question.asked:
        found, state = read_found(folder, asked.system), progress.systems[asked.system]
        if found is None:
            columns.append(Column(asked, state))
            continue
        results = tuple(
            (collection.index[clip], 0 - score if asked.search == "nns" else score)
            for clip, score in zip(found.clips, found.scores, strict=True)
            if clip in collection.index  # a kept answer may be older than the collection
        )
        failed = why_failed(folder, question.sound, found.failed) if found.failed else ""
        columns.append(Column(asked, state, results, failed, found.note))
    return columns
