"""Closed unless opened: who may see what, and the headers of every response."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, Response, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp.core.database import READING
from webapp.core.error_pages import answer, wants_json
from webapp.core.hosting import framing
from webapp.core.hosting.addresses import without_prefix
from webapp.core.languages.choosing import is_raters
from webapp.core.other_keys import note_other, signin_is_other
from webapp.core.static_files import ENDPOINTS

View = TypeVar("View", bound=Callable)

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",  # Bootstrap's own icons are data: images in its style sheet
    "media-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def policy(**directives: str) -> str:
    """Return the Content-Security-Policy, with some directives (style_src_attr) of a page's own."""
    own = {name.replace("_", "-"): value for name, value in directives.items()}
    return "; ".join(f"{name} {value}" for name, value in (_POLICY | own).items())


CONTENT_SECURITY_POLICY = policy()

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # same-origin and not no-referrer: over https the CSRF check reads the referrer
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}


def public(view: View) -> View:
    """Open a view to people who are not signed in. All others are for the experimenter."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def viewers_too(view: View) -> View:
    """Let viewers change something by a view: what is their own, and no study. No other one may."""
    view.is_for_viewers = True  # type: ignore[attr-defined]
    return view


def owners_only(view: View) -> View:
    """Keep from viewers what a view shows: keys of raters, ids of people, forms to be sent."""
    view.is_for_owners = True  # type: ignore[attr-defined]
    return view


def opened_by(*scopes: str) -> Callable[[View], View]:
    """Open a view that reads to scripts, by a token of one of these scopes; no other view is."""

    def mark(view: View) -> View:
        view.scopes = scopes  # type: ignore[attr-defined]
        return view

    return mark


def init_app(app: Flask) -> None:
    """Guard every view that is not public, and set the security headers."""
    proxies = app.config["SETTINGS"]["trusted_proxies"]
    if proxies:
        app.wsgi_app = without_prefix(app)  # type: ignore[method-assign]
        which = dict.fromkeys(("x_for", "x_proto", "x_host", "x_prefix"), proxies)
        app.wsgi_app = ProxyFix(app.wsgi_app, **which)  # type: ignore[method-assign]
    framing.init_app(app)
    app.before_request(_guard)
    app.after_request(_set_headers)


def _guard() -> ResponseReturnValue | None:
    if request.endpoint in (None, *ENDPOINTS):
        return None  # an unknown address is answered by the 404 page
    view = current_app.view_functions[request.endpoint]
    if getattr(view, "is_public", False):
        return None
    if g.get("bearer"):  # a token of this view's scope: see webapp.signin.access_tokens
        return None
    if not current_user.is_authenticated:
        return closed()
    if current_user.may_change or _is_for_viewers(view):
        return None
    if request.method in READING:
        return answer(_("Only owners see this; your account is a viewer's."), 403)
    return answer(_("Nothing was changed: your account is a viewer's, which may look only."), 403)


def closed() -> ResponseReturnValue:
    """Answer a stranger: only who is signed in sees that."""
    if wants_json():
        return answer(_("Only who is signed in, or has a token for it, sees this."), 401)
    other_key = signin_is_other()
    if other_key:
        note_other("A browser's sign-in")
    return render_template("signin/page.html", other_key=other_key), 401


def _is_for_viewers(view: Callable) -> bool:
    """Return whether a viewer gets a view by this method: to look, unless it says otherwise."""
    if request.method in READING:
        return not getattr(view, "is_for_owners", False)
    return getattr(view, "is_for_viewers", False)


def _set_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if (sites := current_app.config["FRAME_ANCESTORS"]) and is_raters():
        response.headers["Content-Security-Policy"] = policy(frame_ancestors=sites)
        del response.headers["X-Frame-Options"]  # it knows no sites but this one
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-cache"
    return response
