"""The sounds of a collection, for the signed-in experimenter."""

from datetime import timedelta

from flask import Blueprint, Response, abort, current_app, send_file

from webapp import catalogue

bp = Blueprint("audio", __name__)


@bp.get("/audio/<name>/<path:clip_id>")
def audio(name: str, clip_id: str) -> Response:
    """Send a clip's file, whole or the range that is asked for."""
    collection = catalogue.collection(name)
    row = collection.index.get(clip_id)
    path = collection.audio_path(collection.clips[row]) if row is not None else None
    if path is None or not path.is_file():
        abort(404)
    age = timedelta(days=current_app.config["SETTINGS"]["audio_cache_days"])
    return send_file(path, conditional=True, max_age=int(age.total_seconds()))
