"""In which language a request is answered: what the rater chose, else what the browser asks for.

Only raters' addresses have a choice; all other pages are in English. A study says in which
languages it is there (`offer`); before it is known, or where there is none, all are.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from urllib.parse import urlencode

from flask import (
    Response,
    after_this_request,
    current_app,
    g,
    has_request_context,
    redirect,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import refresh

from evaluation.protocol.languages import ENGLISH, LANGUAGES, RIGHT_TO_LEFT
from webapp.core.hosting.framing import samesite

PARAMETER = "language"
"""The parameter of an address that asks for a language, and has it remembered."""

_COOKIE = "sounding_board_language"
_KEPT = 400 * 86400  # seconds, the longest that browsers keep a cookie
_RATERS = ("/rate/", "/join/")


def language() -> str:
    """Return the code of the language that this request is answered in."""
    if not has_request_context():
        return ENGLISH
    if "language" not in g:
        g.language = next((one for one in _wanted() if one in _offered()), _offered()[0])
    return g.language


def direction() -> str:
    """Return where lines of that language begin, as HTML says it: "ltr" or "rtl"."""
    return "rtl" if language() in RIGHT_TO_LEFT else "ltr"


def offer(languages: Iterable[str]) -> None:
    """Say in which languages, its own first, a study is there; with none, in English alone."""
    found = tuple(languages) or (ENGLISH,)
    if g.get("offered") != found:
        g.offered = found
        g.pop("language", None)
        refresh()


def offered() -> dict[str, str]:
    """Return the languages that a rater can choose from by their codes; none where there is one."""
    found = _offered() if "offered" in g else ()
    return {one: LANGUAGES[one] for one in found} if len(found) > 1 else {}


def language_address(code: str) -> str:
    """Return where the page that is shown can be had in a language, from where it is."""
    given = request.view_args or {}
    if "token" in given and request.method != "GET":  # what answered a form
        return url_for("rate.page", slug=given["slug"], token=given["token"], language=code)
    return f"?{urlencode([*_arguments(), (PARAMETER, code)])}"


def choose() -> ResponseReturnValue | None:
    """Remember the language that is asked for, and lead an address back to itself without it.

    A form that asks for one, with what was typed in it, is answered in that language.
    """
    given = request.args if request.method == "GET" else request.form
    wanted = given.get(PARAMETER, "")
    if wanted not in LANGUAGES:
        return None
    after_this_request(partial(_remember, wanted))
    if request.method != "GET":
        g.chosen = wanted
        return None
    address, rest = request.script_root + request.path, urlencode(_arguments())
    return redirect(f"{address}?{rest}" if rest else address)


def _remember(code: str, response: Response) -> Response:
    response.set_cookie(
        _COOKIE, code, max_age=_KEPT, path=request.script_root or "/", httponly=True,
        samesite=samesite(), secure=current_app.config["SESSION_COOKIE_SECURE"],
    )  # fmt: skip
    return response


def _arguments() -> list[tuple[str, str]]:
    return [(key, one) for key, one in request.args.items(multi=True) if key != PARAMETER]


def is_raters() -> bool:
    """Return whether an address is one of raters', or what is left of one that was cut."""
    return f"{request.path.rstrip('/')}/".startswith(_RATERS)


def _offered() -> tuple[str, ...]:
    if not is_raters():
        return (ENGLISH,)
    return g.get("offered", tuple(LANGUAGES))


def _wanted() -> Iterator[str]:
    """Yield what was chosen, and then what the browser asks for, most wanted first."""
    yield g.get("chosen", "")
    yield request.cookies.get(_COOKIE, "")
    for tag, quality in request.accept_languages:  # Spanish of Mexico is Spanish
        if quality > 0:
            yield tag.partition("-")[0].lower()
