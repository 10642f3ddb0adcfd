"""Which other sites may show raters' pages in a frame of theirs, and what that asks of cookies.

No site may unless the setting says so, and none may ever show the experimenter's pages. In a frame
of another site a browser sends cookies only that are marked for it (SameSite=None) and come by
https; a browser that blocks cookies of third parties keeps none at all.
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import Flask, current_app, session
from flask.sessions import SecureCookieSessionInterface

from embeddings.errors import InputError
from evaluation.keys import shown

_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_SITE = re.compile(
    rf"https://(\*\.{_LABEL}(\.{_LABEL})+|{_LABEL}(\.{_LABEL})*)(:[0-9]{{1,5}})?", re.IGNORECASE
)
_RULE = "https://NAME or https://*.NAME, without a path"


class _Sessions(SecureCookieSessionInterface):
    """Flask's own sessions; a rater's cookie may go along into a frame, nobody else's."""

    def get_cookie_samesite(self, app: Flask) -> str | None:
        if "_user_id" in session:  # somebody is signed in
            return app.config["SESSION_COOKIE_SAMESITE"]
        return samesite()


def init_app(app: Flask) -> None:
    """Read the setting, and let cookies follow it."""
    app.config["FRAME_ANCESTORS"] = ancestors(app.config["SETTINGS"])
    app.session_interface = _Sessions()


def ancestors(settings: Mapping[str, Any]) -> str:
    """Return the sites as a browser reads them, "" for none.

    Raises InputError naming what is no site, and where cookies would not come along.
    """
    sites = settings["frame_ancestors"].split()
    for one in sites:
        if not _SITE.fullmatch(one):
            raise InputError(f"frame_ancestors must have sites as {_RULE}, not {shown(one)}.")
    if sites and not settings["secure_cookies"]:
        raise InputError(
            "frame_ancestors needs secure_cookies: in a frame of another site browsers keep no "
            "cookie that could come by http."
        )
    return " ".join(sites)


def samesite() -> str:
    """Return whether a rater's cookie goes along into other sites' frames, as browsers read it."""
    return "None" if current_app.config["FRAME_ANCESTORS"] else "Lax"
