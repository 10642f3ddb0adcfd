"""How the pages of a rater are put together, each for what the rater is at."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from webapp.core.markdown import markdown
from webapp.models import Rater
from webapp.rating import joining, people, reopening, trying
from webapp.rating import judging_page as judging
from webapp.rating.check_page import sitting
from webapp.rating.spoken_terms import asked, spoken_terms


def judging_page(rater: Rater, step: people.Step) -> ResponseReturnValue:
    """Return the page of a block, the one that a step is at or an earlier one that is asked for."""
    page, again = request.args.get("page", type=int), request.args.get(reopening.AGAIN, "")
    view = judging.view(rater, sitting(), step, page, again)
    template = "rating/page.html" if rater.study.terms.method == "graded" else "rating/lists.html"
    instructions = markdown(spoken_terms(rater.study).instructions)
    return show(template, rater, view=view, instructions=instructions)


def questions_page(
    rater: Rater, when: str, values: dict[str, str], errors: dict[str, str], refused: bool = False
) -> ResponseReturnValue:
    """Return a questionnaire with what was typed, and what is wrong with it, by question.

    `refused` says that the browser refuses cookies, so that nothing of it could be stored.
    """
    return show(
        "rating/questions.html",
        rater,
        when=when,
        questions=asked(rater.study, when),
        values=values,
        errors=errors,
        refused=refused,
    )


def end_page(rater: Rater, why: str) -> ResponseReturnValue:
    """Return the page that says why nothing is left to judge, with the code that goes with it."""
    joining = rater.study.terms.joining
    codes = {
        "done": joining.completion_code,
        "declined": joining.no_consent_code,
        "screened": joining.screen_out_code,
        "full": joining.screen_out_code,
    }
    code = codes.get(why, "")
    target = joining.redirect.replace("{code}", code) if code else ""
    done = rater.blocks_done
    return show("rating/end.html", rater, why=why, code=code, redirect=target, done=done)


def show(template: str, rater: Rater, **context: Any) -> str:
    """Return a page of a rater, with what all of them have."""
    return render_template(
        template,
        study=rater.study,
        terms=spoken_terms(rater.study),
        can_withdraw=people.may_withdraw(rater),
        resume=joining.resume_code(rater) if rater.joined else "",
        trying=trying.kind_of(rater.token),
        **context,
    )
