"""Asking the systems of a collection with a sound that is not in it.

A system can be asked where its embedding was computed here and can be computed again in the same
way: the package, the weights or the user's own file are those of then. The sound's vectors go
through the transform that is stored with the ranking, and are compared with all clips exactly, as
the ranking itself was made. No clip is left out: the sound has no group.

What is random in an extraction (dither, crops) is seeded by the sound's id, a SHA-256 of its
samples: the same sound has the same neighbours, whatever its file is called.
"""

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from embeddings import __version__
from embeddings.asking.sounds import Sound
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import plan
from embeddings.extraction.weights import find_variation, list_weights
from embeddings.files import read_json, undamaged
from embeddings.packages import lack_of
from embeddings.representations import CARDS, Card, mteb
from embeddings.representations.own import find_own
from embeddings.representations.runner import Embedder
from embeddings.search.neighbours import search_corpus
from embeddings.search.processing import aggregate, check_finite, prepare
from embeddings.systems.rankings import TOP, prepared_vectors
from embeddings.systems.store import Ranking, read_transform
from embeddings.tasks import Failure, Processes


@dataclass(frozen=True, slots=True)
class Answer:
    """What one system returns for a sound.

    Attributes
    ----------
    system : the ranking's name
    rows : int32 [top], rows of the collection, best first; empty where it failed
    scores : float32 [top]; higher is more similar
    failed : why there is none; "" where there is
    note : what may make it differ from the ranking; "" for nothing
    """

    system: str
    rows: np.ndarray
    scores: np.ndarray
    failed: str = ""
    note: str = ""


def obstacles(collection: Collection, rankings: Sequence[Ranking]) -> dict[str, str]:
    """Return system -> why it cannot be asked with a new sound here; "" where it can.

    Quick: no package is imported and no weights are read.
    """
    weights = {one.path.name: one.state for one in list_weights(collection.data)}
    return {one.system: _obstacle(collection, one, weights) for one in rankings}


def answers(
    collection: Collection, rankings: Sequence[Ranking], sound: Sound, top: int = TOP
) -> Iterator[Answer]:
    """Yield what each system answers, as soon as it is known, embedding by embedding.

    Each embedding is computed in a process of its own, whose end gives the memory back and whose
    crash fails its systems alone. Systems of one embedding are answered together.
    """
    groups: dict[str, list[Ranking]] = {}
    for one in rankings:
        groups.setdefault(one.meta["embedding"], []).append(one)
    for some in groups.values():
        try:
            embedder, note = find_embedder(collection, some[0])
        except InputError as error:
            yield from (_failed(one, str(error)) for one in some)
            continue
        embed = partial(_embed, embedder, clip_id=sound.id)
        for _, found in Processes(1).run(embed, [sound.path]):
            if isinstance(found, Failure):
                reason = found.reason.replace(str(sound.path), sound.name)
                yield from (_failed(one, reason) for one in some)
            else:
                yield from (_answer(collection, one, found, top, note) for one in some)


def find_embedder(collection: Collection, ranking: Ranking) -> tuple[Embedder, str]:
    """Return what computes vectors as those of a system were computed, and a note.

    The note says which versions differ from those of then, "" if none.

    Raises
    ------
    InputError
        It cannot be computed here, or not in the same way: see `obstacles`; the weights or the
        user's own file have other bytes than then.
    """
    meta = _embedding_meta(collection, ranking)
    card = CARDS.get(meta["representation"])
    if card is None:
        folder = collection.folder / "embeddings" / meta["name"]
        return find_own(folder, verify=True), _note(meta)
    task = plan(
        collection.data,
        card,
        meta["extraction"],
        variation=meta.get("variation"),
        backend=meta.get("backend"),
    )
    if task.facts.get("weights_sha256") != meta.get("weights_sha256"):
        raise InputError(
            f"The weights {meta['weights']} are not those that computed {meta['name']!r}."
        )
    return task.embedder, _note(meta, task.facts["package_version"])


def neighbours(
    collection: Collection, ranking: Ranking, vectors: np.ndarray, top: int = TOP
) -> tuple[np.ndarray, np.ndarray]:
    """Return the clips that a system finds most similar to a sound.

    Parameters
    ----------
    vectors : the sound's raw vectors as the representation gives them, float [dim] or [frames, dim]

    Returns
    -------
    rows, scores : int32 and float32 [min(top, clips with vectors)], best first

    Raises
    ------
    InputError
        The vectors cannot be prepared or compared; the embedding is not that of the ranking.
    """
    corpus, rows = prepared_vectors(collection, ranking)
    query = prepare_sound(collection, ranking, vectors)
    found, scores = search_corpus(query, corpus, ranking.meta["search"], top)
    return rows[found[0]].astype(np.int32), scores[0]


def prepare_sound(collection: Collection, ranking: Ranking, vectors: np.ndarray) -> np.ndarray:
    """Return a sound's prepared vector, float32 [1, dim], from its raw ones; see `neighbours`."""
    single = np.atleast_2d(vectors)
    check_finite(single, ["the sound"] * len(single))
    if vectors.ndim == 2:
        frames = np.array([0, len(vectors)])
        single = aggregate(vectors, frames, ranking.meta["aggregation"])
    if ranking.meta["normalise"] == "l2" and not single.any():
        raise InputError("The sound's vector is all zeros and has no direction.")
    return prepare(single, read_transform(collection, ranking.system))


def _answer(
    collection: Collection, ranking: Ranking, vectors: np.ndarray, top: int, note: str
) -> Answer:
    try:
        rows, scores = neighbours(collection, ranking, vectors, top)
    except InputError as error:
        return _failed(ranking, str(error))
    return Answer(ranking.system, rows, scores, note=note)


def _failed(ranking: Ranking, reason: str) -> Answer:
    return Answer(ranking.system, np.empty(0, np.int32), np.empty(0, np.float32), failed=reason)


def _embed(embedder: Embedder, path: Path, clip_id: str) -> np.ndarray:
    return embedder(path, clip_id)


def _obstacle(collection: Collection, ranking: Ranking, weights: dict[str, str]) -> str:
    try:
        meta = _embedding_meta(collection, ranking)
        card = CARDS.get(meta["representation"])
        if card:
            return _lacking(card, meta, weights)
        own = find_own(collection.folder / "embeddings" / meta["name"])
    except InputError as error:
        return str(error)
    if own.source.startswith(mteb.PREFIX) and importlib.util.find_spec("mteb") is None:
        return "The package mteb is not installed."
    return ""


def _lacking(card: Card, meta: dict[str, Any], weights: dict[str, str]) -> str:
    """Return which package or weights are not here, in a sentence; "" where all are."""
    for module, package in card.packages:
        if lack := lack_of(module, package):
            return f"The package {package} {lack}."
    if not card.variations:
        return ""
    chosen = find_variation(card, meta.get("variation"))
    option = "" if chosen is card.variations[0] else f" --variation {chosen.name}"
    return {
        "there": "",
        "missing": f"Its weights are missing: flask weights fetch {card.name}{option} gets them.",
        "changed": f"Its weights {chosen.file} are not what they were: see flask weights check.",
    }[weights[chosen.file]]


def _embedding_meta(collection: Collection, ranking: Ranking) -> dict[str, Any]:
    """Return what is known of a system's embedding, checked to be computed and the ranking's."""
    kind, name = ranking.provenance, ranking.meta["embedding"]
    if kind == "simulated":
        raise InputError("It is simulated: there is no extractor.")
    if kind == "imported" or name is None:
        raise InputError("It is imported: what computed it is not here.")
    folder = collection.folder / "embeddings" / name
    with undamaged("embedding", folder):
        meta = read_json(folder / "meta.json")
        if meta["vectors_sha256"] != ranking.meta["vectors_sha256"]:
            raise InputError("it was made anew; build the system again (flask rankings build).")
    if not (collection.folder / "rankings" / ranking.system / "transform.npz").is_file():
        raise InputError("What prepares its vectors is not stored: build the system again.")
    return meta


def _note(then: dict[str, Any], package_version: str | None = None) -> str:
    versions = [("Sounding Board", then["code_version"], __version__)]
    if package_version:
        versions.append((then["package"], then["package_version"], package_version))
    changed = [f"{name} {old} (here: {new})" for name, old, new in versions if old != new]
    return f"The collection's vectors were computed by {', '.join(changed)}." if changed else ""
