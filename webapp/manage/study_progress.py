"""How far a study is: coverage, pace, what raters reported. Practice counts nowhere."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from embeddings.files import as_stream
from webapp.core.database import db, now
from webapp.models import (
    Assignment,
    Block,
    Candidate,
    Flag,
    Judgement,
    Preference,
    Query,
    Rater,
    Slot,
    Study,
    System,
    Withdrawal,
)
from webapp.study import lifecycle
from webapp.study.lifecycle import Overview, study_folder

ACTIVE = timedelta(minutes=10)
"""Who answered since is at it now."""

HOURS = 24
"""For how many hours judgements are counted one by one."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of the blocks that are wanted are finished, or kept for a rater who is at them.

    `wanted` is None where everybody who comes judges every query.
    """

    finished: int
    running: int = 0
    wanted: int | None = None

    @property
    def part(self) -> float:
        """The share that is finished, in [0, 1]; 0 where no number is wanted."""
        return min(1.0, self.finished / self.wanted) if self.wanted else 0.0

    @property
    def part_running(self) -> float:
        """The share that raters are at, in [0, 1 - part]."""
        return min(1.0 - self.part, self.running / self.wanted) if self.wanted else 0.0


@dataclass(frozen=True, slots=True)
class Covered:
    """How far one query is."""

    query: Query
    share: Share


@dataclass(frozen=True, slots=True)
class Reported:
    """A sound that raters reported as broken: its clip, or the system whose list it was in."""

    clip: str
    list_of: str
    query: str
    raters: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study is.

    Attributes
    ----------
    share : of all its blocks
    queries : each query
    judgements : grades and choices, changes of mind counted, too
    hours : (beginning of the hour, judgements), the last one is going on
    invited, begun, active, done : raters: all, with a block, at it now, at the end
    withdrawn, removed : raters who withdrew, and their judgements
    reported : sounds that raters reported
    levels : (clip, loudness in LUFS or "", note) of sounds that fall short of the common level
    """

    share: Share
    queries: list[Covered]
    judgements: int
    hours: list[tuple[datetime, int]]
    invited: int
    begun: int
    active: int
    done: int
    withdrawn: int
    removed: int
    reported: list[Reported]
    levels: list[tuple[str, str, str]]

    @property
    def busiest(self) -> int:
        """The most judgements in one of the hours."""
        return max(count for _, count in self.hours)


def overview() -> list[tuple[Overview, Share]]:
    """Return every study in a line, the newest first, and how much of it is done."""
    rows = db.session.execute(
        sa.select(Query.study_id, sa.func.count(Block.id))
        .join(Block.query)
        .where(Query.practice.is_(False))
        .group_by(Query.study_id)
    )
    blocks = dict(tuple(row) for row in rows)
    return [
        (
            line,
            Share(line.finished, wanted=_wanted(line.study, blocks.get(line.study.id, 0)) or None),
        )
        for line in lifecycle.overview()
    ]


def progress(study: Study) -> Progress:
    """Return how far a study is at this moment."""
    at = now()
    queries = _coverage(study, at)
    shares = [one.share for one in queries]
    hour = at.replace(minute=0, second=0, microsecond=0)
    since = hour - timedelta(hours=HOURS - 1)
    answers = _answers(study, min(since, at - ACTIVE))
    counts = Counter(when.replace(minute=0, second=0, microsecond=0) for when, _ in answers)
    people = sa.select(sa.func.count(Rater.id)).where(Rater.study_id == study.id)
    withdrawn, removed = db.session.execute(
        sa.select(sa.func.count(Withdrawal.id), sa.func.sum(Withdrawal.judgements)).where(
            Withdrawal.study_id == study.id
        )
    ).one()
    return Progress(
        share=Share(
            sum(one.finished for one in shares),
            sum(one.running for one in shares),
            sum(one.wanted or 0 for one in shares) or None,
        ),
        queries=queries,
        judgements=sum(db.session.scalar(_counted(rows)) or 0 for rows, _ in _given(study)),
        hours=[
            (since + timedelta(hours=step), counts[since + timedelta(hours=step)])
            for step in range(HOURS)
        ],
        invited=db.session.scalar(people) or 0,
        begun=db.session.scalar(people.where(Rater.assignments.any())) or 0,
        active=len({rater for when, rater in answers if when > at - ACTIVE}),
        done=db.session.scalar(people.where(Rater.finished_at.is_not(None))) or 0,
        withdrawn=withdrawn,
        removed=removed or 0,
        reported=_reported(study),
        levels=_levels(study.slug),
    )


def _wanted(study: Study, blocks: int) -> int | None:
    return blocks * study.terms.raters_per_query if study.terms.raters_per_query else None


def _coverage(study: Study, at: datetime) -> list[Covered]:
    finished = Assignment.finished_at.is_not(None)
    running = sa.and_(Assignment.finished_at.is_(None), Assignment.lease_until > at)
    rows = db.session.execute(
        sa.select(
            Query,
            sa.func.count(sa.distinct(Block.id)),
            sa.func.count(sa.case((finished, Assignment.id))),
            sa.func.count(sa.case((running, Assignment.id))),
        )
        .outerjoin(Block, Block.query_id == Query.id)
        .outerjoin(Assignment, Assignment.block_id == Block.id)
        .where(Query.study_id == study.id, Query.practice.is_(False))
        .group_by(Query.id)
        .order_by(Query.id)
    )
    return [
        Covered(query, Share(done, at_it, _wanted(study, blocks)))
        for query, blocks, done, at_it in rows
    ]


def _given(study: Study) -> list[tuple[sa.Select, sa.ColumnElement[datetime]]]:
    """Return selects of (when it came, rater) of every grade and of every choice, and the when."""
    grades = sa.select(Judgement.received_at, Assignment.rater_id).join(Judgement.slot)
    choices = sa.select(Preference.received_at, Assignment.rater_id)
    ours = Query.study_id == study.id, Query.practice.is_(False)
    return [
        (rows.join(Assignment.query).where(*ours), when)
        for rows, when in (
            (grades.join(Slot.assignment), Judgement.received_at),
            (choices.join(Preference.assignment), Preference.received_at),
        )
    ]


def _counted(rows: sa.Select) -> sa.Select:
    return sa.select(sa.func.count()).select_from(rows.subquery())


def _answers(study: Study, since: datetime) -> Sequence[tuple[datetime, int]]:
    """Return (when it came, rater) of every grade and choice since then."""
    return [
        (came, rater)
        for rows, when in _given(study)
        for came, rater in db.session.execute(rows.where(when >= since))
    ]


def _reported(study: Study) -> list[Reported]:
    """Return the sounds that were reported as broken, those that most raters reported first."""
    rows = db.session.execute(
        sa.select(
            Candidate.clip,
            System.title,
            Query.clip,
            sa.func.count(sa.distinct(Assignment.rater_id)).label("raters"),
        )
        .select_from(Flag)
        .join(Assignment, Flag.assignment_id == Assignment.id)
        .join(Assignment.query)
        .outerjoin(Slot, Flag.slot_id == Slot.id)
        .outerjoin(
            Candidate,
            Candidate.id == sa.func.coalesce(Flag.candidate_id, Slot.candidate_id),
        )
        .outerjoin(System, Slot.system_id == System.id)
        .where(Query.study_id == study.id, Query.practice.is_(False))
        .group_by(Candidate.clip, System.title, Query.clip)
        .order_by(sa.desc("raters"), Query.clip)
    )
    return [
        Reported(clip or ("" if title else query), title or "", query, raters)
        for clip, title, query, raters in rows
    ]


def _levels(slug: str) -> list[tuple[str, str, str]]:
    path = study_folder(slug) / "levels.csv"
    if not path.is_file():
        return []
    return [
        (row["clip"], row["loudness_lufs"], row["note"])
        for row in csv.DictReader(as_stream(path))
        if row["note"]
    ]
