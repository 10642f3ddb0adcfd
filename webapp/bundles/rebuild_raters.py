"""The people of a study, rebuilt from its bundle: what they were given, and what they gave."""

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from evaluation.keys import shown
from evaluation.protocol.besides import LONGEST_REMARK, clean_remark
from evaluation.protocol.languages import ENGLISH
from evaluation.protocol.pace import WAYS, way_of
from evaluation.records.bundle import Bundle
from evaluation.records.events import JudgementRecord
from evaluation.records.facts import RaterRecord
from evaluation.records.frames import table_csv
from webapp.bundles.rebuild import Design
from webapp.bundles.reused import check_reused
from webapp.models import (
    Assignment,
    Candidate,
    CannotSay,
    Flag,
    Judgement,
    Listen,
    Preference,
    Rater,
    Remark,
    Slot,
    Withdrawal,
)
from webapp.models.rater import pseudonym
from webapp.rating.answers import CHOICES
from webapp.study import frozen

_WITHIN = "candidate"  # stands for candidate_id until the candidates are stored
_TRIES = re.compile("([0-9](;[0-9])*)?")
_HEARING = re.compile("([01](;[01])*)?")
_RATER = re.compile("[a-z]+-([0-9]{3,9})")

Answer = tuple[Assignment, Slot | None, dict[str, Any]]
"""What an answer is about, and the other columns of its row."""


class Rebuilt(Design):
    """A whole study rebuilt from a bundle, not stored yet: with raters, and what they were given.

    Attributes
    ----------
    raters, assignments, slots : by pseudonym; (rater, query); (rater, query, position)
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.raters: dict[str, Rater] = {}
        self.assignments: dict[tuple[str, str], Assignment] = {}
        self.slots: dict[tuple[str, str, int], Slot] = {}
        raters, judgements = self.rows("raters"), self.rows("judgements")
        for line, row in raters:
            if "/" not in row.rater:
                self._rater(line, row)
        for line, row in self.rows("assignments"):
            self._assign(line, row)
        for line, row in self.rows("slots"):
            self._slot(line, row)
        self._check_places()
        own = [(line, row) for line, row in judgements if row.study == self.study.slug]
        self._answers: list[tuple[Any, list[Answer]]] = [
            (Judgement, self._judgements(own)),
            (Preference, self._preferences()),
            (Listen, self._heard("listens", ("seconds", "started_at"))),
            (Flag, self._heard("flags", ("given_at",))),
            (CannotSay, self._unsaid() if self.terms.answers.cannot_say else []),
            (Remark, self._remarks() if self.terms.answers.remarks else []),
        ]
        self._withdrawals = [row for _, row in self.rows("withdrawals")]
        reused = [(line, row) for line, row in judgements if row.study != self.study.slug]
        others = [(line, row) for line, row in raters if "/" in row.rater]
        check_reused(self, reused, others)
        for file, table, kind, found in (
            (frozen.REUSED, "judgements", JudgementRecord, reused),
            (frozen.REUSED_RATERS, "raters", RaterRecord, others),
        ):
            if found:
                rows = [row for _, row in found]
                self.kept[file] = table_csv(kind, rows, self.names[table]).encode()

    def answers(self) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
        """Yield each table of answers with its rows; the study must be stored by now."""
        for model, found in self._answers:
            columns = model.__table__.columns
            rows = []
            for assignment, slot, values in found:
                within = values.pop(_WITHIN, None)
                about = {
                    "assignment_id": assignment.id,
                    "slot_id": slot.id if slot else None,
                    "candidate_id": within.id if within else None,
                }
                rows.append(values | {name: about[name] for name in about if name in columns})
            yield model, rows
        kept = ("withdrawn_at", "judgements")
        yield (
            Withdrawal,
            [
                {"study_id": self.study.id, **{name: getattr(row, name) for name in kept}}
                for row in self._withdrawals
            ],
        )

    def _rater(self, line: int, row: RaterRecord) -> None:
        match, simulated = _RATER.fullmatch(row.rater), self.study.simulated
        known = row.rater in self.raters
        if not match or row.rater != pseudonym(int(match[1]), simulated) or known:
            name = pseudonym(1, simulated)
            rule = f"rater must be as {name} and there once, not {shown(row.rater)}"
            raise self.error("raters", line, rule)
        if row.invited_at is None:
            raise self.error("raters", line, "invited_at is missing")
        if not _TRIES.fullmatch(row.headphones):
            raise self.error(
                "raters", line, f"headphones must be as 3;6, not {shown(row.headphones)}"
            )
        if not _HEARING.fullmatch(row.hearing):
            raise self.error("raters", line, f"hearing must be as 0;1, not {shown(row.hearing)}")
        self.raters[row.rater] = Rater(
            study=self.study, number=int(match[1]), token=secrets.token_urlsafe(18),
            joined=row.joined, invited_at=row.invited_at, consented_at=row.consented_at,
            declined_at=row.declined_at, checked_at=row.checked_at, screened_at=row.screened_at,
            finished_at=row.finished_at, headphones=_tries(row.headphones),
            hearing=_tries(row.hearing),
            before=_answers(row.before), after=_answers(row.after),
        )  # fmt: skip

    def _assign(self, line: int, row: Any) -> None:
        """Add a block that a rater was given."""
        block = self.blocks.get((row.query, row.block))
        if row.rater not in self.raters:
            raise self.error("assignments", line, f"there is no rater {shown(row.rater)}")
        if block is None:
            what = f"the query {shown(row.query)} has no block {row.block}"
            raise self.error("assignments", line, what)
        if (row.rater, row.query) in self.assignments:
            raise self.error("assignments", line, f"the query {shown(row.query)} is there twice")
        self.assignments[row.rater, row.query] = Assignment(
            rater=self.raters[row.rater], query=block.query, block=block,
            order_seed=row.order_seed, assigned_at=row.assigned_at, lease_until=row.assigned_at,
            finished_at=row.finished_at, repeated_at=row.repeated_at,
        )  # fmt: skip

    def _slot(self, line: int, row: Any) -> None:
        """Add a place in what a rater was given."""
        key = row.rater, row.query, row.position
        if key in self.slots:
            raise self.error("slots", line, f"the position {row.position} is there twice")
        self.slots[key] = Slot(
            assignment=self._given("slots", line, row), page=row.page, position=row.position,
            repeat=row.repeat, candidate=self._judged("slots", line, row),
            system=self.systems.get(row.list_of),
        )  # fmt: skip

    def _check_places(self) -> None:
        """Raise InputError where a rater's places are not those of the block that was given."""
        for (rater, query), given in self.assignments.items():
            places = [one for one in given.slots if not one.repeat]
            found = Counter((one.candidate, one.system) for one in places)
            wanted = Counter((one.candidate, one.system) for one in given.block.items)
            results = sum(1 for one in places if one.candidate and one.candidate.kind == "result")
            again = min(self.terms.controls.repeats, results)
            positions = sorted(one.position for one in given.slots)
            if found != wanted or positions != [*range(1, len(places) + again + 1)]:
                what = f"the places of {rater} are not those of block {given.block.number} of"
                raise self.bundle.error("slots.csv", f"{what} {shown(query)}")

    def _given(self, table: str, line: int, row: Any) -> Assignment:
        """Return the assignment that a row is about."""
        found = self.assignments.get((row.rater, row.query))
        if found is None or found.block.number != row.block:
            what = f"{row.rater} was not given block {row.block} of {shown(row.query)}"
            raise self.error(table, line, what)
        return found

    def _judged(self, table: str, line: int, row: Any) -> Candidate | None:
        """Return the candidate that a row is about, None where it is a list."""
        found = self.candidates.get((row.query, row.candidate, row.kind))
        if row.kind == "list" and row.list_of not in self.systems:
            raise self.error(table, line, f"there is no system {shown(row.list_of)}")
        if row.kind != "list" and found is None:
            what = f"there is no {row.kind} {shown(row.candidate)} in the pool of {row.query!r}"
            raise self.error(table, line, what)
        return found

    def _place(self, table: str, line: int, row: Any) -> Slot:
        """Return the slot that a row is about; raise InputError where it says something else."""
        judged, system = self._judged(table, line, row), self.systems.get(row.list_of)
        slot = self.slots.get((row.rater, row.query, row.position))
        same = row.page, row.repeat, judged, system
        if slot is None or (slot.page, slot.repeat, slot.candidate, slot.system) != same:
            what = f"slots.csv says otherwise of {row.rater}, {row.query!r}, {row.position}"
            raise self.error(table, line, what)
        return slot

    def _judgements(self, rows: Sequence[tuple[int, JudgementRecord]]) -> list[Answer]:
        allowed = {facet.name: set(facet.allowed) for facet in self.terms.scale.facets}
        columns = (
            "facet",
            "grade",
            "language",
            "way",
            "taken_back",
            "listened_seconds",
            "heard",
            "given_at",
            "received_at",
        )
        found: list[Answer] = []
        ids = self._ids("judgements", rows)
        for line, row in rows:
            if row.grade not in allowed.get(row.facet, ()):
                what = f"the scale has no grade {row.grade} for {shown(row.facet)}"
                raise self.error("judgements", line, what)
            self._check_language("judgements", line, row)
            self._check_way("judgements", line, row)
            given = self._given("judgements", line, row)
            slot = self._place("judgements", line, row)
            found.append((given, slot, next(ids) | _values(row, columns)))
        return found

    def _unsaid(self) -> list[Answer]:
        """Return the answers that there is nothing to say."""
        columns = ("facet", "language", "listened_seconds", "heard", "given_at", "received_at")
        facets = [facet.name for facet in self.terms.scale.facets]
        found: list[Answer] = []
        rows = self.rows("cannot_say")
        ids = self._ids("cannot_say", rows)
        for line, row in rows:
            if row.facet not in facets:
                rule = f"facet must be one of {', '.join(facets)}, not {shown(row.facet)}"
                raise self.error("cannot_say", line, rule)
            self._check_language("cannot_say", line, row)
            given = self._given("cannot_say", line, row)
            slot = self._place("cannot_say", line, row)
            found.append((given, slot, next(ids) | _values(row, columns)))
        return found

    def _remarks(self) -> list[Answer]:
        """Return the remarks on sounds."""
        for line, row in self.rows("remarks"):
            if row.remark != clean_remark(row.remark) or len(row.remark) > LONGEST_REMARK:
                rule = f"remark must be clean text of at most {LONGEST_REMARK} characters"
                raise self.error("remarks", line, rule)
        found = self._heard("remarks", ("remark", "given_at"))
        for _, _, values in found:
            values["text"] = values.pop("remark")
        return found

    def _preferences(self) -> list[Answer]:
        found: list[Answer] = []
        rows = self.rows("preferences")
        ids = self._ids("preferences", rows)
        for line, row in rows:
            if row.choice not in CHOICES:
                rule = f"choice must be one of {', '.join(CHOICES)}, not {shown(row.choice)}"
                raise self.error("preferences", line, rule)
            self._check_language("preferences", line, row)
            self._check_way("preferences", line, row)
            given = self._given("preferences", line, row)
            places = sorted(given.slots, key=lambda slot: slot.position)
            if [slot.system and slot.system.ranking for slot in places] != [row.list_a, row.list_b]:
                raise self.error("preferences", line, "slots.csv has other lists as A and B")
            values = _values(row, ("choice", "language", "way", "given_at", "received_at"))
            found.append((given, None, next(ids) | values))
        return found

    def _check_language(self, table: str, line: int, row: Any) -> None:
        offered = self.terms.languages or (ENGLISH,)
        if row.language not in offered:
            rule = f"language must be one of {', '.join(offered)}, not {shown(row.language)}"
            raise self.error(table, line, rule)

    def _check_way(self, table: str, line: int, row: Any) -> None:
        if way_of(row.way) != row.way:
            rule = f"way must be of {', '.join(WAYS)}, in this order, not {shown(row.way)}"
            raise self.error(table, line, rule)

    def _heard(self, table: str, columns: Sequence[str]) -> list[Answer]:
        """Return the rows of a table about sounds."""
        found: list[Answer] = []
        rows = self.rows(table)
        ids = self._ids(table, rows)
        for line, row in rows:
            given = self._given(table, line, row)
            slot = None if row.kind == "query" else self._place(table, line, row)
            values = _values(row, (*columns, "received_at"))
            if row.kind == "list":
                values[_WITHIN] = self._within(table, line, row)
            found.append((given, slot, next(ids) | values))
        return found

    def _within(self, table: str, line: int, row: Any) -> Candidate | None:
        """Return the sound of a list that a row is about, None where it names none."""
        found = self.candidates.get((row.query, row.candidate, "result"))
        if row.candidate and found is None:
            what = f"there is no result {shown(row.candidate)} in the pool of {row.query!r}"
            raise self.error(table, line, what)
        return found

    def _ids(self, table: str, rows: Sequence[tuple[int, Any]]) -> Iterator[dict[str, str]]:
        """Yield the unique id of each row, looked at."""
        seen = set()
        for line, row in rows:
            if not _is_uuid(row.uuid) or row.uuid in seen:
                rule = f"uuid must be one, and there once, not {shown(row.uuid)}"
                raise self.error(table, line, rule)
            seen.add(row.uuid)
            yield {"client_uuid": row.uuid}


def _values(row: Any, columns: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in columns}


def _tries(cell: str) -> str:
    """Return how the tries at a test went, as the database has them, of 0;1 and the like."""
    return json.dumps([int(one) for one in cell.split(";")]) if cell else ""


def _answers(given: Mapping[str, str]) -> str:
    return json.dumps(given, ensure_ascii=False, sort_keys=True) if given else ""


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
