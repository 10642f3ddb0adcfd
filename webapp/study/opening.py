"""Opening a study: everything that raters will meet is made and fixed, or nothing is.

Pools, controls, blocks and orders are stored; the sounds are copied under random names, at one
loudness. A study that cannot be opened stays a draft, without a trace.
"""

import json
import shutil
from collections.abc import Sequence, Set
from dataclasses import dataclass, field, fields
from itertools import chain
from pathlib import Path

from flask import current_app

from embeddings import __version__
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import only_writer, whole_folder, write_text
from embeddings.listening.copies import Delivered, make_copies
from embeddings.listening.levels import Level
from embeddings.listening.soundcheck import CheckSounds, write_check_sounds
from embeddings.systems.store import Ranking
from embeddings.tasks import Workers
from evaluation.design.controls import distractors, far_clips
from evaluation.design.lists import (
    ORACLE,
    RANDOM,
    oracle_list,
    preference_pairs,
    random_list,
    rating_blocks,
)
from evaluation.design.pooling import Candidate as Pooled
from evaluation.design.pooling import Source, pool, split_pool
from evaluation.design.practice import practice_pool
from evaluation.design.sampling import unheard_ids
from evaluation.protocol.languages import check_confirmed
from evaluation.protocol.terms import Protocol
from webapp.core.database import db, now, reading
from webapp.core.machines import rehearsal_tables
from webapp.logbook import record
from webapp.models import (
    Block,
    BlockItem,
    Candidate,
    CandidateSource,
    Query,
    Study,
    System,
)
from webapp.study import frozen
from webapp.study.confirming import keep, whole_protocol
from webapp.study.extending import inherit
from webapp.study.lifecycle import find_study, study_folder, subject

_ANCHORS = {ORACLE: "The labels' own list", RANDOM: "A random list"}


@dataclass(slots=True)
class Pool:
    """The pool of one query, as rows of the collection, before it is stored."""

    query: int
    found: list[Pooled]
    distractors: list[int] = field(default_factory=list)
    label: str = ""
    family: str = ""
    practice: bool = False

    @property
    def rows(self) -> set[int]:
        """Every clip that is heard."""
        return {self.query, *(one.row for one in self.found), *self.distractors}


def open_study(study: Study, workers: Workers = None, *, simulated: bool = False) -> Study:
    """Freeze a draft: build the pools, copy the sounds that raters will hear, let raters in.

    One that is `simulated` is for made raters (`webapp.demo.made_raters`): it has no sounds.

    Raises
    ------
    InputError
        The study is no draft, or is being opened; a pool or a control cannot be made, or a sound
        cannot be copied.
    """
    _check_draft(study)
    lock = current_app.config["DATA"] / "locks" / f"open-{study.slug}"
    with only_writer(lock, f"opening {study.slug!r}"):
        return _open(study, workers, simulated)


def _open(study: Study, workers: Workers, simulated: bool) -> Study:
    db.session.rollback()  # pools and copies take a while, and must not keep others from writing
    with reading():
        slug, terms, sha256 = study.slug, study.terms, study.protocol_sha256
        check_confirmed(terms)
        collection, rankings = subject(terms)
        pools = study_pools(study, collection, rankings)
        heard = sorted(set(chain.from_iterable(one.rows for one in pools)))
    delivered, check = _no_sounds(collection, heard), None
    with whole_folder(study_folder(slug)) as folder:
        if not simulated:
            sounds = folder / "sounds"
            twice = met_twice(pools, terms)
            delivered, check = _make_sounds(collection, heard, twice, sounds, terms, workers)
            _write_levels(delivered, folder)
        asked = [one.query for one in pools if not one.practice]
        frozen.freeze(folder, collection, rankings, heard, asked)
    try:
        study = find_study(slug)
        _check_draft(study)
        if study.protocol_sha256 != sha256:
            raise InputError(f"The draft {slug!r} was changed while it was being opened.")
        _store(study, collection, pools, delivered)
        study.level = delivered.common_level
        if check:
            study.tone, study.trials = check.tone, json.dumps(check.trials)
            study.beeps = json.dumps(check.beeps)
        study.state, study.opened_at, study.code_version = "open", now(), __version__
        study.simulated = simulated
        if terms.languages:
            keep(study, whole_protocol(terms))
        record("opened", slug)
        if study.archived:  # raters are at it now
            study.archived = False
            record("brought back", slug)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        if find_study(slug).state != "open":  # stopped just after it was stored, it stays open
            shutil.rmtree(study_folder(slug))
        raise
    if not rehearsal_tables.current():
        rehearsal_tables.drop(db, slug)
    return study


def _check_draft(study: Study) -> None:
    if study.state != "draft":
        raise InputError(f"The study {study.slug!r} is {study.state}; only a draft can be opened.")


def study_pools(study: Study, collection: Collection, rankings: Sequence[Ranking]) -> list[Pool]:
    """Return the pools of a study's queries, with controls and anchors, and that of practice.

    The study need not be stored. Raises InputError where a pool or a control cannot be made.
    """
    terms = study.terms
    groups = [clip.group for clip in collection.clips] if terms.queries.exclude_same_group else None
    rows = [collection.index[query.clip] for query in study.queries]
    controls = terms.method == "graded" and terms.controls.distractors
    far = far_clips(collection, rankings, rows) if controls else None
    unheard = {
        collection.index[clip] for clip in unheard_ids(collection, terms.listening.leave_out)
    }
    pools = []
    for place, (query, row) in enumerate(zip(study.queries, rows, strict=True)):
        one = Pool(row, pool(rankings, row, terms.depth, groups, unheard))
        one.label = query.query_class
        if far is not None:
            count, seed = terms.controls.distractors, terms.queries.seed
            one.distractors = distractors(
                collection, rankings, row, count, one.rows | unheard, seed, far=far[place]
            )
        elif terms.method == "rating":
            _add_anchors(one, collection, terms, unheard)
        pools.append(one)
    used = {one.query for one in pools} | unheard
    chosen = practice_pool(collection, used, terms.queries.seed) if terms.practice else None
    if chosen:
        pools.append(_practice(collection, chosen, terms, unheard))
    return pools


def _practice(
    collection: Collection, chosen: tuple[int, list[int]], terms: Protocol, unheard: Set[int]
) -> Pool:
    row, candidates = chosen
    label = collection.clips[row].labels[0]
    one = Pool(row, [], label=label, practice=True)
    one.family = collection.family_of.get(label, "")
    if terms.method == "graded":
        one.found = [Pooled(candidate, ()) for candidate in sorted(candidates)]
    else:
        _add_anchors(one, collection, terms, unheard)
    return one


def _add_anchors(one: Pool, collection: Collection, terms: Protocol, unheard: Set[int]) -> None:
    """Add the labels' own list and a random one to a query's pool."""
    seed, apart = terms.queries.seed, terms.queries.exclude_same_group
    best = oracle_list(collection, one.query, one.label, terms.depth, apart, seed, unheard)
    chance = random_list(collection, one.query, terms.depth, unheard, seed)
    found = {candidate.row: candidate for candidate in one.found}
    for name, rows in ((ORACLE, best), (RANDOM, chance)):
        for rank, row in enumerate(rows, 1):
            before = found[row].sources if row in found else ()
            found[row] = Pooled(row, (*before, Source(name, rank, 0.0)))
    one.found = [found[row] for row in sorted(found)]


def met_twice(pools: Sequence[Pool], terms: Protocol) -> set[int]:
    """Return the clips that may have two roles in a block: query and identity, item and repeat."""
    graded = [one for one in pools if terms.method == "graded" and not one.practice]
    found = {one.query for one in graded} if terms.controls.identity else set()
    if terms.controls.repeats:
        found |= {result.row for one in graded for result in one.found}
    return found


def _make_sounds(
    collection: Collection,
    rows: list[int],
    twice: Set[int],
    folder: Path,
    terms: Protocol,
    workers: Workers,
) -> tuple[Delivered, CheckSounds | None]:
    clips = [collection.clips[row] for row in rows]
    sources = {clip.id: collection.audio_path(clip) for clip in clips}
    folder.mkdir()
    listening = terms.listening
    delivered = make_copies(
        sources, folder, level=listening.level, loudness=listening.loudness,
        format=listening.format, workers=workers, twice={collection.clips[row].id for row in twice},
    )  # fmt: skip
    if not (listening.sound_check or listening.headphones):
        return delivered, None
    level = listening.loudness if delivered.common_level is None else delivered.common_level
    check = write_check_sounds(
        folder,
        listening.format,
        level,
        terms.queries.seed,
        channels=delivered.channels,
        beeps=bool(listening.hearing),
    )
    return delivered, check


def _no_sounds(collection: Collection, rows: list[int]) -> Delivered:
    return Delivered({collection.clips[row].id: "" for row in rows}, None, [], {})


def _write_levels(delivered: Delivered, folder: Path) -> None:
    """Write what was done to each sound, for the experimenter."""
    lines = [",".join(column.name for column in fields(Level))]
    for one in delivered.levels:
        loudness = "" if one.loudness_lufs is None else f"{one.loudness_lufs:.2f}"
        clip = '"' + one.clip.replace('"', '""') + '"'
        lines.append(f'{clip},{loudness},{one.peak_dbtp:.2f},{one.gain_db:.2f},"{one.note}"')
    write_text(folder / "levels.csv", "\n".join(lines) + "\n")


def _store(
    study: Study, collection: Collection, pools: Sequence[Pool], delivered: Delivered
) -> None:
    """Store the pools as candidates, and the blocks that raters are given."""
    terms = study.terms
    if any(source.system in _ANCHORS for one in pools for found in one.found
           for source in found.sources):  # fmt: skip
        study.systems += [
            System(ranking=name, title=title, provenance="anchor", anchor=True)
            for name, title in _ANCHORS.items()
        ]
    systems = {system.ranking: system for system in study.systems}
    queries = {query.clip: query for query in study.queries}
    for one in pools:
        clip = collection.clips[one.query].id
        if one.practice:
            queries[clip] = Query(
                study_id=study.id,
                clip=clip,
                query_class=one.label,
                family=one.family,
                practice=True,
            )
            db.session.add(queries[clip])
        query = queries[clip]
        query.sound = delivered.files[clip]
        found = [("result", one_found.row, one_found.sources) for one_found in one.found]
        found += [("distractor", row, ()) for row in one.distractors]
        if terms.method == "graded" and terms.controls.identity and not one.practice:
            found.append(("identity", one.query, ()))
        query.candidates = [
            _candidate(collection.clips[row].id, kind, sources, systems, delivered)
            for kind, row, sources in found
        ]
    done = inherit(study) if study.parent else set()
    for query in queries.values():
        query.blocks = _blocks(query, terms, systems, done)


def _candidate(
    clip: str,
    kind: str,
    sources: Sequence[Source],
    systems: dict[str, System],
    delivered: Delivered,
) -> Candidate:
    sound, again = delivered.files[clip], delivered.again.get(clip, "")
    return Candidate(
        clip=clip,
        kind=kind,
        sound=again or sound if kind == "identity" else sound,
        again=again if kind == "result" else "",
        sources=[
            CandidateSource(system=systems[one.system], rank=one.rank, score=one.score)
            for one in sources
        ],
    )


def _blocks(
    query: Query, terms: Protocol, systems: dict[str, System], done: Set[Candidate]
) -> list[Block]:
    """Return the blocks of a query: its pool whole or in parts, or its lists in pairs or groups.

    Candidates that are `done` have their judgements from an earlier study.
    """
    if terms.method == "graded":
        return _graded_blocks([one for one in query.candidates if one not in done], terms)
    compared = [systems[name] for name in terms.systems]
    anchors = [systems[name] for name in _ANCHORS if name in systems]
    if query.practice:
        groups = [anchors]
    elif terms.method == "preference":
        groups = [[compared[a], compared[b]] for a, b in preference_pairs(len(compared))]
    else:
        parts = rating_blocks(len(compared), terms.page - len(anchors), terms.queries.seed)
        groups = [[*(compared[place] for place in part), *anchors] for part in parts]
    return [
        Block(number=number, items=[BlockItem(system=system) for system in group])
        for number, group in enumerate(groups, 1)
    ]


def _graded_blocks(pooled: Sequence[Candidate], terms: Protocol) -> list[Block]:
    """Return the blocks of a graded pool; every part of a split one has the controls."""
    controls = [one for one in pooled if one.kind != "result"]
    results = [one for one in pooled if one.kind == "result"]
    if not results:
        return []  # of an extended study: nothing new was found for this query
    parts = split_pool(len(results), terms.largest_block, seed=terms.queries.seed)
    return [
        Block(
            number=number,
            partial=len(parts) > 1,
            items=[
                BlockItem(candidate=one) for one in [*(results[place] for place in part), *controls]
            ],
        )
        for number, part in enumerate(parts, 1)
    ]
