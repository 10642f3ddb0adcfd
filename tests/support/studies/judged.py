"""Raters of the study of tests of the management pages, who judge."""

from datetime import timedelta
from uuid import uuid4

from webapp.core.database import db, now
from webapp.models import Judgement, Rater
from webapp.rating import answers, people

PROTOCOL = """
title = "Which one is it?"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 3
raters_per_query = 2
[queries]
clips = ["hum-0", "hiss-1", "beep-2"]
[controls]
repeat_minutes = 0
[joining]
open = true
"""


def judge(rater: Rater, identity: int, blocks: int | None = None) -> None:
    """Let a rater judge blocks as a browser would, all of them unless told how many."""
    people.pass_sound_check(rater)
    step = people.where(rater)
    while step.assignment is not None:
        for slot in step.assignment.slots:
            if slot.page == step.page:
                grade = {"identity": identity, "distractor": 20}.get(slot.candidate.kind, 60)
                answer(slot.id, grade)
        answers.finish_page(step.assignment, step.page, rater.study.terms)
        if blocks == sum(1 for one in rater.assignments if one.finished_at) - 1:
            return
        step = people.where(rater)


def answer(slot: int, grade: int, minutes: float = 0.0) -> None:
    """Store a grade that was given some minutes ago."""
    when = now() - timedelta(minutes=minutes)
    db.session.add(
        Judgement(
            slot_id=slot, facet="relevance", grade=grade, client_uuid=str(uuid4()),
            listened_seconds=0.6, heard=0.75, given_at=when, received_at=when,
        )
    )  # fmt: skip
    db.session.commit()
