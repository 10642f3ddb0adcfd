"""The collections and rankings on disk, kept in memory until they change."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from flask import abort, current_app

from embeddings.collection.clips import (
    Collection,
    collection_names,
    few_at_a_time,
    open_collection,
)
from embeddings.errors import InputError
from embeddings.files import read_json
from embeddings.listening.levels import PlayingLevels, playing_levels
from embeddings.systems.store import (
    Embedding,
    Ranking,
    embedding_names,
    open_embedding,
    open_ranking,
    system_names,
)
from evaluation.browsing.filters import Labels
from evaluation.browsing.hubness import Hubness
from evaluation.browsing.hubness import hubness as hubness_of
from evaluation.browsing.overlap import overlap_by_query
from evaluation.objective.per_query import QueryScores
from evaluation.objective.scoring import read_objective, read_query_scores
from webapp.core.clip_facts import ClipFacts, clip_facts
from webapp.core.kept import of_app, stamps

_ORDERS = 8  # orders of queries in memory; of a million clips one has 16 MB
_MOST = 4096  # things in memory; most are mapped files, and small


def data() -> Path:
    """Return the data folder."""
    return current_app.config["DATA"]


def names() -> list[str]:
    """Return the names of all collections."""
    return collection_names(data())


def collection(name: str) -> Collection:
    """Return the collection `name`, or answer 404."""
    if name not in names():
        abort(404)
    stamp = data() / "collections" / name / "collection.json"
    return _kept(("collection", name), stamp, lambda: open_collection(data(), name))


def collections() -> tuple[list[Collection], list[str]]:
    """Return the collections by name, and a sentence on each that cannot be opened."""
    return _whole(names(), collection)


def titles() -> dict[str, str]:
    """Return every collection's name -> its title, without opening it; a damaged one's name."""
    return {name: _title(name) or name for name in names()}


def _title(name: str) -> str:
    info = data() / "collections" / name / "collection.json"

    def read() -> str:
        try:
            facts = read_json(info)
        except (InputError, OSError):
            return ""
        return str(facts.get("title") or "") if isinstance(facts, dict) else ""

    return _kept(("title", name), info, read)


def rankings(of: Collection) -> tuple[list[Ranking], list[str]]:
    """Return the rankings of a collection by name, and a sentence on each that is damaged."""
    return _whole(system_names(of), lambda system: _ranking(of, system))


def embeddings(of: Collection) -> tuple[list[Embedding], list[str]]:
    """Return the embeddings of a collection by name, and a sentence on each that is damaged."""
    return _whole(embedding_names(of), lambda name: _embedding(of, name))


def _embedding(of: Collection, name: str) -> Embedding:
    stamp = of.folder / "embeddings" / name / "meta.json"
    return _kept(("embedding", of.name, name), stamp, lambda: open_embedding(of, name))


def map_clips(of: Collection) -> ClipFacts:
    """Return what the page of a collection's maps knows of the clips."""
    return _kept(("map clips", of.name), of.folder / "collection.json", lambda: clip_facts(of))


def _ranking(of: Collection, system: str) -> Ranking:
    stamp = of.folder / "rankings" / system / "meta.json"

    def opened() -> Ranking:
        found = open_ranking(of, system)
        few_at_a_time(found.neighbours)
        few_at_a_time(found.scores)
        return found

    return _kept(("ranking", of.name, system), stamp, opened)


def _whole(names: list[str], read: Callable[[str], Any]) -> tuple[list[Any], list[str]]:
    things, sentences = [], []
    for name in names:
        try:
            things.append(read(name))
        except InputError as error:
            sentences.append(str(error))
    return things, sentences


def query_scores(of: Collection, system: str) -> QueryScores | None:
    """Return the scores of every query under `system`, or None where it was not scored yet."""
    stamp = of.folder / "rankings" / system / "objective_queries.npz"
    return _kept(("scores", of.name, system), stamp, lambda: read_query_scores(of, system))


def objective(of: Collection, system: str) -> dict[str, Any] | None:
    """Return the scores of `system` as ``objective.json`` has them, or None."""
    stamp = of.folder / "rankings" / system / "objective.json"
    return _kept(("objective", of.name, system), stamp, lambda: read_objective(of, system))


def levels(of: Collection) -> PlayingLevels | None:
    """Return how a collection's sounds are brought to one level, or None without loudness."""
    stamp = of.folder / "collection.json"
    return _kept(("levels", of.name), stamp, lambda: playing_levels(of))


def labels(of: Collection) -> Labels:
    """Return which clip carries which class."""
    return _kept(("labels", of.name), of.folder / "collection.json", lambda: Labels(of))


def hubness(of: Collection, ranking: Ranking) -> Hubness:
    """Return how evenly the lists of `ranking` are spread over the clips."""
    stamp = of.folder / "rankings" / ranking.system / "meta.json"
    key = ("hubness", of.name, ranking.system)
    return _kept(key, stamp, lambda: hubness_of(open_ranking(of, ranking.system).neighbours))


def overlap(of: Collection, one: Ranking, other: Ranking) -> np.ndarray:
    """Return the rank-biased overlap of two systems' lists of every query, float [clips]."""
    first, second = sorted((one, other), key=lambda ranking: ranking.system)
    files = [of.folder / "rankings" / each.system / "meta.json" for each in (first, second)]
    key = ("overlap", of.name, first.system, second.system)

    def compared() -> np.ndarray:  # all of both: not as pages read them
        lists = (open_ranking(of, each.system).neighbours for each in (first, second))
        return overlap_by_query(*lists, len(of.clips))

    return _kept(key, files, compared)


def query_order(
    of: Collection, systems: Sequence[Ranking], asked: tuple[Any, ...], make: Callable[[], Any]
) -> Any:
    """Return the order of queries that `make` gives, made again only when `systems` have changed.

    Who walks through a collection asks for the same one again and again.
    """
    files = [of.folder / "collection.json"]
    for one in systems:
        folder = of.folder / "rankings" / one.system
        files += [folder / "meta.json", folder / "objective_queries.npz"]
    kept = of_app("sounding_board_orders", _ORDERS)
    return kept.get((of.name, *asked), stamps(files), make)


def _kept(key: tuple[str, ...], files: Path | list[Path], read: Callable[[], Any]) -> Any:
    """Return what `read` gives, read again only when one of the files has changed."""
    of = stamps([files] if isinstance(files, Path) else files)
    return of_app("sounding_board_catalogue", _MOST).get(key, of, read)
