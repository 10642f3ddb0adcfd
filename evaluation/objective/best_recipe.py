"""Which variation, processing and search to take for each representation, from its sweeps.

The choice is made on the very clips that it is then scored on, which flatters it. The split half
says by how much: the cell is chosen on a random half of the queries and scored on the other half,
and the other way round. Of one cell, or of several that score alike, there is nothing to choose;
of two, halves say nothing (METRICS, 0b).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from embeddings.collection.clips import CONVENTIONS, Collection
from embeddings.errors import InputError
from embeddings.files import read_json
from evaluation.objective.definitions import METRICS, check_word
from evaluation.objective.per_query import MICRO
from evaluation.objective.scoring import load_queries
from evaluation.objective.stored_systems import StoredSystem, stored_systems
from evaluation.objective.sweep import is_current, sweeps

ENOUGH = 3
"""Distinct cells without which nothing is said of halves."""
_CELLS = "[!.]*.npz"
_REPEATS = 20  # random halves
_ALIKE = 1e-9  # sums in another order are no better


@dataclass(frozen=True, slots=True)
class Choice:
    """The best cell of a representation.

    Attributes
    ----------
    representation, embedding, provenance : whose it is; the embedding is the variation
    cell : the processing and search, such as "mean-l2-pca100.mcss"
    measure, convention : by what it was chosen
    value : the macro average of the measure on all queries, the same that the choice was made on;
        NaN where it is undefined in every cell
    cells : how many cells it was chosen from
    distinct : how many of them score some query otherwise than the others; with one there was
        nothing to choose
    held_out : the mean over random halves of the measure on the half that the cell was not chosen
        on; None where that was not asked for, is undefined or says nothing (`ENOUGH`)
    agreed : the share of the halves that chose this cell; None where nothing is said of halves
    beaten_by : the best scored system of the representation that was built by hand, with its value,
        where that is better than the chosen cell; None where there is none
    """

    representation: str
    embedding: str
    provenance: str
    cell: str
    measure: str
    convention: str
    value: float
    cells: int
    distinct: int
    held_out: float | None = None
    agreed: float | None = None
    beaten_by: tuple[str, float] | None = None


def choose(
    collection: Collection,
    measure: str = "map@150",
    convention: str | None = None,
    *,
    exclude_same: str | None = None,
    split_half_seed: int | None = None,
) -> list[Choice]:
    """Return the best cell of each representation that was swept, the best representation first.

    A representation none of whose cells could be scored is left out; see `without_cells`.

    Parameters
    ----------
    measure : one of `definitions.METRICS`, macro
    convention : the collection's own unless told
    exclude_same : whether of the sweeps that left out the query's group; a sweep of vectors that
        are no longer the collection's is passed over
    split_half_seed : seed of the random halves; None for none

    Raises
    ------
    InputError
        Unknown measure or convention, or nothing was swept so, or with no cell that could be
        scored, or it was before the measure was there.
    """
    convention = convention or collection.convention
    check_word("measure", measure, METRICS)
    check_word("convention", convention, CONVENTIONS)
    found: dict[str, list[_Scored]] = {}
    for folder, meta in _current(collection, exclude_same):
        own = _scored(folder, meta, measure, convention)
        found.setdefault(meta["representation"], []).extend(own)
    if not found:
        raise InputError(
            f"Nothing of {collection.name!r} was swept so: "
            f"flask rankings sweep {collection.name} REPRESENTATION."
        )
    swept = [cells for cells in found.values() if cells]
    if not swept:
        raise InputError(without_cells(collection, exclude_same)[0])
    choices = [_choose(cells, measure, convention, split_half_seed) for cells in swept]
    systems = stored_systems(collection)[0]
    choices = [
        replace(one, beaten_by=_better_by_hand(systems, one, exclude_same)) for one in choices
    ]
    sign = -1 if METRICS[measure].higher else 1
    return sorted(choices, key=lambda one: (np.isnan(one.value), sign * one.value))


def without_cells(collection: Collection, exclude_same: str | None = None) -> list[str]:
    """Return a sentence on each sweep none of whose cells could be scored."""
    return [
        f"No cell of {meta['embedding']!r} could be scored: the column note of "
        f"{folder / 'sweep.csv'} says why."
        for folder, meta in _current(collection, exclude_same)
        if not any(folder.glob(_CELLS))
    ]


def _current(collection: Collection, exclude_same: str | None) -> Iterator[tuple[Path, dict]]:
    """Yield the folder and ``meta.json`` of each sweep of vectors that the collection has now."""
    for folder in sweeps(collection):
        meta = read_json(folder / "meta.json")
        if meta["exclude_same"] == exclude_same and is_current(collection, meta):
            yield folder, meta


def _better_by_hand(
    systems: Sequence[StoredSystem], choice: Choice, exclude_same: str | None
) -> tuple[str, float] | None:
    """Return the best system of a choice's representation and of today's vectors that beats it."""
    sign = 1 if METRICS[choice.measure].higher else -1
    better = []
    for one in systems:
        mine = one.meta["representation"] == choice.representation and one.meta["embedding"]
        today = one.meta["vectors_sha256"] == one.embedding.get("vectors_sha256")
        value = one.under(choice.convention).get("macro", {}).get(choice.measure)
        if not mine or not today or one.meta.get("exclude_same") != exclude_same or value is None:
            continue
        if sign * (value - choice.value) > _ALIKE:
            better.append((one.name, value))
    return max(better, key=lambda found: sign * found[1], default=None)


@dataclass(frozen=True, slots=True)
class _Scored:
    """A cell with its measure of each (query, class) pair; NaN where it is undefined."""

    meta: dict[str, str]
    cell: str
    query: np.ndarray
    label: np.ndarray
    value: np.ndarray

    def key(self) -> tuple[bytes, ...]:
        """Return what cells have in common that score every query alike."""
        return self.query.tobytes(), self.label.tobytes(), self.value.tobytes()

    def macro(self, queries: np.ndarray | None = None) -> float:
        """Return the mean over classes of the mean over these queries, or all; NaN if none."""
        kept = ~np.isnan(self.value)
        if queries is not None:
            kept &= np.isin(self.query, queries)
        counts = np.bincount(self.label[kept])
        sums = np.bincount(self.label[kept], self.value[kept])
        return float((sums[counts > 0] / counts[counts > 0]).mean()) if kept.any() else np.nan


def _scored(folder: Path, meta: dict[str, str], measure: str, convention: str) -> list[_Scored]:
    found, kind = [], METRICS[measure]
    for path in sorted(folder.glob(_CELLS)):
        scores = load_queries(path)
        if not kind.is_of(scores):
            raise InputError(
                f"The sweep of {meta['embedding']!r} was made before {kind.title} was there: "
                "sweep it again."
            )
        value, pairs = kind.of_pairs(scores, convention), scores.label != MICRO
        own = scores.query[pairs], scores.label[pairs], value[pairs]
        found.append(_Scored(meta, path.name.removesuffix(".npz"), *own))
    return found


def _choose(cells: Sequence[_Scored], measure: str, convention: str, seed: int | None) -> Choice:
    values = [cell.macro() for cell in cells]
    best = _best(values, measure)
    distinct = len({cell.key() for cell in cells})
    held_out, agreed = None, None
    if seed is not None and distinct >= ENOUGH:
        held_out, agreed = _split_halves(cells, best, measure, seed)
    chosen = cells[best]
    return Choice(
        representation=chosen.meta["representation"],
        embedding=chosen.meta["embedding"],
        provenance=chosen.meta["provenance"],
        cell=chosen.cell,
        measure=measure,
        convention=convention,
        value=values[best],
        cells=len(cells),
        distinct=distinct,
        held_out=held_out,
        agreed=agreed,
    )


def _split_halves(
    cells: Sequence[_Scored], best: int, measure: str, seed: int
) -> tuple[float | None, float]:
    rng = np.random.default_rng(seed)
    queries = np.unique(np.concatenate([cell.query for cell in cells]))
    held_out, agreed = [], []
    for _ in range(_REPEATS):
        shuffled = rng.permutation(queries)
        middle = len(queries) // 2
        halves = [
            [cell.macro(half) for cell in cells] for half in (shuffled[:middle], shuffled[middle:])
        ]
        for here, there in (halves, halves[::-1]):
            chosen = _best(here, measure)
            agreed.append(chosen == best)
            held_out.append(there[chosen])
    known = [value for value in held_out if not np.isnan(value)]
    return (float(np.mean(known)) if known else None), float(np.mean(agreed))


def _best(values: Sequence[float], measure: str) -> int:
    sign = 1 if METRICS[measure].higher else -1
    return int(np.where(np.isnan(values), -np.inf, sign * np.asarray(values)).argmax())
