"""One page, or one JSON body, for everything that goes wrong."""

from flask import Flask, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from embeddings.errors import InputError
from webapp.core.health.logs import request_id
from webapp.core.languages.choosing import is_raters
from webapp.core.other_keys import note_other, page_is_other

OTHER_KEY = lazy_gettext(
    "This page was made before the server's key was changed: load it again. Your answers are kept."
)
"""What is said where another secret_key signed a page, or the name of a sound in it."""


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(InputError, input_error)


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer an HTTP error in words."""
    words = {
        403: _("This is not for you to see."),
        404: _("There is nothing at this address."),
        405: _("This address does not answer that."),
        413: _("That is too large."),
        415: _("What was sent cannot be read."),  # Flask's own words are in English
        429: _(
            "Too much was asked at once. Nothing was lost: wait a moment, then load this again."
        ),
        500: _("Something went wrong here. It was not your fault."),
    }
    if isinstance(error, CSRFError) and page_is_other():
        note_other("A page or its cookie")
        return answer(OTHER_KEY, 403, reload=True, other_key=True)
    if isinstance(error, CSRFError):
        sentence = _("This page is out of date: load it again. Nothing was lost.")
        lost = not request.cookies.get(current_app.config["SESSION_COOKIE_NAME"])
        return answer(sentence, 403, reload=True, no_cookie=lost)
    sentence = words.get(error.code or 500) or _own_words(error)
    made = current_app.make_response(answer(sentence, error.code or 500))
    for name, value in error.get_headers():
        if name != "Content-Type":  # Allow, Content-Range and the like belong to the status
            made.headers[name] = value
    return made


def _own_words(error: HTTPException) -> str:
    """Return what an error says itself, unless that is what Werkzeug says of all of its kind."""
    if error.description and error.description != type(error).description:
        return error.description
    if error.code == 400:
        return _("What was sent cannot be read.")
    return _("This cannot be answered.")


def input_error(error: InputError) -> ResponseReturnValue:
    """Answer input that cannot be used with its sentence."""
    return answer(str(error), 400)


def wants_json() -> bool:
    """Return whether who asks is a script: one that says so, or that has a token."""
    return "bearer" in g or request.accept_mimetypes.best == "application/json"


def answer(sentence: object, status: int, **facts: bool) -> ResponseReturnValue:
    """Answer with a sentence, as JSON where that was asked for or sent.

    Where the server itself is at fault the page asks the database nothing, not even who is there;
    a rater's has no menus, whoever looks at it.
    """
    if request.is_json or wants_json():
        return {"error": str(sentence)} | facts, status
    blind = status >= 500 or is_raters()
    page = render_template(
        "error.html", sentence=sentence, status=status, blind=blind, request_id=request_id()
    )
    return page, status
