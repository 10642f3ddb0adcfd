"""What is done with a study as a whole: create, look at, close, remove."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from embeddings import __version__
from embeddings.collection.clips import Collection, open_collection
from embeddings.errors import InputError
from embeddings.systems.store import Ranking, open_ranking
from evaluation.design.pooling import check_depth
from evaluation.design.sampling import draw_queries, settled, unheard_ids
from evaluation.protocol.terms import Protocol
from webapp.core.database import db, now, prepare
from webapp.core.machines import rehearsal_tables
from webapp.logbook import record
from webapp.models import (
    AccessToken,
    Assignment,
    Block,
    BlockItem,
    Browser,
    Candidate,
    CandidateSource,
    CannotSay,
    ExternalId,
    Flag,
    Judgement,
    LastAnswer,
    Listen,
    Preference,
    Query,
    Rater,
    Remark,
    Sitting,
    Slot,
    Study,
    System,
    Withdrawal,
)


def find_study(slug: str) -> Study:
    """Return the study `slug`; raise InputError if there is none."""
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if study is None:
        known = db.session.scalars(sa.select(Study.slug).order_by(Study.slug)).all()
        raise InputError(
            f"There is no study {slug!r}; there are: {', '.join(known) or 'none yet'}."
        )
    return study


def subject(protocol: Protocol) -> tuple[Collection, list[Ranking]]:
    """Return the collection and the rankings of a protocol, checked to be fit for it."""
    if protocol.ends and protocol.ends < now().date().isoformat():
        raise InputError(f"ends must be today or later, not {protocol.ends}.")
    collection = open_collection(current_app.config["DATA"], protocol.collection)
    rankings = [open_ranking(collection, system) for system in protocol.systems]
    check_depth(collection, rankings, protocol.depth)
    return collection, rankings


def create_study(protocol: Protocol, *, parent: str = "", instead_of: str = "") -> Study:
    """Store a study as a draft, with its systems and queries, replacing a draft of the same slug.

    Where it stands `instead_of` a draft of another slug, it replaces that one, and no other. On an
    error nothing is stored or replaced.
    """
    collection, rankings = subject(protocol)
    leave_out = tuple(unheard_ids(collection, protocol.listening.leave_out))
    protocol = replace(
        protocol,
        queries=settled(collection, protocol.queries, rankings, leave_out),
        listening=replace(protocol.listening, leave_out=leave_out),
    )
    drawn = draw_queries(collection, protocol.queries, rankings, leave_out)
    older = db.session.scalar(sa.select(Study).where(Study.slug == protocol.slug))
    if instead_of not in ("", protocol.slug):
        _check_free(protocol.slug)
        older = db.session.scalar(sa.select(Study).where(Study.slug == instead_of))
    renamed = ""
    if older is not None:
        if older.state != "draft":
            raise InputError(
                f"There is a study {older.slug!r} already, and it is {older.state}; "
                "choose another slug."
            )
        if older.slug != protocol.slug:
            renamed = older.slug
            record("renamed", protocol.slug, renamed)
        _delete(older)
    study = Study(
        slug=protocol.slug,
        title=protocol.title,
        protocol=protocol.as_json(),
        protocol_sha256=protocol.sha256(),
        code_version=__version__,
        parent=parent,
        systems=_systems(rankings),
        queries=[
            Query(
                clip=collection.clips[query.row].id, query_class=query.label,
                family=query.family, weight=query.weight,
            )
            for query in drawn
        ],
    )  # fmt: skip
    db.session.add(study)
    record("created" if older is None else "changed", study.slug)
    if parent:
        record("extended", parent, study.slug)
    db.session.commit()
    if renamed:
        rehearsal_tables.drop(db, renamed)
    return study


def close_study(study: Study) -> Study:
    """Close an open study: it takes no more answers, and can be exported and evaluated."""
    if study.state != "open":
        raise InputError(f"The study {study.slug!r} is {study.state}; only an open one is closed.")
    study.state, study.closed_at = "closed", now()
    record("closed", study.slug)
    db.session.commit()
    return study


def rename_study(study: Study, slug: str) -> None:
    """Give a draft another slug; raise InputError for a study that is none, or a slug in use.

    Its rehearsal is dropped: it has the name that the draft had.
    """
    if study.state != "draft":
        raise InputError(f"The study {study.slug!r} is {study.state}; only a draft is renamed.")
    _check_free(slug)
    terms = replace(study.terms, slug=slug)
    before = study.slug
    record("renamed", slug, before)
    study.slug, study.protocol, study.protocol_sha256 = slug, terms.as_json(), terms.sha256()
    db.session.commit()
    rehearsal_tables.drop(db, before)


def archive_study(study: Study, *, away: bool) -> None:
    """Put a study away, or bring it back; raise InputError for one that raters are at."""
    if away and study.state == "open":
        raise InputError(f"The study {study.slug!r} is open; close it before it is archived.")
    if study.archived != away:
        study.archived = away
        record("archived" if away else "brought back", study.slug)
        db.session.commit()


def _check_free(slug: str) -> None:
    if db.session.scalar(sa.select(Study.id).where(Study.slug == slug)):
        raise InputError(f"There is a study {slug!r} already; choose another slug.")


def remove_study(study: Study) -> None:
    """Remove a study that nobody has judged anything in, with its raters and sounds.

    What simulated raters gave goes with it, and tokens of this study alone open nothing more.
    """
    child = db.session.scalar(sa.select(Study.slug).where(Study.parent == study.slug))
    if child:
        raise InputError(f"The study {study.slug!r} is extended by {child!r} and stays.")
    given = next(line.judgements for line in overview() if line.study is study)
    if given and not study.simulated:
        raise InputError(f"The study {study.slug!r} has {given} judgements and stays.")
    slug = study.slug
    _delete(study)
    record("removed", slug)
    over = sa.update(AccessToken).where(AccessToken.study == slug, AccessToken.revoked_at.is_(None))
    db.session.execute(  # another study may have the slug
        over.values(revoked_at=now()), execution_options={"synchronize_session": False}
    )
    db.session.commit()
    shutil.rmtree(study_folder(slug), ignore_errors=True)
    rehearsal_tables.drop(db, slug)


@dataclass(frozen=True, slots=True)
class Overview:
    """A study in one line: how many queries, raters, finished blocks and judgements it has."""

    study: Study
    queries: int
    raters: int
    finished: int
    judgements: int


def overview() -> list[Overview]:
    """Return every study in one line each, the newest first. Practice counts nowhere."""
    queries = _count(sa.select(sa.func.count(Query.id)), Query.study_id, Query.practice.is_(False))
    raters = _count(sa.select(sa.func.count(Rater.id)), Rater.study_id)
    blocks = sa.select(sa.func.count(Assignment.id)).join(Assignment.query)
    finished = _count(
        blocks, Query.study_id, Assignment.finished_at.is_not(None), Query.practice.is_(False)
    )
    given = sa.select(sa.func.count(Judgement.id)).join(Judgement.slot).join(Slot.assignment)
    judged = _count(given.join(Assignment.query), Query.study_id, Query.practice.is_(False))
    chosen = sa.select(sa.func.count(Preference.id)).join(Preference.assignment)
    preferred = _count(chosen.join(Assignment.query), Query.study_id, Query.practice.is_(False))
    unsaid = sa.select(sa.func.count(CannotSay.id)).join(CannotSay.slot).join(Slot.assignment)
    said = _count(unsaid.join(Assignment.query), Query.study_id, Query.practice.is_(False))
    rows = db.session.execute(
        sa.select(Study, queries, raters, finished, judged + preferred + said).order_by(
            Study.id.desc()
        )
    )
    return [Overview(*row) for row in rows]


def _count(query: sa.Select, owner: sa.ColumnElement, *rules: sa.ColumnElement) -> sa.ScalarSelect:
    return query.where(owner == Study.id, *rules).correlate(Study).scalar_subquery()


def study_using(collection: str, system: str | None = None) -> str | None:
    """Return the slug of a study that uses the collection (and the system), or None.

    One that was imported has all it needs in itself, and so has one that nobody judges.
    """
    prepare()
    ours = sa.select(Study).where(Study.imported == "", Study.simulated.is_(False))
    terms = [study.terms for study in db.session.scalars(ours)]
    db.session.rollback()  # nobody has to wait while a question is read
    for one in terms:
        if one.collection == collection and system in (None, *one.systems):
            return one.slug
    return None


def study_folder(slug: str) -> Path:
    """Return where a study keeps its files; in a rehearsal, where that does."""
    if rehearsal_tables.current():
        return rehearsal_tables.folder(slug) / "study"
    return current_app.config["DATA"] / "studies" / slug


def sounds_folder(slug: str) -> Path:
    """Return where the copies that a study's raters hear lie."""
    return study_folder(slug) / "sounds"


def _systems(rankings: Sequence[Ranking]) -> list[System]:
    return [
        System(ranking=ranking.system, title=ranking.title, provenance=ranking.provenance)
        for ranking in rankings
    ]


def _delete(study: Study) -> None:
    """Delete a study's rows, the dependent ones first; judgements stop it (foreign keys).

    Those of the practice page count nowhere, and go, and so do simulated ones.
    """
    queries = sa.select(Query.id).where(Query.study_id == study.id)
    candidates = sa.select(Candidate.id).where(Candidate.query_id.in_(queries))
    blocks = sa.select(Block.id).where(Block.query_id.in_(queries))
    raters = sa.select(Rater.id).where(Rater.study_id == study.id)
    assignments = sa.select(Assignment.id).where(Assignment.rater_id.in_(raters))
    practised = sa.select(Assignment.id).join(Assignment.query)
    practised = practised.where(Query.study_id == study.id)
    if not study.simulated:
        practised = practised.where(Query.practice)
    for rows in (
        sa.delete(Judgement).where(
            Judgement.slot_id.in_(sa.select(Slot.id).where(Slot.assignment_id.in_(practised)))
        ),
        sa.delete(CannotSay).where(
            CannotSay.slot_id.in_(sa.select(Slot.id).where(Slot.assignment_id.in_(practised)))
        ),
        sa.delete(Remark).where(Remark.assignment_id.in_(assignments)),
        sa.delete(Preference).where(Preference.assignment_id.in_(practised)),
        sa.delete(Listen).where(Listen.assignment_id.in_(assignments)),
        sa.delete(Flag).where(Flag.assignment_id.in_(assignments)),
        sa.delete(Slot).where(Slot.assignment_id.in_(assignments)),
        sa.delete(Assignment).where(Assignment.rater_id.in_(raters)),
        sa.delete(BlockItem).where(BlockItem.block_id.in_(blocks)),
        sa.delete(Block).where(Block.query_id.in_(queries)),
        sa.delete(CandidateSource).where(CandidateSource.candidate_id.in_(candidates)),
        sa.delete(Candidate).where(Candidate.query_id.in_(queries)),
        sa.delete(Sitting).where(Sitting.rater_id.in_(raters)),
        sa.delete(LastAnswer).where(LastAnswer.rater_id.in_(raters)),
        sa.delete(Browser).where(Browser.rater_id.in_(raters)),
        sa.delete(ExternalId).where(ExternalId.study_id == study.id),
        sa.delete(Withdrawal).where(Withdrawal.study_id == study.id),
        sa.delete(Rater).where(Rater.study_id == study.id),
        sa.delete(Query).where(Query.study_id == study.id),
        sa.delete(System).where(System.study_id == study.id),
        sa.delete(Study).where(Study.id == study.id),
    ):
        db.session.execute(rows, execution_options={"synchronize_session": False})
    db.session.expire_all()
