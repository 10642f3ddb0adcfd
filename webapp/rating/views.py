"""The pages of a rater. Nothing in them tells a system, a rank, a label, a clip or a file."""

import json
from datetime import timedelta

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from embeddings.errors import InputError
from embeddings.listening.copies import MEDIA_TYPES, plain_copy
from webapp.core.database import beside, reading, reads, writing
from webapp.core.error_pages import OTHER_KEY, answer, http_error
from webapp.core.languages.choosing import PARAMETER, choose, offer
from webapp.core.limits import limit
from webapp.core.markdown import markdown
from webapp.core.other_keys import note_other
from webapp.core.security import public
from webapp.models import Rater
from webapp.rating import check_page, cookies, headphones, hearing, people, showing, storing, trying
from webapp.rating.answer_kinds import KINDS
from webapp.rating.answers import finish_page, parse_answer
from webapp.rating.moments import last_elsewhere
from webapp.rating.old_tokens import is_old, open_old_token
from webapp.rating.spoken_terms import spoken_terms
from webapp.rating.tokens import Name, find_thing, open_token, other_mark
from webapp.study.lifecycle import sounds_folder

bp = Blueprint("rate", __name__, url_prefix="/rate/<slug>/<token>")

_CHECKS = {"rate.sound_check": "sound", "rate.headphones": "headphones"}
_MOST_SEEN = 20_000  # links that are remembered


@bp.before_request
def gate() -> ResponseReturnValue | None:
    """Let in who has a rater's link and does not ask too often, before anybody waits for them."""
    slug, token = (str((request.view_args or {})[name]) for name in ("slug", "token"))
    limit(token)
    if not trying.enter(slug, token):
        return _gone()
    seen = _seen_links()
    if (slug, token) not in seen:
        with reading():
            if not people.is_in_use(slug, token):
                return _gone()
        if len(seen) >= _MOST_SEEN:
            seen.clear()
        seen.add((slug, token))
    beside(token)
    return choose()


@bp.errorhandler(CSRFError)
def outdated(error: CSRFError) -> ResponseReturnValue:
    """Show a form once more that came from a page that is out of date, with what was typed."""
    if request.is_json:
        return http_error(error)
    try:
        stopped = gate()
    except HTTPException as too_many:
        return http_error(too_many)
    if stopped is not None:
        return stopped
    given = dict(request.view_args or {})
    rater, when = _rater(given["slug"], given["token"]), str(given.pop("when", ""))
    step, refused = people.where(rater), cookies.are_refused()
    if not refused:
        cookies.tell_lost()
    if when and (step.name, step.when) == ("questions", when):
        answers = people.given_answers(rater, when, request.form)
        return showing.questions_page(rater, when, answers, {}, refused=refused)
    if request.endpoint in _CHECKS and step.name == _CHECKS[request.endpoint]:
        template, shown = check_page.view(rater, step.name)
        return showing.show(template, rater, given=request.form, refused=refused, **shown)
    return _back(**given, **({cookies.ASKED: "asked"} if cookies.none_came() else {}))


@bp.get("")
@public
def page(slug: str, token: str) -> ResponseReturnValue:
    """Show the page that the rater is at on the way from consent to thanks."""
    reads()
    rater = _rater(slug, token)
    if cookies.are_refused():
        return showing.show(
            "rating/cookies.html", rater, own=url_for(".page", slug=slug, token=token)
        )
    step = people.standing(rater)
    if step is None:
        with writing():  # to show it is nothing that anybody should wait for
            step = people.where(_rater(slug, token))
            if step.name == "headphones":
                headphones.drawn_trials(_rater(slug, token))
        rater = _rater(slug, token)
    if step.name in ("practice", "main", "repeat"):
        return showing.judging_page(rater, step)
    if step.name == "consent":
        consent = markdown(spoken_terms(rater.study).consent)
        return showing.show("rating/consent.html", rater, consent=consent)
    if step.name == "questions":
        return showing.questions_page(rater, step.when, {}, {})
    if step.name in ("sound", "headphones"):
        template, shown = check_page.view(rater, step.name)
        return showing.show(template, rater, **shown)
    return showing.end_page(rater, step.name)


@bp.get("/sounds/<sound>")
@public
def sound(slug: str, token: str, sound: str) -> Response:
    """Send the sound that a token stands for, without a word about where it comes from."""
    name = check_page.sound_file(_rater(slug, token), sound)
    if mark := other_mark(sound):
        note_other("The name of a sound", mark)
        return make_response(answer(OTHER_KEY, 404))
    path = sounds_folder(slug) / name
    path = plain_copy(path) if "plain" in request.args else path  # for who plays no Opus
    if not path.is_file():
        abort(404)
    age = int(timedelta(days=current_app.config["SETTINGS"]["audio_cache_days"]).total_seconds())
    mimetype = MEDIA_TYPES[path.suffix]
    response = send_file(path, mimetype=mimetype, conditional=True, etag=False, max_age=age)
    # send_file names the file and its date, which would be the same for every rater
    for header in ("Content-Disposition", "Last-Modified"):
        response.headers.pop(header, None)
    response.cache_control.public = False
    response.cache_control.private = True
    return response


@bp.post("/consent")
@public
def consent(slug: str, token: str) -> ResponseReturnValue:
    """Store whether the rater agrees to take part."""
    rater = _rater(slug, token)
    if people.where(rater).name == "consent":  # not from a page of before, seen again
        people.agree(rater, request.form.get("answer") == "yes")
    return _back(slug, token)


@bp.post("/questions/<any(before, after):when>")
@public
def questions(slug: str, token: str, when: str) -> ResponseReturnValue:
    """Store the answers to a questionnaire, or show what is wrong with them."""
    rater = _rater(slug, token)
    step = people.where(rater)
    if (step.name, step.when) != ("questions", when):
        return _back(slug, token)
    if request.form.get(PARAMETER):  # the menu of languages: nothing is sent yet
        return showing.questions_page(
            rater, when, people.given_answers(rater, when, request.form), {}
        )
    answers, errors = people.answer_questions(rater, when, request.form)
    return showing.questions_page(rater, when, answers, errors) if errors else _back(slug, token)


@bp.post("/sound-check")
@public
def sound_check(slug: str, token: str) -> ResponseReturnValue:
    """Store that the rater set the volume, and whether the beeps were counted right."""
    rater = _rater(slug, token)
    if people.where(rater).name != "sound":
        return _back(slug, token)
    if not hearing.is_asked(rater) or trying.kind_of(token) == trying.PREVIEW:
        people.pass_sound_check(rater)
    elif request.form.get("tries", -1, type=int) == hearing.tries_of(rater):
        count = request.form.get("beeps", -1, type=int)
        if count < 0:
            flash(_("Please type how many beeps you heard, as a number."))
        else:
            hearing.answer(rater, count)
    return _back(slug, token)


@bp.post("/headphones", endpoint="headphones")
@public
def headphone_test(slug: str, token: str) -> ResponseReturnValue:
    """Store one try at the headphone test."""
    rater = _rater(slug, token)
    count = len(json.loads(rater.study.trials))
    given = [request.form.get(f"trial-{number}", "") for number in range(1, count + 1)]
    tries = request.form.get("tries", -1, type=int)
    if people.where(rater).name != "headphones" or tries != headphones.tries_of(rater):
        return _back(slug, token)
    if not headphones.answer(rater, given):
        flash(_("Please play each of the sounds to its end, and answer then."))
    return _back(slug, token)


@public
def take(slug: str, token: str, kind: str) -> ResponseReturnValue:
    """Store one answer and say so only when it is stored. Junk waits for no writer's turn.

    What cannot be stored is answered with {"refused": reason}: the rater's browser keeps it, and
    goes on to the next. It sends again whatever gets any other answer.
    """
    how = KINDS[kind]
    try:
        body = request.get_json()
        given = parse_answer(body, how.moment, how.about)
        name = _opened(slug, token, given.sound)
        if name is None:
            raise LookupError
        preview = trying.kind_of(token) == trying.PREVIEW
        refused = None if preview else storing.store_plainly((slug, token), name, given, kind, body)
        if refused is None:
            rater = _rater(slug, token)
            thing = find_thing(rater, name)
            if thing is None:
                raise LookupError
            if preview:
                how.row(thing, given, body, rater.study.terms)
                return {"saved": given.uuid}
            refused = storing.store(rater.study, name, thing, given, kind, body)
    except LookupError:
        return {"refused": _unknown(given.sound)}, 404
    except InputError as error:
        return {"refused": str(error)}, 400
    except RecursionError:
        return {"refused": _("An answer must be one JSON object.")}, 400
    return ({"refused": refused}, 409) if refused else {"saved": given.uuid}


for _kind, _how in KINDS.items():
    bp.post(f"/{_kind}", endpoint=_how.endpoint, defaults={"kind": _kind})(take)


@bp.get("/elsewhere")
@public
def elsewhere(slug: str, token: str) -> ResponseReturnValue:
    """Say when the last answer was given, if that was in another browser or on another device."""
    reads()
    return {"at": last_elsewhere(_rater(slug, token), check_page.sitting())}


@bp.post("/next")
@public
def finish(slug: str, token: str) -> ResponseReturnValue:
    """Finish the page that was shown, and go on to the next one."""
    opened = _opened(slug, token, request.form.get("block", ""))
    rater = _rater(slug, token)
    thing = find_thing(rater, opened)
    number = request.form.get("page", 1, type=int)
    if trying.kind_of(token) == trying.PREVIEW and thing:
        following = trying.finish_page(thing.assignment, number)
        return redirect(url_for(".page", slug=slug, token=token, page=following or None))
    if rater.study.state == "open" and thing:
        missing = finish_page(thing.assignment, number, rater.study.terms)
        if missing:
            flash(
                ngettext(
                    "One sound has no grade yet.", "%(num)d sounds have no grade yet.", missing
                )
            )
    return _back(slug, token)


@bp.get("/withdraw")
@public
def withdrawal(slug: str, token: str) -> ResponseReturnValue:
    """Ask whether the rater really wants to withdraw."""
    rater = _rater(slug, token)
    return showing.show(
        "rating/withdraw.html", rater, until=rater.study.terms.withdrawal_until or None
    )


@bp.post("/withdraw")
@public
def withdraw(slug: str, token: str) -> ResponseReturnValue:
    """Remove everything that the rater gave."""
    rater = _rater(slug, token)
    study = rater.study
    people.withdraw(rater)
    terms = spoken_terms(study)
    return render_template("rating/end.html", study=study, terms=terms, why="withdrawn", code="",
                           redirect="", done=0, can_withdraw=False)  # fmt: skip


def _unknown(sound: str) -> str:
    """Return why nothing is known of a sound by this name."""
    mark = other_mark(sound)
    if not mark:
        return _("This sound is not one of yours to grade.")
    note_other("The name of a sound", mark)
    return _("This was given on a page from before the server's key was changed.")


def _back(slug: str, token: str, **asked: str) -> ResponseReturnValue:
    return redirect(url_for(".page", slug=slug, token=token, **asked))


def _rater(slug: str, token: str) -> Rater:
    """Return whose a link is; who comes by one that was in use only before is told so."""
    rater = people.find_rater(slug, token)
    if rater is None:
        _seen_links().discard((slug, token))
        abort(make_response(_gone()))
    offer(rater.study.terms.languages)
    return rater


def _seen_links() -> set[tuple[str, str]]:
    """Return the links that this process found in use: for them nobody asks before their turn.

    What a request does it does by `_rater`, which asks in any case.
    """
    return current_app.extensions.setdefault("sounding_board_links", set())


def _gone() -> ResponseReturnValue:
    if request.is_json:
        return {"refused": _("This link is not in use any more.")}, 404
    return render_template("rating/gone.html"), 404


def _opened(slug: str, token: str, name: str) -> Name | None:
    """Return what a token says, before this request takes its turn as a writer."""
    if not is_old(name):
        return open_token(name)
    with reading():
        return open_old_token(_rater(slug, token), name)
