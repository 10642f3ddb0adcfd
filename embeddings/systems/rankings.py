"""Building a system's ranking from a stored embedding: prepare, search, store."""

import hashlib
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from embeddings import __version__
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.representations import CARDS
from embeddings.search.neighbours import (
    check_comparable,
    exact_similarities,
    group_codes,
    top_neighbours,
)
from embeddings.search.processing import AGGREGATIONS, Recipe, aggregate, fit, prepare
from embeddings.search.refitting import refit_bound
from embeddings.systems.query_parts import Parts
from embeddings.systems.store import (
    Embedding,
    Ranking,
    embedding_names,
    open_embedding,
    open_ranking,
    read_transform,
    write_ranking,
)
from embeddings.tasks import Here, Workers, engine, one_blas_thread

TOP = 150
EXCLUSIONS = ("group",)
_FITTED_TO = ("vectors_sha256", "aggregation", "normalise", "pca")


def find_embedding(collection: Collection, representation: str) -> Embedding:
    """Open the embedding that `representation` names, in any case of letters.

    It is the embedding's folder name, or a representation's name, which means its default.
    """
    known = embedding_names(collection)
    wanted = representation.lower()
    for name in known:
        if name.lower() == wanted:
            return open_embedding(collection, name)
    raise InputError(
        f"The collection {collection.name!r} has no embedding {representation!r}; it has: "
        f"{', '.join(known) or 'none yet'} (flask embeddings extract {collection.name} makes them)."
    )


def default_system(embedding: Embedding) -> tuple[Recipe, str]:
    """Return the processing and the search of the representation's card.

    A representation without a card gets the paper's usual for networks: mean, L2, PCA 100, MCSS.
    """
    card = CARDS.get(embedding.meta["representation"])
    return (card.recipe, card.search) if card else (Recipe(), "mcss")


def check_aggregation(embedding: Embedding, aggregation: str | None) -> None:
    """Raise InputError where the embedding cannot be aggregated as asked; "none" asks for none."""
    if aggregation not in (None, "none") and embedding.frames is None:
        raise InputError(
            f"{embedding.name!r} has one vector a clip: there are no frames to aggregate by "
            f"{aggregation}."
        )
    if aggregation == "none" and embedding.frames is not None:
        raise InputError(
            f"{embedding.name!r} has several vectors a clip: they must be aggregated by "
            f"{', '.join(AGGREGATIONS)}."
        )


def rank(
    collection: Collection,
    representation: str,
    *,
    aggregation: str | None = None,
    normalise: str | None = None,
    pca: str | None = None,
    search: str | None = None,
    top: int = TOP,
    exclude_same: str | None = None,
    device: str = "cpu",
    workers: Workers = None,
) -> Ranking:
    """Build the ranking of a representation by a processing and a search in words.

    What is None is `default_system`'s. `aggregation` may be "none", where a clip has one vector,
    and `pca` a number of components or "none". See `find_embedding` and `build_ranking`.

    Raises InputError for words that mean nothing, or do not fit the vectors.
    """
    embedding = find_embedding(collection, representation)
    recipe, usual_search = default_system(embedding)
    check_aggregation(embedding, aggregation)
    recipe = recipe.changed(
        aggregation=None if aggregation == "none" else aggregation, normalise=normalise, pca=pca
    )
    return build_ranking(
        collection, embedding, recipe, search or usual_search, top,
        exclude_same=exclude_same, device=device, workers=workers,
    )  # fmt: skip


def build_ranking(
    collection: Collection,
    embedding: Embedding,
    recipe: Recipe | None = None,
    search: str | None = None,
    top: int = TOP,
    *,
    exclude_same: str | None = None,
    device: str = "cpu",
    workers: Workers = None,
) -> Ranking:
    """Rank every clip's neighbours under one system, store the ranking and return it.

    What is stored already, made in the same way from the same vectors, is kept with its scores.
    Where only other neighbours are asked for, or by a newer version, the fitted recipe is kept:
    fitted on another processor, it would not be the same to the last bit.

    Parameters
    ----------
    recipe, search : the processing and the search; `default_system`'s unless told
    top : neighbours to keep of each clip
    exclude_same : "group" leaves out, for each query, the clips of its own group (uploader, pack
        or source recording)
    device : where it is searched; see `embeddings.search.backends.find_backend`
    workers : who searches, as one task; see `embeddings.tasks.engine`. Unless told the calling
        process, on all cores

    Raises
    ------
    InputError
        The vectors cannot be processed or searched so; the sentence says why.
    """
    usual = default_system(embedding)
    recipe, search = recipe or usual[0], search or usual[1]
    groups = groups_of(collection, embedding.rows, exclude_same)
    system, meta = _described(embedding, recipe, search, top, exclude_same)
    stored = _stored(collection, system)
    if stored and all(stored.meta.get(key) == meta[key] for key in meta):
        return stored
    ids = collection.ids_of(embedding.rows)
    vectors = aggregate(embedding.vectors, embedding.frames, recipe.aggregation)
    fitted = _fitted_before(collection, stored, meta) or fit(vectors, recipe, ids)
    prepared = prepare(vectors, fitted)
    check_comparable(prepared, search, ids)  # names the clips that cannot be compared
    state = meta | {"prepared_sha256": hashlib.sha256(prepared.data).hexdigest()}
    folder = collection.folder / "rankings" / f".{system}.parts"
    with Parts(collection, folder, state, len(prepared)) as parts:
        np.save(folder / "prepared.npy", prepared)
        work = partial(_searched, folder / "prepared.npy", search, top, groups, device)
        parts.make(f"Ranking {system}", engine(workers, Here()), work)
        facts: dict[str, Any] = {"prepared_dim": prepared.shape[1]}
        if "next_variance" in fitted:  # which an older version did not keep
            bound = refit_bound(vectors, fitted, prepared, search)
            facts["refit_bound"] = bound if math.isfinite(bound) else None
        neighbours, scores = _on_collection(collection, embedding.rows, parts, meta["top"])
        write_ranking(collection, system, neighbours, scores, fitted, meta | facts)
    return open_ranking(collection, system)


def prepared_at(path: Path) -> np.ndarray:
    """Return prepared vectors that were saved for a task, float32 [clips, dim], memory-mapped."""
    return np.asarray(np.load(path, mmap_mode="c"))


@one_blas_thread()  # the search has threads of its own, as many as are its share of the cores
def _searched(
    path: Path, search: str, top: int, groups: Sequence[str] | None, device: str, queries: range
) -> dict[str, np.ndarray]:
    """Return neighbours and scores of some of the prepared vectors in a file."""
    vectors = prepared_at(path)
    neighbours, scores = top_neighbours(
        vectors, search, top, groups=groups, device=device, queries=queries
    )
    return {"neighbours": neighbours, "scores": scores}


def _described(
    embedding: Embedding, recipe: Recipe, search: str, top: int, exclude_same: str | None
) -> tuple[str, dict[str, Any]]:
    """Return a system's name, and what ``meta.json`` says of how its ranking is made."""
    frame_level = embedding.frames is not None
    system = f"{embedding.name}.{recipe.slug(frame_level)}.{search}"
    name = embedding.meta.get("title", embedding.meta["representation"])
    title = f"{name} · {recipe.title(frame_level)} · {search.upper()}"
    if exclude_same:
        system += f".exclude-{exclude_same}"
        title += f" · same {exclude_same} excluded"
    return system, {
        "title": title,
        "embedding": embedding.name,
        "vectors_sha256": embedding.meta["vectors_sha256"],
        "representation": embedding.meta["representation"],
        "provenance": embedding.meta["provenance"],
        "aggregation": recipe.aggregation,
        "normalise": recipe.normalise,
        "pca": recipe.pca,
        "search": search,
        "exclude_same": exclude_same,
        "top": min(top, len(embedding.rows) - 1),
        "ties": "clip order, of similarities equal but for the noise of float64",
        "code_version": __version__,
    }


def groups_of(
    collection: Collection, rows: np.ndarray, exclude_same: str | None
) -> list[str] | None:
    """Return the group of each of these clips where clips of the same group are excluded.

    None means that nothing but the query is excluded. Raises InputError where no clip has a group.
    """
    if exclude_same is None:
        return None
    if exclude_same not in EXCLUSIONS:
        raise InputError(
            f"What is excluded must be one of {', '.join(EXCLUSIONS)}, not {exclude_same!r}."
        )
    groups = [collection.clips[row].group for row in rows]
    if not any(groups):
        raise InputError(
            f"No clip of {collection.name!r} has a group to exclude; "
            "flask collections import --group-column names the column that tells it."
        )
    return groups


def _stored(collection: Collection, system: str) -> Ranking | None:
    """Return the ranking `system` as it is stored, None where it is to be made."""
    try:
        return open_ranking(collection, system)
    except InputError:  # there is none, or it is damaged or of other clips
        return None


def _fitted_before(
    collection: Collection, stored: Ranking | None, meta: dict[str, Any]
) -> dict[str, np.ndarray] | None:
    """Return the recipe that an earlier build fitted to the same vectors, if any."""
    if stored is None or any(stored.meta.get(key) != meta[key] for key in _FITTED_TO):
        return None
    try:
        return read_transform(collection, stored.system)
    except (OSError, ValueError, BadZipFile):  # damaged
        return None


def prepared_vectors(collection: Collection, ranking: Ranking) -> tuple[np.ndarray, np.ndarray]:
    """Return a system's prepared vectors, float32 [clips, dim], and their collection rows.

    Raises InputError where the embedding was made anew since the ranking was built.
    """
    embedding = open_embedding(collection, ranking.meta["embedding"])
    if embedding.meta["vectors_sha256"] != ranking.meta["vectors_sha256"]:
        raise InputError(
            f"The system {ranking.system!r} was built from older vectors than {embedding.name!r} "
            "has now; build it again (flask rankings build)."
        )
    vectors = aggregate(embedding.vectors, embedding.frames, ranking.meta["aggregation"])
    return prepare(vectors, read_transform(collection, ranking.system)), embedding.rows


def similarities(collection: Collection, ranking: Ranking, queries: Sequence[int]) -> np.ndarray:
    """Return a system's similarity of every clip to some queries, also of those it does not keep.

    Parameters
    ----------
    queries : rows of the collection

    Returns
    -------
    float64 [queries, clips], the cosine, the inner product or minus the distance; NaN for what the
    system does not rank: the query itself, clips without vectors, and the query's group where the
    system leaves it out

    Raises
    ------
    InputError
        As `prepared_vectors`: the vectors are not there, or are not those of the ranking.
    """
    prepared, rows = prepared_vectors(collection, ranking)
    codes = group_codes(len(rows), groups_of(collection, rows, ranking.meta.get("exclude_same")))
    places, own = np.nonzero(np.asarray(queries, dtype=np.int64)[:, None] == rows)
    values = exact_similarities(prepared[own], prepared, ranking.meta["search"])
    values[codes[own][:, None] == codes] = np.nan
    result = np.full((len(queries), len(collection.clips)), np.nan)
    result[places[:, None], rows] = values
    return result


def _on_collection(
    collection: Collection, rows: np.ndarray, parts: Parts, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """Spread a ranking of the embedded clips, in parts, over all clips of the collection.

    The result lies on the disk, beside the parts: a large one is a gigabyte.
    """
    shape = len(collection.clips), top
    spread, found = (
        np.lib.format.open_memmap(parts.folder / f"{name}.npy", "w+", kind, shape)
        for name, kind in (("neighbours", np.int32), ("scores", np.float32))
    )
    spread[:], found[:] = -1, np.nan
    for part, arrays in parts:
        own, neighbours = rows[part.start : part.stop], arrays["neighbours"]
        spread[own] = np.where(neighbours < 0, -1, rows[neighbours])
        found[own] = arrays["scores"]
    return spread, found
