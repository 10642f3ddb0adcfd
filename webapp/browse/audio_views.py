"""The sounds of a collection, for the signed-in experimenter.

A sound's address ends in a version (``?v=``) that changes when the collection is imported again,
so that a browser may keep what it got for long.
"""

import re
from datetime import timedelta

from flask import Blueprint, Response, abort, current_app, send_file, url_for

from embeddings.collection.clips import Clip, Collection
from embeddings.listening.levels import PlayingLevels
from webapp.core import catalogue

bp = Blueprint("audio", __name__)


@bp.app_template_global()
def sound_url(collection: Collection, clip: Clip) -> str:
    """Return the address of a clip's sound."""
    version = re.sub(r"\D", "", collection.info["imported_at"])
    return url_for("audio.audio", name=collection.name, clip_id=clip.id, v=version)


@bp.app_template_global()
def levels_of(collection: Collection) -> PlayingLevels | None:
    """Return the common level and the gains of a collection's sounds, or None without loudness."""
    return catalogue.levels(collection)


@bp.get("/audio/<name>/<path:clip_id>")
def audio(name: str, clip_id: str) -> Response:
    """Send a clip's file, whole or the range that is asked for."""
    collection = catalogue.collection(name)
    row = collection.index.get(clip_id)
    path = collection.audio_path(collection.clips[row]) if row is not None else None
    if path is None or not path.is_file():
        abort(404)
    age = timedelta(days=current_app.config["SETTINGS"]["audio_cache_days"])
    response = send_file(path, conditional=True, max_age=int(age.total_seconds()))
    response.cache_control.public = False
    response.cache_control.private = True
    return response
