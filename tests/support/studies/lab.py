"""A study of each method, judged as raters judge, for tests of what comes out of one."""

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from embeddings.collection.clips import open_collection
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import write_random_embedding
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import open_embedding, write_embedding
from evaluation.objective.scoring import score_ranking
from evaluation.protocol.reading import parse_protocol
from webapp import create_app
from webapp.core import database
from webapp.core.database import db
from webapp.models import (
    Assignment,
    ExternalId,
    Flag,
    Judgement,
    Listen,
    Preference,
    Slot,
    Study,
)
from webapp.rating import assigning
from webapp.rating.people import invite, withdraw
from webapp.study import lifecycle, opening
from webapp.study.extending import extend_study

METHODS = ("graded", "preference", "rating")
GOOD, RANDOM, OTHER = "good.l2.mcss", "random.l2.mcss", "other.l2.mcss"
NOTE = 'Über "alles",\r\nzwei Zeilen; =1+1\rund\tTab \N{MUSICAL NOTE}'
START = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def protocol(method: str) -> dict[str, object]:
    """Return a study of one method, with all that a bundle can hold."""
    table: dict[str, object] = {
        "slug": f"a-{method}-study",
        "title": "Which one is it?",
        "collection": "small",
        "systems": [GOOD, RANDOM],
        "method": method,
        "depth": 3,
        "raters_per_query": 5,
        "queries": {"clips": ["hum-0", "hiss-1", "beep-2"]},
        "listening": {"sound_check": False},
        "joining": {"open": True, "completion_code": "C0DE", "no_consent_code": "N0"},
        "questionnaire": {
            "before": [
                {"id": "age", "text": "How old\nare you?", "kind": "number"},
                {"id": "ears", "text": "Ears?", "kind": "choice", "choices": ["good", "bad, so"]},
            ],
            "after": [{"id": "note", "text": "Anything else?"}],
        },
    }
    if method == "graded":
        table |= {"scale": {"facets": ["semantic", "acoustic"]}, "largest_block": 9, "depth": 6}
    return table


class Moments:
    """Moments one after the other, each with its own microseconds, and unique ids."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng([seed, 5])
        self.last = START

    def next(self) -> datetime:
        """Return the next moment."""
        self.last += timedelta(microseconds=int(self.rng.integers(10**6, 10**8)))
        return self.last

    def row(self) -> dict[str, object]:
        """Return what every answer has."""
        uuid = UUID(bytes=self.rng.bytes(16), version=4)
        return {"client_uuid": str(uuid), "received_at": self.next()}


def answer(assignment: Assignment, slot: Slot, moments: Moments) -> None:
    """Let a rater hear and grade one place, changing the mind now and then."""
    rng, terms = moments.rng, assignment.rater.study.terms
    db.session.flush()
    listen = {"assignment_id": assignment.id, "slot_id": slot.id, "started_at": moments.next()}
    db.session.add(Listen(seconds=float(rng.random()), **listen, **moments.row()))
    for facet in terms.scale.facets:
        for _ in range(1 + int(rng.integers(2))):
            grade = int(rng.choice(facet.allowed))
            if slot.candidate and slot.candidate.kind == "identity":
                grade = facet.highest
            db.session.add(
                Judgement(
                    slot=slot, facet=facet.name, grade=grade, given_at=moments.next(),
                    listened_seconds=float(rng.random()), heard=float(rng.random()),
                    **moments.row(),
                )
            )  # fmt: skip


def answer_block(assignment: Assignment, moments: Moments) -> None:
    """Let a rater answer a whole block; the first sound of some is reported instead."""
    db.session.flush()
    heard = {"assignment_id": assignment.id, "slot_id": None, "started_at": moments.next()}
    db.session.add(Listen(seconds=1 / 3, **heard, **moments.row()))
    if assignment.rater.study.terms.method == "preference":
        for choice in ("A", "none", "B")[: 1 + int(moments.rng.integers(3))]:
            values = {"choice": choice, "given_at": moments.next(), **moments.row()}
            db.session.add(Preference(assignment_id=assignment.id, **values))
    else:
        reported = assignment.query.clip == "hiss-1"
        if reported:
            flag = {"assignment_id": assignment.id, "slot_id": assignment.slots[0].id}
            db.session.add(Flag(given_at=moments.next(), **flag, **moments.row()))
        for slot in assignment.slots[reported:]:
            answer(assignment, slot, moments)
    assignment.finished_at, assignment.repeated_at = moments.next(), moments.next()
    db.session.commit()


def judge(study: Study, seed: int = 1) -> None:
    """Let three raters judge, of whom one withdraws; a fourth declines, a fifth is half way."""
    people = invite(study, 5)
    moments = Moments(seed)
    for place, rater in enumerate(people[:3]):
        rater.consented_at = rater.checked_at = moments.next()
        rater.headphones = json.dumps([3, 6])
        rater.before = json.dumps({"age": "4", "ears": "bad, so"})
        practice = assigning.practice_assignment(rater)
        assert practice
        answer_block(practice, moments)
        while assignment := assigning.next_assignment(rater):
            answer_block(assignment, moments)
        rater.after, rater.finished_at = json.dumps({"note": NOTE}), moments.next()
        ids = {"study_id": study.id, "rater_id": rater.id, "name": "PROLIFIC_PID"}
        db.session.add(ExternalId(value=f"person-{place}-of-{study.slug}", person=True, **ids))
    people[3].declined_at = moments.next()
    begun = assigning.next_assignment(people[4])
    assert begun
    if study.terms.method != "preference":
        answer(begun, first_that_counts(begun), moments)
    db.session.commit()
    withdraw(people[2])


def first_that_counts(assignment: Assignment) -> Slot:
    """Return the first place, in the rater's random order, whose grade an analysis counts."""
    reported = set(db.session.scalars(sa.select(Slot.candidate_id).join(Flag)))
    return next(
        one for one in assignment.slots
        if one.candidate is None
        or (one.candidate.kind == "result" and not one.repeat and one.candidate_id not in reported)
    )  # fmt: skip


@dataclass(frozen=True)
class Lab:
    """Where the studies were made: the app, and the bundle of each by its slug."""

    app: Flask
    bundles: dict[str, Path]


def run(app: Flask, *args: str) -> Result:
    """Run a command about studies in this app, wherever the test is."""
    with app.app_context():
        return app.test_cli_runner().invoke(args=["studies", *args])


def export(app: Flask, slug: str, path: Path) -> Path:
    """Export a study as the command does."""
    result = run(app, "export", slug, "-o", str(path))
    assert result.exit_code == 0, result.output
    return path


def make_lab(imported: Path, folder: Path) -> None:
    """Make the studies of `lab` in a folder, on a copy of the small collection."""
    shutil.copytree(imported, folder / "data")
    small = open_collection(folder / "data", "small")
    rng = np.random.default_rng(3)
    for name in ("good", "other"):
        meta = {"provenance": "imported", "representation": name.title()}
        write_embedding(small, name, rng.normal(size=(18, 6)), meta)
    write_random_embedding(small)
    for name in ("good", "random", "other"):
        embedding = open_embedding(small, name)
        score_ranking(small, build_ranking(small, embedding, Recipe(pca=None), "mcss"))
    app = create_app({"TESTING": True, "DATA": folder / "data"})
    with app.app_context():
        database.prepare()
        for seed, method in enumerate(METHODS):
            terms = parse_protocol(protocol(method), "the test")
            judge(opening.open_study(lifecycle.create_study(terms)), seed)
        parent = lifecycle.close_study(lifecycle.find_study("a-graded-study"))
        judge(opening.open_study(extend_study(parent, [OTHER])), 9)
    for slug in SLUGS:
        export(app, slug, folder / f"{slug}.zip")


def open_lab(folder: Path) -> Lab:
    """Return the lab that `make_lab` made in a folder."""
    app = create_app({"TESTING": True, "DATA": folder / "data"})
    return Lab(app, {slug: folder / f"{slug}.zip" for slug in SLUGS})


SLUGS = ["a-graded-study", "a-preference-study", "a-rating-study", "a-graded-study-2"]
