"""Made raters that judge a study: stored as people's judgements are, and marked as simulated.

The study is opened for them alone (`webapp.study.opening.open_study` with `simulated`), has no
sounds, and says so in every name: its raters are simulated-001, simulated-002, ...
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import sqlalchemy as sa

from embeddings.collection.label_cells import cell_labels
from embeddings.errors import InputError
from evaluation.design.simulated_raters import Panel, Panelist, Told, worth
from evaluation.protocol.terms import Protocol
from evaluation.records.csv_tables import read_table
from evaluation.records.facts import ClipRecord
from webapp.core.database import db, now
from webapp.models import Assignment, Block, BlockItem, Judgement, Query, Slot, Study
from webapp.rating.assigning import slots_of
from webapp.rating.people import new_raters
from webapp.study import frozen

_BEGUN = timedelta(days=7)  # before now: when the first made rater began
_BETWEEN = timedelta(hours=5)  # from one rater's beginning to the next one's, over five days
_SECONDS = 6.0  # for a grade, in the middle
_CHANGED = 0.03  # the share of grades that are changed at once
_DELAY = timedelta(seconds=0.2)  # until a grade is stored


@dataclass(slots=True)
class _Rows:
    """What will be stored. The id of what is not stored yet is its place in its list."""

    assignments: list[dict[str, Any]] = field(default_factory=list)
    slots: list[dict[str, Any]] = field(default_factory=list)
    judgements: list[dict[str, Any]] = field(default_factory=list)

    def store(self) -> None:
        """Store the rows, judgements in the order in which they came."""
        ids = _insert(Assignment, self.assignments)
        for slot in self.slots:
            slot["assignment_id"] = ids[slot["assignment_id"]]
        ids = _insert(Slot, self.slots)
        for given in self.judgements:
            given["slot_id"] = ids[given["slot_id"]]
        _insert(Judgement, sorted(self.judgements, key=lambda given: given["received_at"]))


@dataclass(slots=True)
class _Person:
    """A made rater at work: who it is, what it hears, what time it is."""

    rater_id: int
    panelist: Panelist
    clock: datetime

    def judge(self, block: Block, terms: Protocol, places: dict[int, int], rows: _Rows) -> None:
        """Grade a whole block, and what is asked again of it."""
        rng = self.panelist.rng
        seed = int(rng.integers(2**31))
        slots = slots_of(block, terms, seed)
        pairs = np.array([places[slot["candidate_id"]] for slot in slots], dtype=np.intp)
        along = np.linspace(0, 1, len(slots))
        asked = {one: self.panelist.grade(pairs, along, one) for one in terms.scale.facets}
        begun, first = self.clock, len(rows.slots)
        finished = begun
        for number, slot in enumerate(slots):
            rows.slots.append(slot | {"assignment_id": len(rows.assignments)})
            if slot["repeat"] and finished == begun:
                finished = self.clock
            for facet, grades in asked.items():
                changed = rng.random() < _CHANGED
                before = [int(rng.choice(facet.allowed))] if changed else []
                for grade in (*before, int(grades[number])):
                    rows.judgements.append(self._given(first + number, facet.name, grade))
        rows.assignments.append(
            {
                "rater_id": self.rater_id, "query_id": block.query_id, "block_id": block.id,
                "order_seed": seed, "assigned_at": begun, "lease_until": begun,
                "finished_at": self.clock if finished == begun else finished,
                "repeated_at": self.clock,
            }
        )  # fmt: skip
        self.clock += timedelta(seconds=float(rng.uniform(5, 60)))

    def _given(self, slot: int, facet: str, grade: int) -> dict[str, Any]:
        seconds = _SECONDS * float(np.exp(self.panelist.rng.normal(0, 0.5)))
        self.clock += timedelta(seconds=seconds)
        return {
            "slot_id": slot, "facet": facet, "grade": grade, "client_uuid": str(uuid4()),
            "listened_seconds": round(0.8 * seconds, 2), "heard": None, "given_at": self.clock,
            "received_at": self.clock + _DELAY,
        }  # fmt: skip


def simulate(study: Study, panel: Panel) -> int:
    """Let made raters judge an open study, and close it; return how many grades were stored.

    Raises
    ------
    InputError
        The study was not opened for made raters, has some already, or asks for lists.
    """
    _check(study)
    terms, rng, begun = study.terms, np.random.default_rng([panel.seed, 0x51]), now() - _BEGUN
    blocks = _blocks(study)
    places, worths = _worths(study, blocks, panel)
    raters = new_raters(study, panel.raters)
    db.session.flush()
    rows, people = _Rows(), []
    for number, rater in enumerate(raters):
        start = begun + (number * _BETWEEN) % timedelta(days=5)
        people.append(_Person(rater.id, Panelist(panel, number + 1, worths), start))
        rater.invited_at, rater.consented_at = begun, start if terms.consent else None
    for who, block in _turns(blocks, len(people), terms, rng):
        people[who].judge(block, terms, places, rows)
    rows.store()
    for rater, person in zip(raters, people, strict=True):
        rater.finished_at = person.clock
    study.created_at = study.opened_at = begun
    study.state, study.closed_at = "closed", now()
    db.session.commit()
    return len(rows.judgements)


def _check(study: Study) -> None:
    if not study.simulated or study.state != "open" or study.raters:
        raise InputError(
            f"The study {study.slug!r} was not opened for made raters, or they have judged it."
        )
    if study.terms.method != "graded":
        raise InputError(f"Made raters grade single results; {study.slug!r} asks for lists.")


def _blocks(study: Study) -> list[Block]:
    """Return the blocks of a study with their items and candidates."""
    found = (
        sa.select(Block)
        .join(Block.query)
        .where(Query.study_id == study.id, Query.practice.is_(False))
        .options(
            sa.orm.contains_eager(Block.query),
            sa.orm.selectinload(Block.items).joinedload(BlockItem.candidate),
        )
        .order_by(Block.id)
    )
    return list(db.session.scalars(found))


def _worths(
    study: Study, blocks: Sequence[Block], panel: Panel
) -> tuple[dict[int, int], np.ndarray]:
    """Return the place of each candidate, and what they are worth: float [2, places]."""
    candidates = {
        item.candidate.id: (block.query.clip, item.candidate.clip)
        for block in blocks
        for item in block.items
        if item.candidate
    }
    text = frozen.read(study, "clips.csv").decode()
    told = {one.clip: _told(one) for _, one in read_table(ClipRecord, text, "clips.csv")}
    places = {one: place for place, one in enumerate(candidates)}
    return places, worth(panel, list(candidates.values()), told)


def _told(clip: ClipRecord) -> Told:
    parts = cell_labels(clip.labels), cell_labels(clip.leaf_labels), cell_labels(clip.families, ";")
    return Told(*map(frozenset, parts))


def _turns(
    blocks: Sequence[Block], raters: int, terms: Protocol, rng: np.random.Generator
) -> Iterator[tuple[int, Block]]:
    """Yield who judges what: by turns, each a block that the fewest have, as people get them."""
    counts = {block.id: 0 for block in blocks}
    had: list[set[int]] = [set() for _ in range(raters)]
    most = terms.raters_per_query or raters
    going = True
    while going:
        going = False
        for who in rng.permutation(raters).tolist():
            left = [
                block for block in blocks
                if block.query_id not in had[who] and counts[block.id] < most
            ]  # fmt: skip
            if not left or (terms.sitting and len(had[who]) >= terms.sitting):
                continue
            fewest = min(counts[block.id] for block in left)
            equal = [block for block in left if counts[block.id] == fewest]
            block = equal[int(rng.integers(len(equal)))]
            counts[block.id] += 1
            had[who].add(block.query_id)
            going = True
            yield who, block


def _insert(model: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Store rows and return their ids, in their order."""
    if not rows:
        return []
    insert = sa.insert(model).returning(model.id, sort_by_parameter_order=True)
    return list(db.session.scalars(insert, rows))
