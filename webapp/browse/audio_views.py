"""The sounds of a collection, for the signed-in experimenter.

A sound's address ends in a version (``?v=``) that changes when the collection is imported again,
so that a browser may keep what it got for long. What browsers do not play goes out as a copy that
they do (:mod:`embeddings.listening.playable`).
"""

import re
from datetime import timedelta

from flask import Blueprint, Response, abort, current_app, send_file, url_for

from embeddings.collection.clips import Clip, Collection
from embeddings.listening.levels import PlayingLevels
from embeddings.listening.playable import EDITION, playing_copy, playing_type
from webapp.core import catalogue

bp = Blueprint("audio", __name__)


@bp.app_template_global()
def sound_url(collection: Collection, clip: Clip) -> str:
    """Return the address of a clip's sound."""
    version = re.sub(r"\D", "", collection.info["imported_at"]) + f".{EDITION}"
    return url_for("audio.audio", name=collection.name, clip_id=clip.id, v=version)


@bp.app_template_global()
def levels_of(collection: Collection) -> PlayingLevels | None:
    """Return the common level and the gains of a collection's sounds, or None without loudness."""
    return catalogue.levels(collection)


@bp.get("/audio/<name>/<path:clip_id>")
def audio(name: str, clip_id: str) -> Response:
    """Send a clip's sound, whole or the range that is asked for."""
    collection = catalogue.collection(name)
    row = collection.index.get(clip_id)
    clip = collection.clips[row] if row is not None else None
    if clip is None or not collection.audio_path(clip).is_file():
        abort(404)
    try:
        response = _send(collection, clip)
    except FileNotFoundError:  # a copy that made room for another one, or for nothing
        try:
            response = _send(collection, clip)
        except FileNotFoundError:  # the collection went meanwhile
            abort(404)
    response.cache_control.public = False
    response.cache_control.private = True
    return response


def _send(collection: Collection, clip: Clip) -> Response:
    path = collection.audio_path(clip)
    kind, changed = playing_type(path, clip), path.stat().st_mtime
    settings = current_app.config["SETTINGS"]
    etag: bool | str = True
    if not kind:
        path, kind = playing_copy(collection, clip, 1_000_000 * settings["playing_copies_mb"])
        etag = path.stem  # each request changes a copy's time, and a range must fit the one before
    age = timedelta(days=settings["audio_cache_days"])
    return send_file(
        path,
        mimetype=kind,
        conditional=True,
        etag=etag,
        last_modified=changed,
        max_age=int(age.total_seconds()),
    )
