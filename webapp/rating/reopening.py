"""Queries that a rater finished and may go back to: their grades may be changed, by new answers.

For as long as the rater has something to judge, and until the query's repeats are asked: who sees
a first grade again right before would repeat the grade and not the judgement.
"""

from webapp.models import Assignment, Rater
from webapp.rating import assigning, trying
from webapp.rating.answers import answered
from webapp.rating.people import Step
from webapp.rating.tokens import find_thing, open_token

AGAIN = "again"
"""The parameter of the page's address that names a query; and what its step is called."""


def finished(rater: Rater, step: Step) -> list[tuple[int, Assignment]]:
    """Return (number, block) of what can be reopened, in the order in which it was finished.

    The number is the one that the query had in the sitting.
    """
    terms = rater.study.terms
    if terms.pace is None or not terms.pace.reopen or trying.kind_of(rater.token) == trying.PREVIEW:
        return []
    done = [one for one in assigning.blocks_of(rater) if one.finished_at and not one.query.practice]
    done.sort(key=lambda one: (one.finished_at, one.id))
    asked_again = step.assignment.id if step.name == "repeat" and step.assignment else None
    return [
        (number, one)
        for number, one in enumerate(done, 1)
        if one.id != asked_again and not (one.repeated_at and terms.controls.repeats)
    ]


def reopened(rater: Rater, step: Step, name: str) -> tuple[Step, int] | None:
    """Return the step of a finished query by its token, and its number; None where it is none."""
    thing = find_thing(rater, open_token(name))
    if thing is None or thing.slot or thing.candidate:
        return None
    for number, one in finished(rater, step):
        if one.id == thing.assignment.id:
            given = answered(one, rater.study.terms)
            return Step(AGAIN, one, answered=given), number
    return None
