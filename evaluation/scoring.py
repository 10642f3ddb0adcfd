"""Scoring the stored systems of a collection and keeping the scores beside their rankings.

Beside a ranking lie then::

    objective.json          macro, micro, by family and by class, under both conventions
    objective_queries.npz   the fields of `evaluation.objective.QueryScores`; "query" is the
                            row in the collection
"""

import os
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from embeddings.collection import CONVENTIONS, Collection
from embeddings.files import read_json, write_json
from embeddings.rankings import prepared_vectors
from embeddings.store import Ranking
from evaluation.objective import ObjectiveScores, average
from evaluation.queries import QueryScores, score_queries

if TYPE_CHECKING:
    import pandas as pd


def score_ranking(collection: Collection, ranking: Ranking) -> dict[str, Any]:
    """Score one stored system, keep the scores, and return what ``objective.json`` says.

    Clips without vectors are no queries and are never retrieved; they are counted as "failed".
    """
    vectors, rows = prepared_vectors(collection, ranking)
    labels = [collection.clips[row].labels for row in rows]
    scores = score_queries(vectors, labels, search=ranking.meta["search"])
    scores = replace(scores, query=rows[scores.query])
    folder = collection.folder / "rankings" / ranking.system
    _write_queries(folder / "objective_queries.npz", scores)
    facts = {
        "system": ranking.system,
        "title": ranking.title,
        "provenance": ranking.provenance,
        "cutoffs": list(scores.cutoffs),
        "clips": len(rows),
        "failed": len(collection.clips) - len(rows),
        "conventions": {
            convention: _as_json(average(scores, collection.families, convention))
            for convention in CONVENTIONS
        },
    }
    write_json(folder / "objective.json", facts)
    return facts


def read_objective(collection: Collection, system: str) -> dict[str, Any] | None:
    """Return what ``objective.json`` of `system` says, or None where it was not scored yet."""
    path = collection.folder / "rankings" / system / "objective.json"
    return read_json(path) if path.is_file() else None


def read_query_scores(collection: Collection, system: str) -> QueryScores | None:
    """Return the stored scores of every query of `system`, or None where it was not scored yet."""
    path = collection.folder / "rankings" / system / "objective_queries.npz"
    if not path.is_file():
        return None
    with np.load(path) as stored:
        values = {field.name: stored[field.name] for field in fields(QueryScores)}
    plain = {name: tuple(values[name].tolist()) for name in ("classes", "cutoffs")}
    return QueryScores(**values | plain | {"known": int(values["known"])})


def _write_queries(path: Path, scores: QueryScores) -> None:
    temporary = path.with_suffix(".new.npz")
    np.savez(
        temporary,
        **{field.name: np.asarray(getattr(scores, field.name)) for field in fields(scores)},
    )
    os.replace(temporary, path)


def _as_json(scores: ObjectiveScores) -> dict[str, Any]:
    return {
        "macro": scores.macro,
        "micro": scores.micro,
        "undefined": scores.undefined,
        "families": _rows(scores.by_family),
        "classes": _rows(scores.by_class),
    }


def _rows(table: "pd.DataFrame") -> dict[str, dict[str, Any]]:
    # NaN is no JSON: undefined is null.
    return {
        str(name): {key: None if np.isnan(value) else value for key, value in row.items()}
        for name, row in table.to_dict(orient="index").items()
    }
