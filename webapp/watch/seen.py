"""How the running app was reached: what it tells `flask doctor`, and nobody else.

Who asks shows that they hold the secret key, by a signature that is good for a minute.
"""

import os
import sys
import time
from typing import Any

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from embeddings import __version__
from webapp.core.metrics import FOLDER

HEADER = "X-Sounding-Board-Doctor"
_SALT = "doctor"
_GOOD = 60  # seconds


def question(key: str) -> str:
    """Return a header's value that shows that who asks holds the secret key."""
    return URLSafeTimedSerializer(key, salt=_SALT).dumps("seen")


def is_asked(value: str) -> bool:
    """Say whether a header's value is one of `question`, made a minute ago at most."""
    if not value:
        return False
    try:
        key = current_app.config["SECRET_KEY"]
        return URLSafeTimedSerializer(key, salt=_SALT).loads(value, max_age=_GOOD) == "seen"
    except BadSignature:
        return False


def seen() -> dict[str, Any]:
    """Return how this request came in, and what serves it."""
    environ = request.environ
    before = environ.get("werkzeug.proxy_fix.orig", environ)
    return {
        "scheme": request.scheme,
        "host": request.host,
        "address": request.remote_addr or "",
        "peer": before.get("REMOTE_ADDR") or "",
        "forwarded_for": request.headers.get("X-Forwarded-For", ""),
        "server": environ.get("SERVER_SOFTWARE", ""),
        "threads": bool(environ.get("wsgi.multithread")),
        "processes": bool(environ.get("wsgi.multiprocess")),
        "shared_metrics": bool(os.environ.get(FOLDER)),
        "version": __version__,
        "python": sys.version.split()[0],
        "database": current_app.config["SETTINGS"]["database_url"].partition(":")[0] or "sqlite",
        "settings": {
            name: current_app.config["SETTINGS"][name]
            for name in ("base_url", "secure_cookies", "trusted_proxies")
        },
        "time": time.time(),
    }
