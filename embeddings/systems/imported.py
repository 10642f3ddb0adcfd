"""Embeddings and rankings that somebody else computed, read into a collection.

Layouts of embeddings
---------------------
- a folder with one JSON a clip, as the reference implementation of Araz et al. (CBMI 2024) writes
  them: ``{"audio_path": ..., "embeddings": [...]}``, one vector or a list of vectors (frames); the
  file's name is the clip's id, with the folders that it has inside
- a ``.npy`` of numbers [clips, dim], or [clips, frames, dim], or a ``.npz`` with one such array,
  and a table with a column ``fname`` that names the clip of each row

Layouts of rankings
-------------------
- ``similarity_results.json`` of the same implementation, one JSON object a line:
  ``{"query_fname": ..., "results": [{"result_fname": ..., "score": ...}, ...], "search": ...}``
- a TREC run, ``topic Q0 clip rank score system`` a line, ordered by score as trec_eval does
- a ``.npy`` of int [clips, kept], places in a table with a column ``fname``, best first, -1 for
  none; a ``.npy`` of scores beside it is optional. Or a ``.npz`` with the one array, as above

Clips are named by their ids, or as the table that was imported names them; see
`embeddings.collection.id_lists`.

Clips of the collection that are missing are failed clips; what names no clip of the collection is
an error, since it would mean that the vectors belong to other sounds.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.collection.id_lists import ClipNames, read_id_column, some
from embeddings.errors import InputError
from embeddings.files import check_name, read_json, read_lines
from embeddings.progress import progress
from embeddings.systems.arrays import SUFFIXES, read_array
from embeddings.systems.rankings import TOP
from embeddings.systems.store import (
    Ranking,
    embedding_names,
    open_embedding,
    open_ranking,
    system_names,
    write_embedding,
    write_ranking,
)
from embeddings.systems.trec_runs import is_run, read_run

_MISSING = "not in what was imported"
_LARGEST = float(np.finfo(np.float32).max)
_Lists = dict[int, list[tuple[str, float]]]


def import_embedding(
    collection: Collection, representation: str, path: Path, ids: Path | None = None
) -> Path:
    """Store an embedding that was computed elsewhere; return its folder.

    Parameters
    ----------
    representation : its name, as people know it; lower-cased it names the embedding's folder
    path : a folder of JSON files, or a ``.npy`` or ``.npz`` file with `ids`, a table; see the
        module's text

    Raises
    ------
    InputError
        A file is not as it should be, names a clip that the collection does not have or one twice,
        or vectors differ in dimension or hold NaN or infinity. Nothing is stored then.
    """
    name = check_name("representation", representation).lower()
    if name in embedding_names(collection):
        there = open_embedding(collection, name).meta["provenance"]
        if there != "imported":
            raise InputError(
                f"{collection.name!r} has an embedding {name!r} that was {there}, and keeps it; "
                "choose another name."
            )
    if path.is_dir():
        vectors = dict(_json_vectors(path, collection))
        source = f"{len(vectors)} JSON files"
    else:
        vectors = _array_vectors(path, ids, collection)
        source = path.name
    kept = [clip.id for clip in collection.clips if clip.id in vectors]
    dims = {vectors[one].shape[-1]: one for one in kept}
    if len(dims) > 1:
        (dim, one), (other_dim, other) = list(dims.items())[:2]
        raise InputError(
            f"{path}: the vectors must have one dimension; {one!r} has {dim} and {other!r} "
            f"{other_dim}."
        )
    bad = [one for one in kept if not np.isfinite(vectors[one]).all()]
    if bad:
        raise InputError(
            f"{path}: the vectors of {some(bad)} have NaN, infinity or values beyond float32."
        )
    frame_level = any(vectors[one].ndim == 2 for one in kept)
    rows = [np.atleast_2d(vectors[one]) for one in kept]
    frames = np.concatenate([[0], np.cumsum([len(row) for row in rows])]) if frame_level else None
    meta = {"provenance": "imported", "representation": representation, "source": source}
    failed = {clip.id: _MISSING for clip in collection.clips if clip.id not in vectors}
    return write_embedding(
        collection, name, np.concatenate(rows), meta, frames=frames, failed=failed
    )


def import_ranking(
    collection: Collection,
    name: str,
    path: Path,
    ids: Path | None = None,
    scores: Path | None = None,
    top: int = TOP,
) -> Ranking:
    """Store a ranking that was computed elsewhere; return it.

    Parameters
    ----------
    name : the system's name, to people and in commands
    path : a ``similarity_results.json``, a TREC run, or a ``.npy`` or ``.npz`` file with `ids`;
        see the module's text
    scores : such a file of the scores of a ``.npy`` ranking, higher is more similar
    top : how many of each clip's results to keep

    Raises
    ------
    InputError
        A file is not as it should be, a score is no finite number, or a clip is not in the
        collection, is listed twice for a query, or is ranked for itself. Nothing is stored then.
    """
    check_name("system", name)
    if name in system_names(collection) and open_ranking(collection, name).meta["embedding"]:
        raise InputError(f"{collection.name!r} has a system {name!r} of its own; choose another.")
    if path.suffix.lower() in SUFFIXES:
        neighbours, found = _array_ranking(collection, path, ids, scores)
    else:
        read = _run_lists if is_run(path) else _json_lists
        neighbours, found = _spread(collection, path, read(collection, path, top))
    neighbours, found = neighbours[:, :top], found[:, :top]
    if not neighbours.size or (neighbours < 0).all():
        raise InputError(f"{path}: there is no result in it.")
    _check_lists(collection, path, neighbours)
    meta = {
        "title": name,
        "embedding": None,
        "vectors_sha256": None,
        "representation": name,
        "provenance": "imported",
        "search": None,
        "exclude_same": None,
        "top": neighbours.shape[1],
        "ties": "as imported",
        "source": path.name,
    }
    write_ranking(collection, name, neighbours, found, None, meta)
    return open_ranking(collection, name)


def _json_vectors(folder: Path, collection: Collection) -> Iterator[tuple[str, np.ndarray]]:
    inside = any("/" in clip.id for clip in collection.clips)  # else what lies deeper is not ours
    files = sorted((folder.rglob if inside else folder.glob)("[!.]*.json"))
    if not files:
        raise InputError(f"{folder}: there is no JSON file in it.")
    stems = [file.relative_to(folder).as_posix().removesuffix(file.suffix) for file in files]
    ids = ClipNames(collection).known(stems, str(folder))
    first: dict[str, Path] = {}
    for clip, file in zip(ids, files, strict=True):
        if clip in first:
            raise InputError(f"{file}: the clip {clip!r} is there twice (first: {first[clip]}).")
        first[clip] = file
    for clip, file in progress(len(files), "clip", "Reading", items=list(first.items())):
        content = read_json(file)
        values = content.get("embeddings") if isinstance(content, dict) else None
        try:
            vectors = _as_float32(np.asarray(values, dtype=np.float64))
        except (TypeError, ValueError, OverflowError):
            vectors = np.empty(0, dtype=np.float32)
        if vectors.ndim not in (1, 2) or not vectors.size:
            raise InputError(f'{file}: "embeddings" must be a list of numbers, or of such lists.')
        yield clip, vectors


def _array_vectors(path: Path, ids: Path | None, collection: Collection) -> dict[str, np.ndarray]:
    array = read_array(path, "f", (2, 3))
    if array.ndim == 3 and array.shape[1] == 1:  # one frame a clip is its vector
        array = array[:, 0]
    names = _ids_of(path, ids, len(array), collection)
    return {name: _as_float32(row) for name, row in zip(names, array, strict=True)}


def _array_ranking(
    collection: Collection, path: Path, ids: Path | None, scores: Path | None
) -> tuple[np.ndarray, np.ndarray]:
    array = read_array(path, "i")
    names = _ids_of(path, ids, len(array), collection)
    if array.max(initial=0) >= len(names) or array.min(initial=0) < -1:
        raise InputError(f"{path}: the places must be from -1 to {len(names) - 1}.")
    array = array.astype(np.int64)
    given = -np.arange(1.0, array.shape[1] + 1)
    if scores is not None:
        given = _as_float32(read_array(scores, "f"))
        if given.shape != array.shape:
            raise InputError(f"{scores}: the shape must be {array.shape}, not {given.shape}.")
        bad = ~np.isfinite(given) & (array >= 0)
        if bad.any():
            row, rank = (int(place) for place in np.argwhere(bad)[0])
            raise InputError(
                f"{scores}, row {row + 1}: the score of {names[row]!r} for its result "
                f"{names[array[row, rank]]!r} must be a finite number, of float32, not "
                f"{given[row, rank]}."
            )
    rows = np.array([collection.index[name] for name in names])
    neighbours = np.full((len(collection.clips), array.shape[1]), -1, dtype=np.int32)
    found = np.full(neighbours.shape, np.nan, dtype=np.float32)
    neighbours[rows] = np.where(array < 0, -1, rows[array])
    found[rows] = np.where(array < 0, np.nan, given)
    return neighbours, found


def _json_lists(collection: Collection, path: Path, top: int) -> _Lists:
    names, lists = ClipNames(collection), _Lists()
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            content = json.loads(line)
            query = str(content["query_fname"])
            results = [
                (str(one["result_fname"]), float(one["score"])) for one in content["results"]
            ]
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise InputError(
                f"{where}: must be a JSON object with query_fname and results, a list of "
                f"{{result_fname, score}} ({type(error).__name__}: {error})."
            ) from error
        own, *ids = names.known([query, *(name for name, _ in results)], where)
        row = collection.index[own]
        if row in lists:
            raise InputError(f"{where}: the query {query!r} is there twice.")
        # as the reference writes them, but for the query itself, which some versions include
        kept = [(one, score) for one, (_, score) in zip(ids, results, strict=True) if one != own]
        _check_scores(where, own, kept)
        lists[row] = kept[:top]
    return lists


def _run_lists(collection: Collection, path: Path, top: int) -> _Lists:
    lists = _Lists()
    for query, (line, results) in read_run(path, ClipNames(collection)).items():
        _check_scores(f"{path}, line {line}", query, results)
        lists[collection.index[query]] = results[:top]
    return lists


def _check_scores(where: str, query: str, results: list[tuple[str, float]]) -> None:
    """Raise InputError for a score that is no finite number, also of float32, which is kept."""
    for name, score in results:
        if not math.isfinite(score) or abs(score) > _LARGEST:
            raise InputError(
                f"{where}: the score of {query!r} for its result {name!r} must be a finite "
                f"number, of float32, not {score}."
            )


def _spread(collection: Collection, path: Path, lists: _Lists) -> tuple[np.ndarray, np.ndarray]:
    """Return the lists as arrays over the collection: neighbours, and their scores."""
    if not lists:
        raise InputError(f"{path}: there is no ranking in it.")
    width = max(map(len, lists.values()))
    neighbours = np.full((len(collection.clips), max(width, 1)), -1, dtype=np.int32)
    found = np.full(neighbours.shape, np.nan, dtype=np.float32)
    for row, results in lists.items():
        neighbours[row, : len(results)] = [collection.index[name] for name, _ in results]
        found[row, : len(results)] = [score for _, score in results]
    return neighbours, found


def _ids_of(path: Path, ids: Path | None, rows: int, collection: Collection) -> list[str]:
    if ids is None:
        raise InputError(f"{path}: --ids must name a CSV with the column fname, a row a clip.")
    names = read_id_column(ids, collection)
    if len(names) != rows:
        raise InputError(f"{ids}: names {len(names)} clips; {path.name} has {rows} rows.")
    return names


def _as_float32(values: np.ndarray) -> np.ndarray:
    """Return float32; what is too large for it becomes infinity, which is said later."""
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype=np.float32)


def _check_lists(collection: Collection, path: Path, neighbours: np.ndarray) -> None:
    """Raise InputError where a list has a clip twice, the query itself, or a gap."""
    own = np.arange(len(neighbours))[:, None]
    ordered = np.sort(neighbours, axis=1)
    twice = ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any(axis=1)
    gap = ((neighbours[:, :-1] < 0) & (neighbours[:, 1:] >= 0)).any(axis=1)
    for bad, rule in (
        ((neighbours == own).any(axis=1), "itself among its results"),
        (twice, "a clip twice among its results"),
        (gap, "a gap among its results"),
    ):
        if bad.any():
            raise InputError(f"{path}: {collection.clips[int(bad.argmax())].id!r} has {rule}.")
