"""The pages of a rater. Nothing in them tells a system, a rank, a label, a clip or a file."""

from datetime import timedelta

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from embeddings.errors import InputError
from webapp import rating
from webapp.database import db, writes
from webapp.models import Candidate, Rater, Sitting
from webapp.security import public
from webapp.studies import sounds_folder

bp = Blueprint("rate", __name__, url_prefix="/rate/<slug>/<token>")


@bp.get("")
@public
def page(slug: str, token: str) -> ResponseReturnValue:
    """Show the rater's current block, or thanks when there is none left."""
    writes()
    rater = _rater(slug, token)
    if rater.study.state != "open":
        return render_template("rate_end.html", study=rater.study, closed=True)
    assignment = rating.current_assignment(rater)
    done = sum(1 for other in rater.assignments if other.finished_at)
    if assignment is None:
        return render_template("rate_end.html", study=rater.study, closed=False, done=done)
    sitting = _sitting(rater)
    candidates = rating.ordered_candidates(assignment)
    given = rating.grades_given(rater, assignment)
    return render_template(
        "rate.html",
        study=rater.study,
        terms=rater.study.terms,
        query=rating.sound_token(sitting, assignment.query),
        candidates=[(rating.sound_token(sitting, one), given.get(one.id)) for one in candidates],
        done=done,
        blocks=len(rater.study.queries),
        graded=len(given),
    )


@bp.get("/sounds/<sound>")
@public
def sound(slug: str, token: str, sound: str) -> Response:
    """Send the sound that a token stands for, without a word about where it comes from."""
    rater = _rater(slug, token)
    found = rating.find_sound(rater, sound)
    if found is None:
        abort(404)
    age = int(timedelta(days=current_app.config["SETTINGS"]["audio_cache_days"]).total_seconds())
    path = sounds_folder(slug) / found[1].sound
    response = send_file(path, mimetype="audio/flac", conditional=True, etag=False, max_age=age)
    # send_file names the file and its date, which would be the same for every rater
    for header in ("Content-Disposition", "Last-Modified"):
        response.headers.pop(header, None)
    response.cache_control.public = False
    response.cache_control.private = True
    return response


@bp.post("/grades")
@public
def grade(slug: str, token: str) -> ResponseReturnValue:
    """Store one grade and say so only when it is stored.

    A grade that can never be stored is answered with {"refused": reason}; the rater's browser
    keeps and sends again whatever gets any other answer.
    """
    rater = _rater(slug, token)
    allowed = [value for value, _words in rater.study.terms.scale.anchors]
    try:
        given = rating.parse_grade(request.get_json(), allowed)
    except InputError as error:
        return {"refused": str(error)}, 400
    except RecursionError:
        return {"refused": _("A grade must be one JSON object.")}, 400
    found = rating.find_sound(rater, given.sound)
    if found is None or not isinstance(found[1], Candidate):
        return {"refused": _("This sound is not one of yours to grade.")}, 404
    if rater.study.state != "open":
        return {"refused": _("The study is closed; it takes no more grades.")}, 409
    if not rating.store_grade(rater, found[0], found[1], given):
        return {"refused": _("Another grade has this grade's id already.")}, 409
    return {"saved": given.uuid}


@bp.post("/next")
@public
def finish(slug: str, token: str) -> ResponseReturnValue:
    """Finish the block that the page shows, and go on to the next one."""
    rater = _rater(slug, token)
    found = rating.find_sound(rater, request.form.get("block", ""))
    if rater.study.state == "open" and found:
        missing = rating.finish(rater, found[0])
        if missing:
            flash(
                ngettext(
                    "One sound has no grade yet.", "%(num)d sounds have no grade yet.", missing
                )
            )
    return redirect(url_for(".page", slug=slug, token=token))


def _rater(slug: str, token: str) -> Rater:
    rater = rating.find_rater(slug, token)
    if rater is None:
        abort(404)
    return rater


def _sitting(rater: Rater) -> Sitting:
    """Return the sitting of this browser, a new one where it has none of this rater."""
    key = f"sitting-{rater.id}"
    sitting = db.session.get(Sitting, session[key]) if key in session else None
    if sitting is None or sitting.rater_id != rater.id:
        sitting = rating.start_sitting(rater)
        session[key] = sitting.id
    return sitting
