"""What is done with a study: create, open, invite, look at, export."""

import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from embeddings import __version__
from embeddings.audio import write_plain_copy
from embeddings.collection import Collection, open_collection
from embeddings.errors import InputError
from embeddings.files import whole_folder
from embeddings.parallel import Failure, default_workers, in_parallel
from embeddings.progress import progress
from embeddings.store import Ranking, open_ranking
from evaluation.exchange import JudgementRecord, judgements_csv
from evaluation.pooling import Candidate as Pooled
from evaluation.pooling import check_depth, draw_queries, pool
from evaluation.protocol import Protocol
from webapp.database import db, now, prepare
from webapp.models import (
    Assignment,
    Candidate,
    CandidateSource,
    Judgement,
    Query,
    Rater,
    Sitting,
    Study,
    System,
)

MOST_INVITED = 1000


def find_study(slug: str) -> Study:
    """Return the study `slug`; raise InputError if there is none."""
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if study is None:
        known = db.session.scalars(sa.select(Study.slug).order_by(Study.slug)).all()
        raise InputError(
            f"There is no study {slug!r}; there are: {', '.join(known) or 'none yet'}."
        )
    return study


def create_study(protocol: Protocol) -> Study:
    """Store a study as a draft, with its systems and queries, replacing a draft of the same slug.

    On an error nothing is stored or replaced.
    """
    collection, rankings = _subject(protocol)
    drawn = draw_queries(collection, protocol.queries, rankings)
    older = db.session.scalar(sa.select(Study).where(Study.slug == protocol.slug))
    if older is not None:
        if older.state != "draft":
            raise InputError(
                f"There is a study {protocol.slug!r} already, and it is {older.state}; "
                "choose another slug."
            )
        _delete(older)
    study = Study(
        slug=protocol.slug,
        title=protocol.title,
        protocol=protocol.as_json(),
        protocol_sha256=protocol.sha256(),
        code_version=__version__,
        systems=[
            System(ranking=ranking.system, title=ranking.title, provenance=ranking.provenance)
            for ranking in rankings
        ],
        queries=[
            Query(clip=collection.clips[query.row].id, query_class=query.label, family=query.family)
            for query in drawn
        ],
    )
    db.session.add(study)
    db.session.commit()
    return study


def open_study(study: Study, workers: int | None = None) -> Study:
    """Freeze a draft: build the pools, copy the sounds that raters will hear, let raters in.

    The copies have random names and no tags, so that nothing in them tells a clip.
    """
    _check_draft(study)
    slug, protocol = study.slug, study.terms
    collection, rankings = _subject(protocol)
    pools = {
        query.clip: pool(rankings, collection.index[query.clip], protocol.depth)
        for query in study.queries
    }
    heard = set(pools) | {collection.clips[one.row].id for one in chain(*pools.values())}
    db.session.rollback()  # copying takes a while, and must not keep others from writing
    with whole_folder(sounds_folder(slug)) as folder:
        sounds = _copy_sounds(collection, sorted(heard), folder, workers or default_workers())
    try:
        study = find_study(slug)
        _check_draft(study)
        systems = {system.ranking: system for system in study.systems}
        for query in study.queries:
            query.sound = sounds[query.clip]
            query.candidates = [
                _candidate(collection, found, sounds, systems) for found in pools[query.clip]
            ]
        study.state, study.opened_at, study.code_version = "open", now(), __version__
        db.session.commit()
    except BaseException:
        db.session.rollback()
        shutil.rmtree(sounds_folder(slug))
        raise
    return study


def remove_study(study: Study) -> None:
    """Remove a study that nobody has judged anything in yet, with its raters and sounds."""
    given = db.session.scalar(
        sa.select(sa.func.count(Judgement.id))
        .join(Judgement.rater)
        .where(Rater.study_id == study.id)
    )
    if given:
        raise InputError(f"The study {study.slug!r} has {given} judgements and stays.")
    slug = study.slug
    _delete(study)
    db.session.commit()
    shutil.rmtree(sounds_folder(slug).parent, ignore_errors=True)


def invite(study: Study, count: int) -> list[Rater]:
    """Add `count` raters to an open study and return them, each with a secret token."""
    if study.state != "open":
        raise InputError(
            f"The study {study.slug!r} is {study.state}; raters are invited to an open one."
        )
    if not 1 <= count <= MOST_INVITED:
        raise InputError(f"The number of raters must be from 1 to {MOST_INVITED}, not {count}.")
    last = db.session.scalar(
        sa.select(sa.func.max(Rater.number)).where(Rater.study_id == study.id)
    )  # fmt: skip
    raters = [
        Rater(study=study, number=number, token=secrets.token_urlsafe(18))
        for number in range((last or 0) + 1, (last or 0) + 1 + count)
    ]
    db.session.add_all(raters)
    db.session.commit()
    return raters


@dataclass(frozen=True, slots=True)
class Overview:
    """A study in one line: how many queries, raters, finished blocks and judgements it has."""

    study: Study
    queries: int
    raters: int
    finished: int
    judgements: int


def overview() -> list[Overview]:
    """Return every study in one line each, the newest first."""

    def count(model: type, *joins: type) -> sa.ScalarSelect:
        query = sa.select(sa.func.count(model.id))
        for join in joins:
            query = query.join(join)
        owner = Rater if Rater in (model, *joins) else Query
        return query.where(owner.study_id == Study.id).correlate(Study).scalar_subquery()

    finished = sa.select(sa.func.count(Assignment.id)).join(Rater, Assignment.rater_id == Rater.id)
    finished = finished.where(Rater.study_id == Study.id, Assignment.finished_at.is_not(None))
    rows = db.session.execute(
        sa.select(
            Study,
            count(Query),
            count(Rater),
            finished.correlate(Study).scalar_subquery(),
            count(Judgement, Rater),
        ).order_by(Study.id.desc())
    )
    return [Overview(*row) for row in rows]


def study_using(collection: str, system: str | None = None) -> str | None:
    """Return the slug of a study that uses the collection (and the system), or None."""
    prepare()
    terms = [study.terms for study in db.session.scalars(sa.select(Study))]
    db.session.rollback()  # nobody has to wait while a question is read
    for one in terms:
        if one.collection == collection and system in (None, *one.systems):
            return one.slug
    return None


def export_judgements(study: Study) -> str:
    """Return ``judgements.csv`` of a study; see `evaluation.exchange` for its columns."""
    return judgements_csv(list(_records(study)), [system.ranking for system in study.systems])


def sounds_folder(slug: str) -> Path:
    """Return where the copies that a study's raters hear lie."""
    return _data() / "studies" / slug / "sounds"


def _data() -> Path:
    return current_app.config["DATA"]


def _subject(protocol: Protocol) -> tuple[Collection, list[Ranking]]:
    """Return the collection and the rankings of a protocol, checked to be fit for it."""
    collection = open_collection(_data(), protocol.collection)
    rankings = [open_ranking(collection, system) for system in protocol.systems]
    check_depth(collection, rankings, protocol.depth)
    return collection, rankings


def _check_draft(study: Study) -> None:
    if study.state != "draft":
        raise InputError(f"The study {study.slug!r} is {study.state}; only a draft can be opened.")


def _candidate(
    collection: Collection, found: Pooled, sounds: dict[str, str], systems: dict[str, System]
) -> Candidate:
    clip = collection.clips[found.row].id
    sources = [
        CandidateSource(system=systems[one.system], rank=one.rank, score=one.score)
        for one in found.sources
    ]
    return Candidate(clip=clip, sound=sounds[clip], sources=sources)


def _delete(study: Study) -> None:
    """Delete a study's rows, the dependent ones first; judgements stop it (foreign keys)."""
    queries = sa.select(Query.id).where(Query.study_id == study.id)
    candidates = sa.select(Candidate.id).where(Candidate.query_id.in_(queries))
    raters = sa.select(Rater.id).where(Rater.study_id == study.id)
    for rows in (
        sa.delete(CandidateSource).where(CandidateSource.candidate_id.in_(candidates)),
        sa.delete(Candidate).where(Candidate.query_id.in_(queries)),
        sa.delete(Assignment).where(Assignment.query_id.in_(queries)),
        sa.delete(Sitting).where(Sitting.rater_id.in_(raters)),
        sa.delete(Rater).where(Rater.study_id == study.id),
        sa.delete(Query).where(Query.study_id == study.id),
        sa.delete(System).where(System.study_id == study.id),
        sa.delete(Study).where(Study.id == study.id),
    ):
        db.session.execute(rows, execution_options={"synchronize_session": False})
    db.session.expire_all()


def _copy_sounds(
    collection: Collection, clip_ids: list[str], folder: Path, workers: int
) -> dict[str, str]:
    """Copy the clips under random names into `folder`; return clip id -> file name."""
    sounds = {clip_id: f"{secrets.token_hex(16)}.flac" for clip_id in clip_ids}
    sources = {
        folder / sounds[key]: collection.audio_path(collection.clip(key)) for key in clip_ids
    }
    jobs = [(source, target) for target, source in sources.items()]
    copying = in_parallel(write_plain_copy, jobs, workers)
    for _, result in progress(len(jobs), "sound", "Copying", items=copying):
        if isinstance(result, Failure):
            raise InputError(f"The study cannot be opened: {result.reason}")
    return sounds


def _records(study: Study) -> Iterable[JudgementRecord]:
    judgements = db.session.scalars(
        sa.select(Judgement)
        .join(Judgement.rater)
        .where(Rater.study_id == study.id)
        .options(
            sa.orm.joinedload(Judgement.rater),
            sa.orm.joinedload(Judgement.candidate).joinedload(Candidate.query),
        )
        .order_by(Judgement.id)
    ).all()
    ranks = _ranks(study)
    last = {(given.rater_id, given.candidate_id): given.id for given in judgements}
    for given in judgements:
        query = given.candidate.query
        yield JudgementRecord(
            study=study.slug,
            rater=given.rater.pseudonym,
            query=query.clip,
            query_class=query.query_class,
            query_family=query.family,
            candidate=given.candidate.clip,
            grade=given.grade,
            counts=last[given.rater_id, given.candidate_id] == given.id,
            position=given.position,
            listened_seconds=round(given.listened_seconds, 2),
            given_at=given.given_at,
            received_at=given.received_at,
            uuid=given.client_uuid,
            ranks=ranks.get(given.candidate_id, {}),
        )


def _ranks(study: Study) -> dict[int, dict[str, int]]:
    """Return candidate id -> system -> rank."""
    rows = db.session.execute(
        sa.select(CandidateSource.candidate_id, System.ranking, CandidateSource.rank)
        .join(CandidateSource.system)
        .where(System.study_id == study.id)
    )
    ranks: dict[int, dict[str, int]] = {}
    for candidate, system, rank in rows:
        ranks.setdefault(candidate, {})[system] = rank
    return ranks
