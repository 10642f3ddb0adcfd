"""The ranked systems of a collection with what is stored beside each ranking."""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import read_json
from embeddings.systems.store import open_ranking, system_names
from evaluation.objective.scoring import read_objective


@dataclass(frozen=True, slots=True)
class StoredSystem:
    """A ranked system.

    Attributes
    ----------
    name : its folder's name, and the one in commands
    label : the part of its title before the processing, or the whole where another system has the
        same: what a column or an axis is called by
    meta : what ``meta.json`` says
    embedding : what its embedding's ``meta.json`` says; empty where there is none (imported
        rankings) or none any more
    objective : what ``objective.json`` says, None where it was not scored yet
    """

    name: str
    label: str
    meta: dict[str, Any]
    embedding: dict[str, Any]
    objective: dict[str, Any] | None

    @property
    def identity(self) -> dict[str, str]:
        """What each table's row of the system says of it."""
        return {
            "system": self.name,
            "label": self.label,
            "title": self.meta["title"],
            "provenance": self.meta["provenance"],
        }

    def under(self, convention: str) -> dict[str, Any]:
        """Return its scores under a convention, empty where it was not scored."""
        return self.objective["conventions"][convention] if self.objective else {}


def stored_systems(collection: Collection) -> tuple[list[StoredSystem], list[str]]:
    """Return the systems that are ranked, by name, and a sentence on each that is damaged."""
    systems, damaged = [], []
    for name in system_names(collection):
        try:
            systems.append(_stored(collection, name))
        except InputError as error:
            damaged.append(str(error))
    counts = Counter(one.label for one in systems)
    return [
        one if counts[one.label] == 1 else replace(one, label=one.meta["title"]) for one in systems
    ], damaged


def _stored(collection: Collection, name: str) -> StoredSystem:
    meta = open_ranking(collection, name).meta
    path = collection.folder / "embeddings" / str(meta["embedding"]) / "meta.json"
    embedding = read_json(path) if path.is_file() else {}
    label = meta["title"].split(" · ")[0]
    return StoredSystem(name, label, meta, embedding, read_objective(collection, name))
