"""Styles and scripts under addresses that change with what is in them, kept for a year.

One hash of the whole folder is a folder of the address, so that what one script imports of another
by a relative address has it, too.
"""

import re
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from flask import Flask, Response, current_app, request, send_from_directory

ENDPOINTS = frozenset({"static", "bootstrap.static", "old_static"})
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
    app.add_url_rule("/static/<path:filename>", "old_static", _old)


def _keep(response: Response) -> Response:
    if request.endpoint in ENDPOINTS - {"old_static"} and response.status_code in (200, 206, 304):
        kept = "no-cache" if current_app.debug else "public, max-age=31536000, immutable"
        response.headers["Cache-Control"] = kept
    return response


def _old(filename: str) -> Response:
    """Send a file that a page of before asks for, as it is now; nobody keeps it as that."""
    name = _OLD.sub("", filename, count=1) if _OLD.match(filename) else filename
    return send_from_directory(str(current_app.static_folder), name)
