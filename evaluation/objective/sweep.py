"""Every processing and search of an embedding, scored: which would have been best?

Beside the collection's rankings lie then::

    sweeps/EMBEDDING/            or EMBEDDING.exclude-group/
        meta.json                which vectors, clips and code it is of
        CELL.npz                 the scores of every query; a cell that is there is not done again
        sweep.csv                a row a cell and convention
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from embeddings import __version__
from embeddings.collection.clips import CONVENTIONS, Collection
from embeddings.errors import InputError
from embeddings.files import only_writer, read_json, write_json, write_text
from embeddings.progress import progress
from embeddings.search.neighbours import check_comparable, ranked_blocks
from embeddings.search.processing import NORMALISATIONS, aggregate, fit, narrowed, prepare
from embeddings.systems.rankings import groups_of, prepared_at
from embeddings.systems.store import Embedding, embedding_names, open_embedding
from embeddings.tasks import Here, Workers, engine, one_blas_thread, result_of
from evaluation.objective.averages import average
from evaluation.objective.definitions import METRICS
from evaluation.objective.per_query import CUTOFFS, QueryScores, score_blocks
from evaluation.objective.relevance import Relevance
from evaluation.objective.scoring import load_queries, save_queries
from evaluation.objective.sweep_cells import Cell, cells, papers_cells

if TYPE_CHECKING:
    import pandas as pd


def sweep(
    collection: Collection,
    embedding: Embedding,
    *,
    exclude_same: str | None = None,
    device: str = "cpu",
    workers: Workers = None,
) -> "pd.DataFrame":
    """Score every cell of an embedding, going on where an earlier call was stopped.

    What can be shared is: frames are aggregated once for each way, PCA is fitted once for each
    normalisation to its most components, and searches that agree are done once.

    Parameters
    ----------
    workers : who scores, a task each cell; see `embeddings.tasks.engine`. Unless told the calling
        process, on all cores

    Returns
    -------
    DataFrame, a row a cell and convention, as in ``sweep.csv``; the paper's cells have "yes" as
    `paper`, and one that cannot be (a clip that has no direction, say) has no scores and a `note`
    """
    folder = sweep_folder(collection, embedding.name, exclude_same)
    lock = collection.data / "locks" / f"sweep-{collection.name}.{folder.name}"
    with only_writer(lock, f"a sweep of {embedding.name!r}"):
        _start(folder, collection, embedding, exclude_same)
        notes = _score_missing(folder, collection, embedding, exclude_same, device, workers)
        table = _table(folder, collection, embedding, exclude_same, notes)
        write_text(folder / "sweep.csv", table.to_csv(index=False, lineterminator="\n"))
    return table


def sweep_folder(collection: Collection, embedding: str, exclude_same: str | None) -> Path:
    """Return where the sweep of an embedding lies."""
    suffix = f".exclude-{exclude_same}" if exclude_same else ""
    return collection.folder / "sweeps" / f"{embedding}{suffix}"


def sweeps(collection: Collection) -> list[Path]:
    """Return the folders of the collection's finished sweeps, by name."""
    return sorted(path.parent for path in (collection.folder / "sweeps").glob("*/sweep.csv"))


def is_current(collection: Collection, meta: dict[str, Any]) -> bool:
    """Return whether a sweep, by its ``meta.json``, is of vectors that the collection has now."""
    if meta["embedding"] not in embedding_names(collection):
        return False
    stored = open_embedding(collection, meta["embedding"]).meta
    return (meta["vectors_sha256"], meta["clips_sha256"]) == (
        stored["vectors_sha256"],
        collection.ids_sha256,
    )


def _start(
    folder: Path, collection: Collection, embedding: Embedding, exclude_same: str | None
) -> None:
    """Make the folder, or empty it where it is of other vectors, clips or code."""
    facts = {
        "embedding": embedding.name,
        "representation": embedding.meta["representation"],
        "provenance": embedding.meta["provenance"],
        "exclude_same": exclude_same,
        "vectors_sha256": embedding.meta["vectors_sha256"],
        "clips_sha256": collection.ids_sha256,
        "code_version": __version__,
    }
    meta = folder / "meta.json"
    with suppress(InputError):  # damaged, or none: begun anew
        if read_json(meta) == facts:
            for path in folder.glob("*.npz"):
                with suppress(OSError, ValueError, KeyError, EOFError, BadZipFile):
                    if load_queries(path).cutoffs == CUTOFFS:
                        continue
                path.unlink()
            return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_json(meta, facts)


def _score_missing(
    folder: Path,
    collection: Collection,
    embedding: Embedding,
    exclude_same: str | None,
    device: str,
    workers: Workers,
) -> dict[str, str]:
    """Score the cells that are not there yet; return why the others cannot be."""
    frame_level = embedding.frames is not None
    distinct = [cell for cell in cells(embedding) if cell.same_as == cell]
    missing = [cell for cell in distinct if not _path(folder, cell, frame_level).is_file()]
    if not missing:
        return {}
    labels = collection.columns.labels.at(embedding.rows)
    groups = groups_of(collection, embedding.rows, exclude_same)
    work = partial(_scored, Relevance(labels, groups), groups, device)
    notes, done = {}, set[Cell]()
    for old in folder.glob(".prepared.*"):  # of a process that was killed
        shutil.rmtree(old)
    with (
        TemporaryDirectory(prefix=".prepared.", dir=folder) as there,
        progress(len(distinct), "cell", "Sweeping", done=len(distinct) - len(missing)) as bar,
    ):
        jobs = _on_disk(_prepared(collection, embedding, missing), Path(there), done)
        for (cell, _), found in engine(workers, Here()).run(work, jobs):
            try:
                save_queries(_path(folder, cell, frame_level), result_of(found))
            except InputError as error:
                notes[cell.name(frame_level)] = str(error)
            done.add(cell)
            bar.update()
    return notes


_Job = tuple[Cell, Path | InputError]
"""A cell, and the file of its prepared vectors, or why there can be none."""


def _on_disk(
    prepared: Iterable[tuple[Cell, np.ndarray | InputError]], folder: Path, done: set[Cell]
) -> Iterator[_Job]:
    """Yield each cell with a file of its vectors, which goes when all that share it are `done`."""
    sharing: dict[Path, set[Cell]] = {}
    last, path = None, folder
    for cell, vectors in prepared:
        if isinstance(vectors, InputError):
            yield cell, vectors
            continue
        if vectors is not last:
            for old in [old for old, own in sharing.items() if own <= done]:
                old.unlink()
                del sharing[old]
            last, path = vectors, folder / f"{cell.name(True)}.npy"
            np.save(path, vectors)
        sharing.setdefault(path, set()).add(cell)
        yield cell, path


@one_blas_thread()  # the search has threads of its own, as many as are its share of the cores
def _scored(
    relevance: Relevance, groups: Sequence[str] | None, device: str, job: _Job
) -> QueryScores:
    cell, source = job
    if isinstance(source, InputError):
        raise source
    vectors = prepared_at(source)
    blocks = ranked_blocks(vectors, cell.search, max(CUTOFFS), groups=groups, device=device)
    return score_blocks(blocks, relevance, CUTOFFS)


def _prepared(
    collection: Collection, embedding: Embedding, wanted: Sequence[Cell]
) -> Iterator[tuple[Cell, np.ndarray | InputError]]:
    """Yield each cell with its prepared vectors, or with why there can be none."""
    ids = [collection.clips[row].id for row in embedding.rows]
    for how in dict.fromkeys(cell.recipe.aggregation for cell in wanted):
        vectors = aggregate(embedding.vectors, embedding.frames, how)
        for normalise in NORMALISATIONS:
            alike = [
                cell
                for cell in wanted
                if (cell.recipe.aggregation, cell.recipe.normalise) == (how, normalise)
            ]
            yield from _normalised_alike(vectors, ids, alike)


def _normalised_alike(
    vectors: np.ndarray, ids: list[str], wanted: Sequence[Cell]
) -> Iterator[tuple[Cell, np.ndarray | InputError]]:
    """Yield the cells of one aggregation and normalisation, as `_prepared` does."""
    most = max((cell.recipe.pca or 0 for cell in wanted), default=0)
    widest: dict[str, np.ndarray] = {}
    for recipe in dict.fromkeys(cell.recipe for cell in wanted):
        own = [cell for cell in wanted if cell.recipe == recipe]
        try:
            if recipe.pca:
                widest = widest or fit(vectors, replace(recipe, pca=most), ids)
                fitted = narrowed(widest, recipe.pca)
            else:
                fitted = fit(vectors, recipe, ids)
            prepared = prepare(vectors, fitted)
        except InputError as error:
            yield from ((cell, error) for cell in own)
            continue
        for cell in own:
            try:
                check_comparable(prepared, cell.search, ids)
                yield cell, prepared
            except InputError as error:
                yield cell, error


def _table(
    folder: Path,
    collection: Collection,
    embedding: Embedding,
    exclude_same: str | None,
    notes: dict[str, str],
) -> "pd.DataFrame":
    import pandas as pd

    frame_level = embedding.frames is not None
    papers = papers_cells(embedding)
    kept: dict[Cell, QueryScores | None] = {}
    rows: list[dict[str, Any]] = []
    for cell, convention in product(cells(embedding), CONVENTIONS):
        source = cell.same_as
        if source not in kept:
            path = _path(folder, source, frame_level)
            kept[source] = load_queries(path) if path.is_file() else None
        scores = kept[source]
        facts = average(scores, collection.families, convention) if scores else None
        rows.append(
            {
                "embedding": embedding.name,
                "representation": embedding.meta["representation"],
                "provenance": embedding.meta["provenance"],
                "aggregation": cell.recipe.aggregation if frame_level else "none",
                "normalise": cell.recipe.normalise,
                "pca": cell.recipe.pca or "none",
                "search": cell.search,
                "exclude_same": exclude_same or "none",
                "paper": "yes" if cell in papers else "",
                "convention": convention,
                **{f"macro_{metric}": facts and facts.macro[metric] for metric in METRICS},
                **{f"micro_{metric}": facts and facts.micro[metric] for metric in METRICS},
                "clips": len(embedding.rows),
                "undefined": facts and facts.undefined,
                "cell": source.name(frame_level),
                "same_as": source.name(frame_level) if source != cell else "",
                "note": notes.get(source.name(frame_level), ""),
            }
        )
    return pd.DataFrame(rows)


def _path(folder: Path, cell: Cell, frame_level: bool) -> Path:
    return folder / f"{cell.name(frame_level)}.npz"
