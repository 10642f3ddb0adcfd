"""A study that takes another one further: more systems, the same queries, question and scale.

What was judged there is not asked again: only pairs of query and candidate that are new go out,
and a tenth of the old ones, a bridge that shows whether raters judge as they did before.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import sqlalchemy as sa

from embeddings.errors import InputError
from evaluation.protocol.terms import ALL, NONE
from webapp.core.database import db
from webapp.models import Assignment, Candidate, CannotSay, Judgement, Query, Slot, Study
from webapp.study.lifecycle import create_study, find_study

BRIDGE = 0.1
"""The share of pairs judged before that is judged again."""


def extend_study(parent: Study, systems: Sequence[str], slug: str = "") -> Study:
    """Create a draft that adds `systems` to what `parent` compares, and return it.

    Who passes and whose grades are primary stays as it was there; comparisons are none.

    Raises
    ------
    InputError
        The parent was never opened or has no pools, or a system is in it already.
    """
    terms = parent.terms
    if parent.state == "draft":
        raise InputError(f"The study {parent.slug!r} is a draft; change its protocol instead.")
    if parent.simulated:
        raise InputError(
            f"The judgements of {parent.slug!r} are simulated; people's cannot be added to them."
        )
    if terms.method != "graded":
        raise InputError(
            f"The study {parent.slug!r} is of the method {terms.method!r}; only judgements of "
            "graded pools can be used again."
        )
    if not systems:
        raise InputError("Name at least one system to add.")
    for system in systems:
        if system in terms.systems:
            raise InputError(f"The study {parent.slug!r} compares {system!r} already.")
    clips = tuple(query.clip for query in parent.queries)
    protocol = replace(
        terms,
        slug=slug or next_version(parent.slug),
        systems=(*terms.systems, *systems),
        queries=replace(
            terms.queries, clips=clips, per_family=0, per_class=0, leave_out=(), replaced=()
        ),
        screening=replace(terms.screening, heard=terms.screening.heard or 0.0),
        analysis=replace(terms.analysis, comparisons=NONE, raters=terms.analysis.raters or ALL),
    )
    older = parent.slug
    db.session.rollback()  # drawing the queries takes a moment, and need not keep others waiting
    return create_study(protocol, parent=older)


def next_version(slug: str) -> str:
    """Return the first free of SLUG-2, SLUG-3, ..."""
    stem, _, number = slug.rpartition("-")
    if not (stem and number.isdecimal()):
        stem, number = slug, "1"
    taken = set(db.session.scalars(sa.select(Study.slug)))
    version = int(number) + 1
    while f"{stem}-{version}" in taken:
        version += 1
    return f"{stem}-{version}"


def inherit(study: Study) -> set[Candidate]:
    """Mark the candidates whose judgements `study` takes over; return those that are not sent out.

    Queries keep the class, family and weight that they were drawn with. Sent out again are pairs
    that fewer raters judged than were asked for, and the bridge.
    """
    parent = find_study(study.parent)
    before = {query.clip: query for query in parent.queries}
    judged, enough = _judged(parent, 1), _judged(parent, max(1, parent.terms.raters_per_query))
    known: list[Candidate] = []
    for query in study.queries:
        old = before[query.clip]
        query.query_class, query.family, query.weight = old.query_class, old.family, old.weight
        for candidate in query.candidates:
            if candidate.kind == "result" and (query.clip, candidate.clip) in judged:
                candidate.reused = True
                if (query.clip, candidate.clip) in enough:
                    known.append(candidate)
    rng = np.random.default_rng([study.terms.queries.seed, 0xB1])
    again = rng.choice(len(known), math.ceil(BRIDGE * len(known)), replace=False) if known else []
    return set(known) - {known[place] for place in again}


def _judged(study: Study, raters: int) -> set[tuple[str, str]]:
    """Return (query, candidate) of every pair that so many raters judged, here or before."""
    counts = sa.func.count(sa.distinct(Assignment.rater_id))
    facet = study.terms.scale.facets[-1].name  # the one that is answered last
    later = sa.orm.aliased(Judgement)
    changed = sa.exists().where(
        later.slot_id == Judgement.slot_id, later.facet == facet, later.id > Judgement.id
    )
    rows = db.session.execute(
        sa.select(Query.clip, Candidate.clip)
        .join(Candidate.query)
        .join(Slot, Slot.candidate_id == Candidate.id)
        .join(Slot.assignment)
        .join(Judgement, Judgement.slot_id == Slot.id)
        .where(
            Query.study_id == study.id,
            Query.practice.is_(False),
            Candidate.kind == "result",
            Slot.repeat.is_(False),
            Judgement.facet == facet,
            Judgement.taken_back.is_(False),
            ~changed,
            ~sa.exists().where(
                CannotSay.slot_id == Judgement.slot_id,
                CannotSay.facet == Judgement.facet,
                CannotSay.received_at > Judgement.received_at,
            ),
        )
        .group_by(Query.clip, Candidate.clip)
        .having(counts >= raters)
    )
    pairs = {(query, candidate) for query, candidate in rows}
    if study.parent:
        sent = {
            item.candidate_id
            for query in study.queries
            for block in query.blocks
            for item in block.items
        }
        pairs |= {
            (query.clip, one.clip)
            for query in study.queries
            for one in query.candidates
            if one.reused and (raters == 1 or one.id not in sent)
        }
    return pairs
