"""The collections and rankings on disk, kept in memory until they change."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import abort, current_app

from embeddings.collection import Collection, collection_names, open_collection
from embeddings.errors import InputError
from embeddings.store import Ranking, open_ranking, system_names
from evaluation.queries import QueryScores
from evaluation.scoring import read_objective, read_query_scores


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


def rankings(of: Collection) -> tuple[list[Ranking], list[str]]:
    """Return the rankings of a collection by name, and a sentence on each that is damaged."""
    return _whole(system_names(of), lambda system: _ranking(of, system))


def _ranking(of: Collection, system: str) -> Ranking:
    stamp = of.folder / "rankings" / system / "meta.json"
    return _kept(("ranking", of.name, system), stamp, lambda: open_ranking(of, system))


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


def _kept(key: tuple[str, ...], stamp: Path, read: Any) -> Any:
    """Return what `read` gives, read again only when the file `stamp` has changed."""
    kept = current_app.extensions.setdefault("sounding_board_catalogue", {})
    changed = stamp.stat().st_mtime_ns if stamp.exists() else None
    if key not in kept or kept[key][0] != changed:
        kept[key] = (changed, read())
    return kept[key][1]
