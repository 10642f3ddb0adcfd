"""Browsers that send no cookie: whether one was lost, or all are refused.

A form without a cookie is refused, since its session cannot be known. One that was lost comes back
with the next answer; whether it does is asked by one round trip: an address of a page with a
parameter, or a field of a form that is shown once more with what was typed. Where none comes then,
either, the browser refuses them, and the rater is told so, instead of being sent round and round.
"""

from flask import current_app, flash, g, request
from flask_babel import gettext as _

ASKED = "cookies"
"""The parameter of an address, and the field of a form, of a page that came with a cookie."""


def none_came() -> bool:
    """Return whether the browser sent no cookie of a session."""
    return not request.cookies.get(current_app.config["SESSION_COOKIE_NAME"])


def are_refused() -> bool:
    """Return whether a browser that was given a cookie with its page came without one."""
    return none_came() and bool(request.values.get(ASKED))


def tell_lost() -> None:
    """Say that a form has to be sent once more; the page that says so asks whether cookies come."""
    g.asks_cookies = none_came()
    flash(_("That page was out of date. Nothing was lost: please send it once more."))
