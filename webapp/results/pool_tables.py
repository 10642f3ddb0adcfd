"""A study's pools as a table, and the rank at which each system returned each candidate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from evaluation.records.codebook import names_of
from evaluation.records.facts import PoolRecord
from evaluation.records.frames import as_frame
from evaluation.records.table_columns import Names
from webapp.core.database import db
from webapp.models import Block, BlockItem, Candidate, CandidateSource, Query, Study, System

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Pools:
    """The pools of a study.

    Attributes
    ----------
    frame : as ``pools.csv`` has them
    names : the names that have columns, by table (`evaluation.records.codebook.names_of`)
    candidates : int [rows], the candidate's id in the database; -1 where nothing was pooled
    """

    frame: "pd.DataFrame"
    names: dict[str, Names]
    candidates: np.ndarray

    def ranks_of(self, candidates: Sequence[int | None]) -> dict[str, np.ndarray]:
        """Return rank.SYSTEM of candidates by their ids, float, NaN where there is none."""
        asked = np.fromiter((one or 0 for one in candidates), np.int64, count=len(candidates))
        order = np.argsort(self.candidates)
        place = np.searchsorted(self.candidates, asked, sorter=order)
        place = np.where(asked > 0, order[np.minimum(place, len(order) - 1)], len(order))
        return {
            name: np.append(self.frame[name].to_numpy(), np.nan)[place] for name in self._columns
        }

    @property
    def _columns(self) -> list[str]:
        return [f"rank.{name}" for name in self.names["judgements"]["ranks"]]

    def ranks(self, queries: "pd.Series", clips: "pd.Series") -> "pd.DataFrame":
        """Return rank.SYSTEM of each query and clip, float, NaN where it is no such result."""
        import pandas as pd

        columns = self._columns
        results = self.frame[self.frame["kind"] == "result"]
        place = pd.MultiIndex.from_frame(results[["query", "candidate"]])
        asked = place.get_indexer(pd.MultiIndex.from_arrays([queries, clips]))
        # What is asked in vain has the place -1, which is the row below all others.
        values = np.vstack([results[columns].to_numpy(), np.full((1, len(columns)), np.nan)])
        return pd.DataFrame(values[asked], columns=columns)


def read_columns(query: sa.Select) -> dict[str, Any]:
    """Return what a query finds as columns, each a tuple by its name."""
    rows = db.session.connection().execute(query).all()  # past the session, which is slower
    names = list(query.selected_columns.keys())
    return dict(zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True))


def counted(study: Study) -> tuple[sa.ColumnElement[bool], ...]:
    """Return what a query of a study must be to count: practice does not."""
    return Query.study_id == study.id, Query.practice.is_(False)


def read_pools(study: Study) -> Pools:
    """Return the pools of a study that is not a draft."""
    anchors = sa.select(System.ranking).where(System.study_id == study.id, System.anchor)
    names = names_of(study.terms, list(db.session.scalars(anchors.order_by(System.id))))
    found = read_columns(
        sa.select(
            Query.id.label("query_id"), Query.clip.label("query"), Query.query_class,
            Query.family.label("query_family"), Query.weight, Candidate.id.label("candidate_id"),
            Candidate.clip.label("candidate"), Candidate.kind, Candidate.reused,
        )
        .select_from(Query)
        .outerjoin(Query.candidates)
        .where(*counted(study))
        .order_by(Query.id, Candidate.id)
    )  # fmt: skip
    ids = [-1 if one is None else one for one in found["candidate_id"]]
    found["reused"] = [bool(one) for one in found["reused"]]
    found |= _blocks(study, ids, found["query_id"])
    found |= _sources(study, ids, names["pools"]["ranks"])
    frame = as_frame(PoolRecord, found, names["pools"])
    return Pools(frame, names, np.array(ids, dtype=np.int64))


def _blocks(study: Study, ids: list[int], queries: tuple[int, ...]) -> dict[str, list[Any]]:
    """Return which blocks each candidate is in, and whether they hold a part of the pool."""
    held: dict[tuple[str, int], list[tuple[int, bool]]] = {}
    items = sa.select(Block.query_id, Block.number, Block.partial, BlockItem.candidate_id)
    items = items.join(Block.query).join(Block.items).where(*counted(study))
    for query, number, partial, candidate in db.session.execute(
        items.order_by(Block.number, BlockItem.id)
    ):
        held.setdefault(("candidate", candidate), []).append((number, partial))
        own = held.setdefault(("query", query), [])
        if (number, partial) not in own:
            own.append((number, partial))
    # A query for which nothing was pooled has its blocks itself.
    keys = [("query", query) if one < 0 else ("candidate", one)
            for one, query in zip(ids, queries, strict=True)]  # fmt: skip
    blocks = [held.get(key, []) for key in keys]
    return {
        "block": [";".join(str(number) for number, _ in own) for own in blocks],
        "partial": [any(partial for _, partial in own) for own in blocks],
    }


def _sources(study: Study, ids: list[int], systems: Any) -> dict[str, np.ndarray]:
    """Return rank.SYSTEM and score.SYSTEM of each candidate, NaN where it did not return it."""
    place = {one: number for number, one in enumerate(ids)}
    column = {name: number for number, name in enumerate(systems)}
    values = np.full((2, len(column), len(ids)), np.nan)
    rows = read_columns(
        sa.select(
            CandidateSource.candidate_id, System.ranking, CandidateSource.rank,
            CandidateSource.score,
        )
        .join(CandidateSource.system)
        .join(Candidate, Candidate.id == CandidateSource.candidate_id)
        .join(Candidate.query)
        .where(*counted(study))
    )  # fmt: skip
    where = [place[one] for one in rows["candidate_id"]]
    whose = [column[one] for one in rows["ranking"]]
    values[0, whose, where], values[1, whose, where] = rows["rank"], rows["score"]
    return {
        f"{prefix}.{name}": values[part, number]
        for part, prefix in enumerate(("rank", "score"))
        for name, number in column.items()
    }
