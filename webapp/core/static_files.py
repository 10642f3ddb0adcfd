"""Styles and scripts under addresses that change with what is in them, kept for a year.

One hash of the whole folder is a folder of the address, so that what one script imports of another
by a relative address has it, too.
"""

import re
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from flask import Flask, Response, abort, current_app, request, send_from_directory

from webapp.core.sent import smaller
from webapp.core.sent.joined import FOLDER, is_joined, joined

ENDPOINTS = frozenset({"static", "bootstrap.static", "old_static", FOLDER})
"""Who answers such files: for everybody, and without the database."""

_HASH = 12  # hexadecimal digits
_OLD = re.compile(rf"[0-9a-f]{{{_HASH}}}/")


def hashed(folder: Path) -> str:
    """Return a folder's address with its hash; Bootstrap's version, beside it, is in the hash."""
    told = sha256(version("bootstrap-flask").encode())
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        told.update(f"\0{path.relative_to(folder).as_posix()}\0".encode())
        told.update(sha256(path.read_bytes()).digest())
    return f"/static/{told.hexdigest()[:_HASH]}"


def init_app(app: Flask) -> None:
    """Let browsers keep what has a hash, and answer pages that an older version sent."""
    app.after_request(_keep)
    smaller.init_app(app)
    app.add_url_rule(f"{app.static_url_path}/{FOLDER}/<path:filename>", FOLDER, _joined)
    app.add_url_rule("/static/<path:filename>", "old_static", _old)


def _keep(response: Response) -> Response:
    if request.endpoint in ENDPOINTS - {"old_static"} and response.status_code in (200, 206, 304):
        kept = "no-cache" if current_app.debug else "public, max-age=31536000, immutable"
        response.headers["Cache-Control"] = kept
    return response


def _joined(filename: str) -> Response:
    """Send what several files are joined to."""
    if not is_joined(filename):
        abort(404)
    if current_app.debug:
        joined.cache_clear()  # somebody works on them
    content = joined(Path(str(current_app.static_folder)), filename)
    kind = "text/css" if filename.endswith(".css") else "text/javascript"
    return Response(content, content_type=f"{kind}; charset=utf-8")


def _old(filename: str) -> Response:
    """Send a file that a page of before asks for, as it is now; nobody keeps it as that."""
    name = _OLD.sub("", filename, count=1) if _OLD.match(filename) else filename
    folder, _, rest = name.partition("/")
    if folder == FOLDER and is_joined(rest):
        answer = _joined(rest)
        answer.cache_control.no_cache = True
        return answer
    return send_from_directory(str(current_app.static_folder), name)
