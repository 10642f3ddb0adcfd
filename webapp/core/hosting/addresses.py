"""Addresses that leave a page: links for raters, and the cookies' path, also under a sub-path."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request, url_for
from flask_babel import gettext as _

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ONLY_HERE = ("127.0.0.1", "localhost", "::1")


class Answer(Response):
    """A response whose cookies stay under the path that a proxy serves the app at."""

    def set_cookie(self, key: str, *args: Any, path: str | None = "/", **options: Any) -> None:
        """Set a cookie; a path that is written without the proxy's own gets it."""
        root, path = request.script_root, path or "/"
        under = path if path.startswith(f"{root}/") else f"{root}{path}"
        super().set_cookie(key, *args, path=under, **options)


def init_app(app: Flask) -> None:
    """Let templates make such addresses, and say in the log where Host headers make them."""
    app.response_class = Answer
    app.jinja_env.globals |= {"public_address": public_address, "link_warning": link_warning}
    settings = app.config["SETTINGS"]
    if settings["trusted_proxies"] and not settings["base_url"] and not app.testing:
        _say_once(app, "trusted_proxies is set")


def without_prefix(app: Flask) -> "WSGIApplication":
    """Return the app for proxies that name a path and leave it on, too, as some do.

    A path that is called as one of the app's own addresses is to be taken off by the proxy.
    """
    inner = app.wsgi_app

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        prefix, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
        if prefix and path.startswith(f"{prefix}/"):
            own = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
            if prefix.split("/")[1] not in own:
                environ["PATH_INFO"] = path.removeprefix(prefix)
        return inner(environ, start_response)

    return answer


def public_address(endpoint: str, **values: Any) -> str:
    """Return an address that others can reach: under base_url, else under this page's host."""
    base = current_app.config["SETTINGS"]["base_url"].rstrip("/")
    if not base:
        return url_for(endpoint, _external=True, **values)
    return base + url_for(endpoint, **values).removeprefix(request.script_root)


def link_warning(only_here: bool = True) -> str:
    """Return what is wrong with the links that pages show now; "" where nothing is.

    `only_here` says whether links that nobody else can use are wrong. Where whoever asks says what
    the host is called, the log says so, too, once.
    """
    settings = current_app.config["SETTINGS"]
    if settings["base_url"]:
        return ""
    here = urlsplit(request.host_url).hostname in _ONLY_HERE
    if here and not settings["trusted_proxies"]:
        return only_here * _(
            "These links begin with an address that only this machine reaches: set base_url in "
            "config.toml, or open this page by the address that raters use."
        )
    _say_once(
        current_app._get_current_object(),  # type: ignore[attr-defined]
        "a page was asked for by the name of another host",
    )
    return _(
        "Raters' links begin with whatever a browser calls this server: set base_url in "
        "config.toml to the address that raters use."
    )


def _say_once(app: Flask, why: str) -> None:
    if not app.extensions.get("sounding_board_host_said"):
        app.extensions["sounding_board_host_said"] = True
        app.logger.warning(
            "base_url is not set although %s: links begin with the Host that a request names. "
            "Set base_url to the address that raters use.",
            why,
        )
