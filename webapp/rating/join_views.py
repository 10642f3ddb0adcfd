"""Where raters come in who have no personal link: /join/SLUG.

Looking takes nobody's place: whoever comes reads what they would agree to, and has a place when
they agree. What a browser reaches a place with, its secret, is in its cookie before that, so that
an answer that got lost on its way is no place lost.
"""

import secrets
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import (
    Blueprint,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from embeddings.errors import InputError
from webapp.core.database import beside, db, reading
from webapp.core.error_pages import http_error
from webapp.core.hosting.framing import samesite
from webapp.core.languages.choosing import choose, offer
from webapp.core.limits import limit
from webapp.core.markdown import markdown
from webapp.core.security import public
from webapp.models import Rater, Study
from webapp.rating import cookies, joining, people
from webapp.rating.spoken_terms import spoken_terms

bp = Blueprint("join", __name__)

_COOKIE = "sounding_board_browser"
_KEPT = 400 * 86400  # seconds, the longest that browsers keep a cookie
_LONGEST = 100  # characters of a secret, which have 32


@bp.before_request
def gate() -> ResponseReturnValue | None:
    """Count who comes."""
    limit()
    beside()
    return choose()


@bp.errorhandler(CSRFError)
def outdated(error: CSRFError) -> ResponseReturnValue:
    """Find out whether a browser that sends no cookie refuses them."""
    if request.is_json or not cookies.none_came():
        return http_error(error)
    try:
        gate()
    except HTTPException as too_many:
        return http_error(too_many)
    asked = [*request.args.items(multi=True), (cookies.ASKED, "asked")]
    return redirect(f"?{urlencode(asked)}", 303)


@bp.get("/join/<slug>")
@public
def join(slug: str) -> ResponseReturnValue:
    """Show what one would agree to, or lead back to one's place. Nothing is stored."""
    if request.method == "HEAD":
        return ""
    study, rater = _who(slug)
    if cookies.are_refused():
        return _refused(study)
    if rater is not None:
        return _back(study, rater)
    if not people.is_open(study):
        return _end(study, "closed")
    joining.check_joining(study, request.args)
    if joining.is_full(study):
        return _end(study, "full")
    return _ask(study, "begin")


@bp.post("/join/<slug>")
@public
def begin(slug: str) -> ResponseReturnValue:
    """Give somebody who agrees a place, or let another browser of theirs reach it."""
    with reading():  # who comes by no good address waits for nobody
        _who(slug)
    study, rater = _who(slug)  # once more: a place that was there may be gone
    answer, secret = request.form.get("answer"), _secret()
    if rater is not None:
        if secret:
            joining.let_in(rater, secret, request.form.get("code", ""))
        return _back(study, rater)
    if not people.is_open(study):
        return _end(study, "closed")
    if answer == "no":
        joining.check_joining(study, request.args)
        return _end(study, "declined", study.terms.joining.no_consent_code)
    if answer == "yes" and secret:
        rater = joining.join(study, request.args, secret)
        return _end(study, "full") if rater is None else _back(study, rater)
    return redirect(f"?{request.query_string.decode(errors='replace')}")  # here, once more


def _refused(study: Study) -> ResponseReturnValue:
    """Say that cookies are refused, and lead back to the address that led here."""
    rest = [(key, one) for key, one in request.args.items(multi=True) if key != cookies.ASKED]
    own = f"{request.script_root}{request.path}{'?' if rest else ''}{urlencode(rest)}"
    terms = spoken_terms(study)
    return render_template(
        "rating/cookies.html", study=study, terms=terms, can_withdraw=False, own=own
    )


def _who(slug: str) -> tuple[Study, Rater | None]:
    """Return the study, and the rater that the address or this browser names, if there is one."""
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug, Study.state != "draft"))
    if study is None:
        abort(404)
    offer(study.terms.languages)
    try:
        person = joining.person_of(study, request.args)
    except InputError:
        if people.is_open(study):
            raise
        return study, None
    rater = joining.known(study, person, _secret())
    if rater is None and not person:
        rater = joining.rater_of_session(study, session.get(f"joined-{study.id}", ""))
    return study, rater


def _back(study: Study, rater: Rater) -> ResponseReturnValue:
    """Lead a browser to the rater's place, if it may; else say how it may."""
    asked = study.terms.joining.ids
    if not asked or joining.holds(rater, _secret()):
        return redirect(url_for("rate.page", slug=study.slug, token=rater.token))
    if joining.is_unclaimed(rater):
        return _ask(study, "again")
    wrong = request.method == "POST" and bool(request.form.get("code"))
    return _with_secret(study, "rating/elsewhere.html", wrong=wrong), 403


def _ask(study: Study, why: str) -> ResponseReturnValue:
    """Ask for consent, or to begin; "again" asks somebody of before to go on."""
    told = spoken_terms(study).consent if why == "begin" else ""
    consent = markdown(told) if told else ""
    return _with_secret(study, "rating/join.html", consent=consent, why=why)


def _with_secret(study: Study, template: str, **context: Any) -> Any:
    """Show a page, and give the browser its secret if it has none."""
    terms = spoken_terms(study)
    page = render_template(template, study=study, terms=terms, can_withdraw=False, **context)
    response = make_response(page)
    if not _secret():
        response.set_cookie(
            _COOKIE, secrets.token_urlsafe(24), max_age=_KEPT, path=url_for(".join", slug=""),
            httponly=True, samesite=samesite(), secure=current_app.config["SESSION_COOKIE_SECURE"],
        )  # fmt: skip
    return response


def _secret() -> str:
    """Return this browser's secret, "" where it has none."""
    secret = request.cookies.get(_COOKIE, "")
    return secret if len(secret) <= _LONGEST else ""


def _end(study: Study, why: str, code: str = "") -> ResponseReturnValue:
    target = study.terms.joining.redirect.replace("{code}", code) if code else ""
    return render_template(
        "rating/end.html", study=study, terms=spoken_terms(study), why=why, code=code,
        redirect=target, done=0, can_withdraw=False,
    )  # fmt: skip
