"""What another secret_key signed than this server's: named as that, and not as an attack.

A key is replaced by hand, or by a data folder that was restored without it. Then cookies, pages and
names of sounds of before are good no more, and whoever comes with them is told why. A key's mark
stands in the names of sounds: 16 bits of a keyed hash, which tell keys apart and nothing of them.
Cookies and forms have none: what reads well and has another signature was signed by another key, or
altered on its way.
"""

import hashlib
import hmac
import re
from typing import Any

from flask import current_app, request
from flask.sessions import SecureCookieSessionInterface
from flask_login.utils import decode_cookie
from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer

_MARK = 2  # bytes
_MOST = 1000  # lines of log that one process writes of it
_REMEMBERED = re.compile(r".+\|[0-9a-f]{128}")
_SIGNED = re.compile(r"[\w.-]+\.[\w-]+\.[\w-]{27}")  # as itsdangerous writes it
_CSRF_SALT = "wtf-csrf-token"  # Flask-WTF's


def key_mark(secret: str = "") -> str:
    """Return the mark of a key, the app's unless told, as hexadecimal digits."""
    key = (secret or current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, b"mark:", hashlib.sha256)[:_MARK].hex()


def page_is_other() -> bool:
    """Return whether another key signed the page that a form or an answer comes from."""
    serializer = URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt=_CSRF_SALT)
    sent = request.form.get("csrf_token") or request.headers.get("X-CSRFToken", "")
    return _is_other(serializer, sent) or _session_is_other()


def signin_is_other() -> bool:
    """Return whether another key signed what this browser shows for having signed in."""
    remembered = request.cookies.get(current_app.config["REMEMBER_COOKIE_NAME"], "")
    if _REMEMBERED.fullmatch(remembered) and decode_cookie(remembered) is None:
        return True
    return _session_is_other()


def note_other(what: str, mark: str = "") -> None:
    """Write into the log, once for each key and process, that another key signed something."""
    noted: set[tuple[str, str]] = current_app.extensions.setdefault("other_keys", set())
    if (what, mark) in noted or len(noted) >= _MOST:
        return
    noted.add((what, mark))
    current_app.logger.warning(
        "%s was signed by another secret_key than this server has: its key was replaced, or the "
        "data folder is not the one it was. With the file secret_key of before, it is good again.",
        what,
    )


def _session_is_other() -> bool:
    kept = request.cookies.get(current_app.config["SESSION_COOKIE_NAME"], "")
    interface = current_app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    return _is_other(interface.get_signing_serializer(current_app), kept)


def _is_other(serializer: Any, text: str) -> bool:
    if not _SIGNED.fullmatch(text):
        return False
    try:
        serializer.loads(text)
    except SignatureExpired:
        return False
    except BadData:
        return serializer.loads_unsafe(text)[1] is not None
    return False
