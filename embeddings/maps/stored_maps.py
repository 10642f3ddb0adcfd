"""Maps: the clips of an embedding in two dimensions, to look at.

A map shows the vectors that the representation's default system compares: aggregated, normalised,
reduced by PCA and, where it searches by MCSS, brought to unit length. `embeddings.maps.layouts` has
the methods. A map is a folder ``embeddings/NAME/maps/METHOD/`` of its collection::

    points.npy   float32 [clips, 2], in the order of the clips; NaN for one without a vector
    meta.json    the method, its parameters and seed, and the vectors that it was made from

A map of other vectors than the embedding has now is as if there was none.

Of a collection with more than `MOST` clips a map shows a sample, the same one for every embedding:
more points lie over each other, and t-SNE would take days. Clips that are not in it have no point.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from embeddings import __version__
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import only_writer, read_json, undamaged, whole_folder, write_json
from embeddings.maps.layouts import METHODS, check_method, chosen, lay_out, library, one_thread
from embeddings.search.neighbours import check_comparable
from embeddings.search.processing import Recipe, aggregate, fit, prepare
from embeddings.systems.rankings import default_system, find_embedding
from embeddings.systems.store import Embedding, open_ranking, read_transform
from embeddings.tasks import Failure, Here, Workers, engine

LEAST_CLIPS = 4
MOST = 60_000
"""Clips that a map shows."""
LIGHT = 50_000_000
"""Numbers in raw vectors that can be mapped by PCA while a page waits: a second or two."""
_METRICS = {"mcss": "cosine", "mips": "cosine", "nns": "euclidean"}
_MOST_SEED = 2**32 - 1
_PATIENCE = {"pca": 60.0}  # seconds to wait for another process that makes the same map


@dataclass(frozen=True, slots=True)
class Map:
    """A stored map.

    Attributes
    ----------
    points : float32 [clips, 2], NaN for a clip without a vector
    meta : what ``meta.json`` says
    """

    points: np.ndarray
    meta: dict[str, Any]

    @property
    def method(self) -> str:
        """How it was laid out: a key of `layouts.METHODS`."""
        return self.meta["method"]


def make_map(
    collection: Collection,
    embedding: Embedding,
    method: str = "pca",
    *,
    seed: int = 1,
    parameters: Mapping[str, float | None] | None = None,
    again: bool = False,
) -> Map:
    """Lay an embedding out in two dimensions, store the map and return it.

    A map that is there and was made in the same way from the same vectors is kept, unless `again`.

    Parameters
    ----------
    method : "pca", "umap" or "tsne"
    seed : of UMAP and t-SNE; the same seed gives the same map on the same machine
    parameters : of the method, see `layouts.chosen`; those that are left out or None are as usual

    Raises
    ------
    InputError
        The method or a parameter is not possible, its library is missing, the vectors cannot be
        compared, there are too few of them, or another process is making the same map.
    """
    meta = _described(collection, embedding, method, seed, parameters or {})
    lock = collection.data / "locks" / f"map-{collection.name}.{embedding.name}.{method}"
    doing = f"the {METHODS[method]} map of {embedding.name!r} of {collection.name!r}"
    with only_writer(lock, doing, _PATIENCE.get(method, 0)):
        there = open_map(collection, embedding, method)
        if there and not again and all(there.meta[key] == meta[key] for key in meta):
            return there
        places = _places(collection, embedding)
        vectors = compared_vectors(collection, embedding, places)
        points, facts = lay_out(vectors, method, meta["metric"], seed, meta["parameters"])
        spread = np.full((len(collection.clips), 2), np.nan, dtype=np.float32)
        spread[embedding.rows[places]] = points
        return _stored(collection, embedding, Map(spread, meta | facts))


def make_maps(
    collection: Collection,
    representations: Sequence[str],
    method: str,
    *,
    workers: Workers = None,
    **how: Any,
) -> Iterator[tuple[str, tuple[Map, float] | Failure]]:
    """Lay several embeddings out; yield each one's name with its map and the seconds it took.

    They come in no fixed order. What `make_map` raises is in the
    :class:`~embeddings.tasks.Failure`.

    Parameters
    ----------
    representations : as `find_embedding` takes them
    workers : who lays out, a task each map, on one core; see `embeddings.tasks.engine`. Unless told
        all cores, or the calling process where there is one map
    how : seed, parameters and again, as `make_map` has them
    """
    work = partial(_timed, collection, method, how)
    by = engine(workers, Here() if len(representations) == 1 else None)
    yield from by.run(work, dict.fromkeys(representations))


def _timed(
    collection: Collection, method: str, how: Mapping[str, Any], representation: str
) -> tuple[Map, float]:
    embedding = find_embedding(collection, representation)
    start = time.monotonic()
    made = make_map(collection, embedding, method, **how)
    return made, time.monotonic() - start


def open_map(collection: Collection, embedding: Embedding, method: str) -> Map | None:
    """Return the stored map of an embedding as it is now, or None where there is none.

    Raises InputError for an unknown method.
    """
    folder = _folder(collection, embedding, check_method(method))
    meta = _fitting_meta(folder, embedding)
    if meta is None:
        return None
    try:
        with undamaged("map", folder):
            points = np.load(folder / "points.npy")
            if points.shape != (len(collection.clips), 2):
                raise ValueError(f"points.npy has the shape {points.shape}")
    except InputError:
        return None  # it is made again
    return Map(points, meta)


def mapped_methods(collection: Collection, embedding: Embedding) -> list[str]:
    """Return the methods by which there is a map of an embedding as it is now, PCA first."""
    folders = {method: _folder(collection, embedding, method) for method in METHODS}
    return [method for method in METHODS if _fitting_meta(folders[method], embedding)]


def mapped_rows(clips: int) -> np.ndarray:
    """Return the rows of the clips that maps of a collection show, int, in order: at most `MOST`.

    Which ones depends on nothing but the number of clips.
    """
    if clips <= MOST:
        return np.arange(clips)
    return np.sort(np.random.default_rng(clips).choice(clips, MOST, replace=False))


def _places(collection: Collection, embedding: Embedding) -> np.ndarray:
    """Return which of an embedding's clips its maps show, as places in its rows."""
    shown = mapped_rows(len(collection.clips))
    return np.flatnonzero(np.isin(embedding.rows, shown, assume_unique=True))


def is_light(embedding: Embedding) -> bool:
    """Return whether the PCA map of an embedding is made in a moment."""
    rows, dim = embedding.vectors.shape
    clips = len(embedding.rows)
    return rows * min(1.0, MOST / max(1, clips)) * dim <= LIGHT


def compared_vectors(
    collection: Collection, embedding: Embedding, places: np.ndarray
) -> np.ndarray:
    """Return the vectors that the default system compares, float32 [places, dim].

    `places`, int, are those of the clips in `embedding.rows`, in order. The vectors have unit
    length where the search is MCSS. Raises InputError naming the clips that cannot be compared.
    """
    recipe, search = _recipe(embedding)
    with one_thread():  # on a busy machine several threads wait for each other
        vectors = aggregate(*embedding.only(places), recipe.aggregation)
        fitted = _fitted(collection, embedding, recipe, search)
        if fitted is not None:
            prepared = prepare(vectors, fitted)
        else:
            ids = [collection.clips[row].id for row in embedding.rows[places]]
            prepared = prepare(vectors, fit(vectors, recipe, ids))
            check_comparable(prepared, search, ids)
    if search == "mcss":
        prepared /= np.linalg.norm(prepared, axis=1, keepdims=True)
    return prepared


def _fitted(
    collection: Collection, embedding: Embedding, recipe: Recipe, search: str
) -> dict[str, np.ndarray] | None:
    """Return what the default system was fitted to these vectors, or None: it is not built."""
    system = f"{embedding.name}.{recipe.slug(embedding.frames is not None)}.{search}"
    try:
        meta = open_ranking(collection, system).meta
    except InputError:
        return None
    same = meta["vectors_sha256"] == embedding.meta["vectors_sha256"]
    return read_transform(collection, system) if same else None


def _recipe(embedding: Embedding) -> tuple[Recipe, str]:
    """Return the default system's processing and search, its PCA no wider than the vectors are."""
    recipe, search = default_system(embedding)
    widest = min(len(embedding.rows), embedding.vectors.shape[1])
    return replace(recipe, pca=recipe.pca and min(recipe.pca, widest)), search


def _described(
    collection: Collection,
    embedding: Embedding,
    method: str,
    seed: int,
    parameters: Mapping[str, float | None],
) -> dict[str, Any]:
    """Return what ``meta.json`` says of how a map is made, or raise InputError."""
    clips, dim = len(_places(collection, embedding)), embedding.vectors.shape[1]
    used = chosen(method, parameters, clips)
    if not 0 <= seed <= _MOST_SEED:
        raise InputError(f"The seed must be from 0 to {_MOST_SEED}, not {seed}.")
    if clips < LEAST_CLIPS or dim < 2:
        raise InputError(
            f"A map needs at least {LEAST_CLIPS} clips with vectors of at least 2 dimensions; "
            f"{embedding.name!r} has {clips} with {dim}."
        )
    recipe, search = _recipe(embedding)
    return {
        "method": method,
        "embedding": embedding.name,
        "provenance": embedding.meta["provenance"],
        "vectors_sha256": embedding.meta["vectors_sha256"],
        "prepared": _words(embedding),
        "prepared_dim": recipe.pca or dim,
        "search": search,
        "metric": _METRICS[search],
        "clips": clips,
        "seed": None if method == "pca" else seed,
        "parameters": used,
        "library": library(method),
        "code_version": __version__,
    }


def _words(embedding: Embedding) -> str:
    """Return how the vectors are prepared, as people read it: "mean, L2, PCA 100, L2"."""
    recipe, search = _recipe(embedding)
    words = recipe.title(embedding.frames is not None)
    return f"{words}, L2" if search == "mcss" else words


def _fitting_meta(folder: Path, embedding: Embedding) -> dict[str, Any] | None:
    """Return ``meta.json`` of a map that shows the embedding as it is now and is prepared."""
    try:
        with undamaged("map", folder):
            meta = read_json(folder / "meta.json")
            same = meta["vectors_sha256"] == embedding.meta["vectors_sha256"]
            return meta if same and meta["prepared"] == _words(embedding) else None
    except InputError:  # there is none, or a damaged one
        return None


def _folder(collection: Collection, embedding: Embedding, method: str) -> Path:
    return collection.folder / "embeddings" / embedding.name / "maps" / method


def _stored(collection: Collection, embedding: Embedding, made: Map) -> Map:
    folder = _folder(collection, embedding, made.method)
    if not (folder.parents[1] / "meta.json").is_file():
        raise InputError(f"The embedding {embedding.name!r} was removed while it was mapped.")
    with whole_folder(folder) as new:
        np.save(new / "points.npy", made.points)
        write_json(new / "meta.json", made.meta)
    return made
