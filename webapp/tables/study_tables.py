"""A study's tables from the database, as `evaluation.records.frames` has them from its bundle.

A table is what its SELECT finds (`webapp.tables.selects`), with what it names by id looked up, and
a few columns that are derived here.
"""

import gc
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from embeddings.errors import InputError
from evaluation.design.screening import ControlReport
from evaluation.protocol.languages import ENGLISH
from evaluation.records.codebook import TABLES, names_of
from evaluation.records.events import CANNOT_SAY, JudgementRecord
from evaluation.records.facts import RaterRecord
from evaluation.records.frames import StudyTables, as_frame, read_frame, systems_of
from evaluation.records.table_columns import columns_of
from webapp.core.database import db
from webapp.models import Study
from webapp.models.rater import pseudonym
from webapp.study import frozen
from webapp.study.last_words import Places, unsaid_at_last
from webapp.tables.derived import answer_columns, trust_columns, with_origins
from webapp.tables.selects import BLOCKS, SELECTS, SOURCES, read

if TYPE_CHECKING:
    import pandas as pd

_UNREAD = frozenset({"listened_seconds", "received_at", "uuid"})
"""Columns that no analysis reads; those of judgements take as long to read as all others."""

_WHOSE = ["rater", "query", "query_class", "query_family", "block"]
_TOLD = ["rater", *(one.name for one in fields(ControlReport)), "passed", "reasons"]
"""What a rater's controls say; of a rater of an earlier study no more is told."""

_REUSED = {
    "judgements": (JudgementRecord, frozen.REUSED), "raters": (RaterRecord, frozen.REUSED_RATERS),
}  # fmt: skip
"""The tables that may begin with rows of earlier studies; an imported study has those in files."""


def study_tables(study: Study, *, whole: bool = True) -> StudyTables:
    """Return what is known of an open or closed study, equal to what its bundle says.

    Without `whole`, columns that no analysis reads are left out. Raises InputError for a draft.
    """
    if study.state == "draft":
        raise InputError(f"The study {study.slug!r} is a draft; it has results once it is open.")
    known = json.loads(frozen.read(study, "systems.json"))
    names = ("ranking", "title", "provenance", "anchor")
    listed = [{name: getattr(one, name) for name in names} for one in study.systems]
    made = Tables(study, without=() if whole else _UNREAD)
    with uncollected():
        return StudyTables(
            protocol=study.terms,
            **{name: made.table(name) for name in StudyTables.names_for(study.terms)},
            systems=systems_of(listed, known),
            collection=known.get("collection", {}),
            state=study.imported or study.state,
            simulated=study.simulated,
        )


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage among rows that all stay: it takes as long as they do.

    What is still running may be inside another such part, so that only the outermost turns it on.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class Tables:
    """The tables of one study that is not a draft, each read when it is first asked for.

    Parameters
    ----------
    without : columns that are left out of every table

    Attributes
    ----------
    names : the names that have columns, by table (`evaluation.records.codebook.names_of`)
    """

    def __init__(self, study: Study, without: Collection[str] = ()) -> None:
        self.study, self.without = study, frozenset(without)
        anchors = [system.ranking for system in study.systems if system.anchor]
        self.names = names_of(study.terms, anchors)
        self._ranks = [f"rank.{name}" for name in study.terms.systems]
        self._found: dict[str, pd.DataFrame] = {}

    def table(self, name: str, under: str = "") -> "pd.DataFrame":
        """Return one of a bundle's tables; what is used again of earlier studies comes first.

        `under` stands before the names of the study's own raters.
        """
        import pandas as pd

        kind, names = TABLES[name].kind, self.names.get(name)
        if name not in SELECTS:
            return read_frame(kind, frozen.read(self.study, f"{name}.csv"))
        own = as_frame(kind, self._wide(name), names)
        if under:
            own["rater"] = under + own["rater"]
        if name not in _REUSED or name not in self._reused:
            return own
        return pd.concat([self._reused[name][own.columns], own], ignore_index=True)

    @cached_property
    def _reused(self) -> dict[str, "pd.DataFrame"]:
        """The judgements of earlier studies that this one uses again, and who gave them.

        They are the first grades (no repeats) of the pairs of query and result that are marked as
        reused, with the ranks of this study's systems. Each keeps the study that it was made in,
        whose slug also stands before the rater's name. Of the raters' way and answers nothing is
        told. There is neither where nothing is used again.
        """
        parent = None
        if not self.study.imported:
            parent = db.session.scalar(sa.select(Study).where(Study.slug == self.study.parent))
        if parent is None:
            return {
                name: read_frame(kind, content, self.names[name])
                for name, (kind, file) in _REUSED.items()
                if (content := frozen.read(self.study, file))
            }
        theirs, pools = Tables(parent, self.without), self._wide("pools")
        given, raters = (theirs.table(name, under=f"{parent.slug}/") for name in _REUSED)
        given = given[(given["kind"] == "result") & (given["repeat"] == 0)]
        pairs = pools.loc[pools["reused"], ["query", "candidate", *self._ranks]]
        for name, usual in (("language", ENGLISH), ("way", ""), ("taken_back", False)):
            if name not in given:
                given = given.assign(**{name: usual})
        given = given.drop(columns=theirs._ranks).merge(pairs, on=["query", "candidate"])
        told = raters[raters["rater"].isin(given["rater"])]
        columns = columns_of(RaterRecord, self.names["raters"])
        blank = {one.name: [None] * len(told) for one in columns}
        told = {**blank, "joined": [False] * len(told), **told[_TOLD]}
        return {
            "judgements": as_frame(JudgementRecord, given, self.names["judgements"]),
            "raters": as_frame(RaterRecord, told, self.names["raters"]),
        }

    def _wide(self, name: str) -> "pd.DataFrame":
        """Return what a SELECT finds, what it names by id, and what is derived of both."""
        import pandas as pd

        if name in self._found:
            return self._found[name]
        found = read(SELECTS[name], self.study, self.without)
        if "id" in found:
            found = found.set_index("id")
        if "number" in found:
            found["rater"] = [pseudonym(one, self.study.simulated) for one in found["number"]]
        for key, table, columns in (
            ("assignment_id", "assignments", _WHOSE),
            ("candidate_id", "pools", ["candidate", "kind", *self._ranks]),
        ):
            if key in found:
                ids = found[key].astype("float64")  # NaN for none
                known = self._wide(table)[columns].reindex(ids).set_axis(found.index)
                found = pd.concat([found, known], axis=1)
        self._found[name] = self._derived(name, found)
        return self._found[name]

    def _is_unsaid(self, found: "pd.DataFrame") -> "np.ndarray":
        """Return of each answer whether "I can't say" is the last word at its place."""
        places = zip(found["slot_id"].tolist(), found["facet"].tolist(), strict=True)
        return np.array([one in self._unsaid for one in places], dtype=bool)

    @cached_property
    def _unsaid(self) -> Places:
        return unsaid_at_last(self.study)

    def _derived(self, name: str, found: "pd.DataFrame") -> "pd.DataFrame":
        """Return a table with the columns that no SELECT finds."""
        import pandas as pd

        terms, names = self.study.terms, self.names.get(name)
        if "candidate_id" in found:  # a query has no place; a list has one, and is no candidate
            kind = found["kind"].mask(found["list_of"].notna(), "list")
            found["kind"] = kind.mask(found["position"].isna(), "query")
        match name:
            case "judgements":
                last = ~found.duplicated(["slot_id", "facet"], keep="last")
                last &= ~(found["taken_back"].astype(bool) | self._is_unsaid(found))
                return found.assign(study=self.study.slug, counts=last)
            case "cannot_say":
                last = ~found.duplicated(["slot_id", "facet"], keep="last")
                last &= self._is_unsaid(found)
                return found.assign(reason=CANNOT_SAY, counts=last)
            case "remarks":
                sound = ["assignment_id", "position", "candidate_id"]
                return found.assign(counts=~found.duplicated(sound, keep="last"))
            case "preferences":
                return found.assign(counts=~found.duplicated("assignment_id", keep="last"))
            case "pools":
                parts = read(BLOCKS, self.study), read(SOURCES, self.study)
                return with_origins(found, *parts, names["ranks"])
            case "raters":
                trust = pd.DataFrame(trust_columns(self._wide("judgements"), terms), columns=_TOLD)
                told = trust.set_index("rater").reindex(found["rater"]).set_axis(found.index)
                found = pd.concat([found.assign(**answer_columns(found, names)), told], axis=1)
                return found.fillna(dict.fromkeys(("identities", "distractors", "repeats"), 0))
        return found
