"""Scoring the stored systems of a collection and keeping the scores beside their rankings.

Beside a ranking lie then::

    objective.json          macro, micro, by family and by class, under both conventions
    objective_queries.npz   the fields of `evaluation.objective.per_query.QueryScores`; "query" is
                            the row in the collection
"""

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.collection.clips import CONVENTIONS, Collection
from embeddings.errors import InputError
from embeddings.files import read_json, whole_file, write_json
from embeddings.search.neighbours import ranked_blocks
from embeddings.search.sums import tiles
from embeddings.systems.arrays import mapped_arrays
from embeddings.systems.query_parts import Parts
from embeddings.systems.rankings import groups_of, prepared_vectors
from embeddings.systems.store import Ranking, open_ranking
from embeddings.tasks import Failure, Here, Workers, engine, one_blas_thread
from evaluation.objective.averages import ObjectiveScores, average
from evaluation.objective.per_query import CUTOFFS, QueryScores, joined, score_blocks, score_lists
from evaluation.objective.relevance import Relevance

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 1 << 22  # neighbours that are read at a time


def score_systems(
    collection: Collection,
    systems: Sequence[str],
    clip_ids: Sequence[str] | None = None,
    *,
    device: str = "cpu",
    workers: Workers = None,
) -> Iterator[tuple[str, dict[str, Any] | Failure]]:
    """Yield each of the systems, named, with what ``objective.json`` says of it, in no fixed order.

    Each is scored as `score_ranking` does, or as `score_subset` where clips are given; what it
    raises is in the :class:`~embeddings.tasks.Failure`.

    Parameters
    ----------
    workers : who scores, a task each system; see `embeddings.tasks.engine`. Unless told the calling
        process, on all cores
    """
    work = partial(_score_system, collection, clip_ids, device)
    yield from engine(workers, Here()).run(work, systems)


@one_blas_thread()  # the search has threads of its own, as many as are its share of the cores
def _score_system(
    collection: Collection, clip_ids: Sequence[str] | None, device: str, system: str
) -> dict[str, Any]:
    ranking = open_ranking(collection, system)
    if clip_ids is None:
        return score_ranking(collection, ranking, device=device)
    return score_subset(collection, ranking, clip_ids, device=device)


def score_ranking(
    collection: Collection, ranking: Ranking, *, device: str = "cpu"
) -> dict[str, Any]:
    """Score one stored system, keep the scores, and return what ``objective.json`` says.

    Clips without vectors are no queries and are never retrieved; they are counted as "failed". Of
    an imported ranking only the ranks that it keeps are known.
    """
    scores = _score(collection, ranking, device)
    facts = _facts(collection, ranking, scores)
    folder = collection.folder / "rankings" / ranking.system
    save_queries(folder / "objective_queries.npz", scores)
    write_json(folder / "objective.json", facts)
    return facts


def score_subset(
    collection: Collection, ranking: Ranking, clip_ids: Sequence[str], *, device: str = "cpu"
) -> dict[str, Any]:
    """Return what ``objective.json`` would say of these clips as queries alone; nothing is kept.

    All clips are ranked for each of them. Raises InputError for a clip that is not there.
    """
    rows = [collection.index[collection.clip(clip_id).id] for clip_id in clip_ids]
    scores = read_query_scores(collection, ranking.system) or _score(collection, ranking, device)
    return _facts(collection, ranking, scores.only(rows))


def _score(collection: Collection, ranking: Ranking, device: str) -> QueryScores:
    exclude_same = ranking.meta.get("exclude_same")
    if ranking.meta["embedding"] is None:
        return _score_imported(collection, ranking, exclude_same)
    vectors, rows = prepared_vectors(collection, ranking)
    groups = groups_of(collection, rows, exclude_same)
    relevance = Relevance(collection.columns.labels.at(rows), groups)
    search, top = ranking.meta["search"], max(CUTOFFS)

    def score(queries: range) -> dict[str, Any]:
        blocks = ranked_blocks(vectors, search, top, groups=groups, device=device, queries=queries)
        return _arrays(score_blocks(blocks, relevance, CUTOFFS))

    folder = collection.folder / "rankings" / f".{ranking.system}.scores"
    with Parts(collection, folder, ranking.meta, len(vectors)) as parts:
        parts.make(f"Scoring {ranking.system}", Here(), score)
        scores = joined([_scores(arrays) for _, arrays in parts])
    return replace(scores, query=rows[scores.query])


def _score_imported(
    collection: Collection, ranking: Ranking, exclude_same: str | None
) -> QueryScores:
    """Score lists alone. A clip that neither has a list nor is in one counts as failed."""
    neighbours = ranking.neighbours
    asked = np.flatnonzero(neighbours[:, 0] >= 0)
    known = np.zeros(len(neighbours) + 1, dtype=bool)  # the last is that of -1, of none
    known[asked] = True
    for some in tiles(len(neighbours), neighbours.shape[1], _AT_ONCE):
        known[neighbours[some]] = True
    rows = np.flatnonzero(known[:-1])
    if len(rows) < len(neighbours):
        place = np.full(len(known), -1, dtype=np.int32)
        place[rows] = np.arange(len(rows))
        neighbours = place[neighbours[rows]]
    try:
        scores = score_lists(
            neighbours,
            collection.columns.labels.at(rows),
            groups=groups_of(collection, rows, exclude_same),
        )
    except InputError as error:
        raise InputError(f"The system {ranking.system!r} cannot be scored: {error}") from error
    return replace(scores, query=rows[scores.query]).only(asked.tolist())


def _facts(collection: Collection, ranking: Ranking, scores: QueryScores) -> dict[str, Any]:
    kept = ranking.neighbours.shape[1] if ranking.meta["embedding"] is None else None
    queries = len(np.unique(scores.query))
    return {
        "system": ranking.system,
        "title": ranking.title,
        "provenance": ranking.provenance,
        "cutoffs": list(scores.cutoffs),
        "known_ranks": kept,
        "clips": queries,
        "failed": len(collection.clips) - int((ranking.neighbours[:, 0] >= 0).sum()),
        "conventions": {
            convention: _as_json(average(scores, collection.families, convention))
            for convention in CONVENTIONS
        },
    }


def read_objective(collection: Collection, system: str) -> dict[str, Any] | None:
    """Return what ``objective.json`` of `system` says, or None where it was not scored yet."""
    path = collection.folder / "rankings" / system / "objective.json"
    return read_json(path) if path.is_file() else None


def read_query_scores(collection: Collection, system: str) -> QueryScores | None:
    """Return the stored scores of every query of `system`, or None where it was not scored yet."""
    path = collection.folder / "rankings" / system / "objective_queries.npz"
    return load_queries(path) if path.is_file() else None


def save_queries(path: Path, scores: QueryScores) -> None:
    """Write the scores of every query to a ``.npz`` file, whole or not at all."""
    with whole_file(path) as file:
        np.savez(file, **_arrays(scores))


def load_queries(path: Path) -> QueryScores:
    """Return what `save_queries` wrote, memory-mapped: pages ask for a few queries of millions."""
    return _scores(mapped_arrays(path)).in_order()


def _arrays(scores: QueryScores) -> dict[str, Any]:
    return {field.name: np.asarray(getattr(scores, field.name)) for field in fields(scores)}


def _scores(arrays: dict[str, np.ndarray]) -> QueryScores:
    values: dict[str, Any] = {field.name: arrays[field.name] for field in fields(QueryScores)}
    plain = {name: tuple(values[name].tolist()) for name in ("classes", "cutoffs")}
    return QueryScores(**values | plain)


def _as_json(scores: ObjectiveScores) -> dict[str, Any]:
    return {
        "macro": scores.macro,
        "micro": scores.micro,
        "undefined": scores.undefined,
        "censored": scores.censored,
        "families": _rows(scores.by_family),
        "classes": _rows(scores.by_class),
    }


def _rows(table: "pd.DataFrame") -> dict[str, dict[str, Any]]:
    # NaN is no JSON: undefined is null.
    return {
        str(name): {key: None if np.isnan(value) else value for key, value in row.items()}
        for name, row in table.to_dict(orient="index").items()
    }
