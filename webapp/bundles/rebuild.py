"""What was fixed when a study opened, rebuilt from its bundle: systems, queries, pools, blocks."""

import hashlib
import re
from datetime import datetime
from typing import Any

from embeddings.errors import InputError
from evaluation.keys import Keys, shown
from evaluation.protocol.reading import protocol_from_json
from evaluation.records.bundle import VERSION, Bundle
from evaluation.records.codebook import SOMETIMES, TABLES, names_of, tables_of
from evaluation.records.csv_tables import read_moment
from evaluation.records.facts import PoolRecord
from webapp.bundles.provenance import check_provenance
from webapp.models import Block, BlockItem, Candidate, CandidateSource, Query, Study, System
from webapp.models.study import KINDS
from webapp.study import frozen

_NUMBERS = re.compile("([1-9][0-9]{0,5}(;[1-9][0-9]{0,5})*)?")
_STUDY = "study.json"
_LOUDEST = 1000  # LUFS, and the softest below 0: what is further is no level


class Design:
    """A study rebuilt from a bundle, not stored yet; its raters are `rebuild_raters.Rebuilt`'s.

    Attributes
    ----------
    study : with its systems and queries, and all that belongs to them
    systems, queries, candidates, blocks : by name; (query, clip, kind); (query, number)
    kept : the files of the study's folder
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.study = self._study()
        self.terms = self.study.terms
        anchors = [one.ranking for one in self.study.systems if one.anchor]
        self.names = names_of(self.terms, anchors)
        self._check_tables()
        self.systems = {one.ranking: one for one in self.study.systems}
        self.queries: dict[str, Query] = {}
        self.candidates: dict[tuple[str, str, str], Candidate] = {}
        self.blocks: dict[tuple[str, int], Block] = {}
        for line, row in self.rows("pools"):
            self._pool(line, row)
        for line, row in self.rows("lists"):
            self._list(line, row.query, row.block, row.list_of)
        self.kept = self._frozen()

    def rows(self, table: str) -> list[tuple[int, Any]]:
        """Return (line, record) of every row of a table."""
        return self.bundle.table(TABLES[table].kind, table, self.names.get(table))

    def _check_tables(self) -> None:
        """Raise InputError where a table is missing that the protocol asks for, or is too many."""
        asked = tables_of(self.terms)
        for name in SOMETIMES:
            if (f"{name}.csv" in self.bundle.files) != (name in asked):
                what = "it is missing" if name in asked else "the protocol has no use for it"
                raise self.bundle.error(f"{name}.csv", what)

    def error(self, table: str, line: int, what: str) -> InputError:
        """Return the error that says `what` of a table's line."""
        return self.bundle.error(f"{table}.csv", what, line)

    def _study(self) -> Study:
        keys = Keys(self.bundle.json(_STUDY), f"{self.bundle.name}: {_STUDY}")
        version = keys.take("bundle", int)
        if version != VERSION:
            raise keys.fail("bundle", f"{VERSION}, the form that is read here", version)
        study = Study(
            slug=keys.name("slug"),
            title=keys.take("title", str),
            protocol=self.bundle.text("protocol.json"),
            protocol_sha256=keys.take("protocol_sha256", str),
            state="closed",
            imported=keys.one_of("state", ("open", "closed"), ""),
            code_version=keys.take("code_version", str),
            parent=keys.take("parent", str),
            level=_level(keys),
            simulated=keys.flag("simulated", False),
            created_at=_moment(keys, "created_at"),
            opened_at=_moment(keys, "opened_at"),
            closed_at=_moment(keys, "closed_at"),
            systems=[_system(part) for part in keys.sections("systems")],
        )
        keys.finish()
        self._check_protocol(study, keys)
        return study

    def _check_protocol(self, study: Study, keys: Keys) -> None:
        """Raise InputError where the protocol is not as it was frozen, or not the study's."""
        digest = hashlib.sha256(study.protocol.encode()).hexdigest()
        if digest != study.protocol_sha256:
            what = f"the SHA-256 is {digest}, not {study.protocol_sha256} as {_STUDY} says"
            raise self.bundle.error("protocol.json", what)
        terms = protocol_from_json(study.protocol)
        if study.slug != terms.slug:
            raise keys.fail("slug", f"{terms.slug!r}, the protocol's", study.slug)
        names = [one.ranking for one in study.systems]
        if [one.ranking for one in study.systems if not one.anchor] != list(terms.systems):
            raise keys.fail("systems", f"{', '.join(terms.systems)}, the protocol's", names)
        if len(set(names)) < len(names):
            raise keys.error("systems", "has an anchor twice.")

    def _pool(self, line: int, row: PoolRecord) -> None:
        """Add a candidate to its query's pool, and to the blocks that it is in."""
        if row.query not in self.queries:
            self.queries[row.query] = Query(
                study=self.study, clip=row.query, query_class=row.query_class,
                family=row.query_family, weight=row.weight,
            )  # fmt: skip
        candidate = self._candidate(line, row) if row.candidate else None
        if not _NUMBERS.fullmatch(row.block):
            raise self.error("pools", line, f"block must be as in 1;2, not {shown(row.block)}")
        for number in filter(None, row.block.split(";")):
            block = self._block(row.query, int(number), partial=row.partial)
            if candidate:
                block.items.append(BlockItem(candidate=candidate))

    def _candidate(self, line: int, row: PoolRecord) -> Candidate:
        key = row.query, row.candidate, row.kind
        if row.kind not in KINDS:
            rule = f"kind must be one of {', '.join(KINDS)}, not {shown(row.kind)}"
            raise self.error("pools", line, rule)
        if key in self.candidates:
            raise self.error("pools", line, f"the candidate {shown(row.candidate)} is there twice")
        if set(row.ranks) != set(row.scores):
            raise self.error("pools", line, "a system must have both a rank and a score, or none")
        self.candidates[key] = Candidate(
            query=self.queries[row.query],
            clip=row.candidate,
            kind=row.kind,
            sound="",
            reused=row.reused,
            sources=[
                CandidateSource(system=self.systems[name], rank=rank, score=row.scores[name])
                for name, rank in row.ranks.items()
            ],
        )
        return self.candidates[key]

    def _list(self, line: int, query: str, number: int, system: str) -> None:
        """Add a list to its block."""
        if query not in self.queries:
            raise self.error("lists", line, f"there is no query {shown(query)}")
        if system not in self.systems:
            raise self.error("lists", line, f"there is no system {shown(system)}")
        self._block(query, number).items.append(BlockItem(system=self.systems[system]))

    def _block(self, query: str, number: int, *, partial: bool = False) -> Block:
        key = query, number
        if key not in self.blocks:
            block = Block(query=self.queries[query], number=number, partial=partial)
            self.blocks[key] = block
        return self.blocks[key]

    def _frozen(self) -> dict[str, bytes]:
        """Return the files that were frozen when the study opened, looked at."""
        known: set[str] = set()
        for line, row in self.rows("clips"):
            if row.clip in known:
                raise self.error("clips", line, f"the clip {shown(row.clip)} is there twice")
            known.add(row.clip)
        pooled = [(query, query) for query in self.queries]
        for query, clip in [*pooled, *(key[:2] for key in self.candidates)]:
            if clip not in known:
                what = f"the clip {shown(clip)} in the pool of {shown(query)} is missing"
                raise self.bundle.error("clips.csv", what)
        self._check_scores()
        check_provenance(self.bundle, self.systems)
        return {name: self.bundle.files[name] for name in frozen.FROZEN}

    def _check_scores(self) -> None:
        """Raise InputError for a score that is there twice, or of no system of the study."""
        seen = set()
        for line, row in self.rows("objective"):
            key = row.system, row.convention, row.level, row.query, row.name
            if row.system not in self.systems:
                raise self.error("objective", line, f"there is no system {shown(row.system)}")
            if key in seen:
                raise self.error("objective", line, "the score is there twice")
            seen.add(key)


def _moment(keys: Keys, key: str) -> datetime | None:
    """Return a moment, or None where there was none; a study was always created at some time."""
    value = keys.take(key, object)
    moment = read_moment(value) if isinstance(value, str) else None
    if moment is None and (value is not None or key == "created_at"):
        raise keys.fail(key, "a moment such as 2026-05-01T12:30:15.250000Z", value)
    return moment


def _level(keys: Keys) -> float | None:
    value = keys.take("level", object)
    if value is not None and not (type(value) in (int, float) and abs(value) < _LOUDEST):
        raise keys.fail("level", "a number of LUFS", value)
    return value


def _system(keys: Keys) -> System:
    system = System(
        ranking=keys.take("ranking", str),
        title=keys.take("title", str),
        provenance=keys.take("provenance", str),
        anchor=keys.take("anchor", bool),
    )
    keys.finish()
    return system
