"""The paper's own figures: what Araz et al. (CBMI 2024) published of the fourteen representations.

They are scores on FSD50K's evaluation set under the convention cbmi2024, as printed: macro scores
with two decimals, family scores with three. A number of ours may stand beside them under that
convention only, and MR1 counts from zero in both.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import read_json
from embeddings.representations import Card
from embeddings.simulation.made_embeddings import write_simulated_embedding
from embeddings.systems.store import Embedding

_FACTS = Path(__file__).with_name("published.json")


@dataclass(frozen=True, slots=True)
class Published:
    """What was published of one representation.

    Attributes
    ----------
    representation : its name, as on its card
    dim : numbers in a vector, as published (Freesound's has more today)
    variation : the checkpoint, as the paper's authors call it
    scores : "map@15", "map@150" in [0, 1] and "mr1" from 0: means over the 200 classes
    families : family -> MAP@15 in [0, 1], the mean over the classes of the family
    """

    representation: str
    dim: int
    variation: str
    scores: dict[str, float]
    families: dict[str, float]


@cache
def published() -> dict[str, Published]:
    """Return what was published of each representation, by name, in the order of the paper."""
    return {name: Published(name, **facts) for name, facts in _facts()["representations"].items()}


def citation() -> str:
    """Return where the figures were published."""
    return _facts()["citation"]


def measured_on() -> str:
    """Return the collection that the figures are of, in words."""
    return _facts()["collection"]


def convention() -> str:
    """Return the convention that the figures were counted by."""
    return _facts()["convention"]


def simulate_as_published(collection: Collection, card: Card, seed: int = 1) -> Embedding:
    """Store made vectors of a representation that score in each family as published.

    See `embeddings.simulation.made_embeddings.write_simulated_embedding`. Raises InputError where
    nothing was published of the representation, or the collection has no families.
    """
    if card.name not in published():
        raise InputError(
            f"Nothing was published of {card.name!r} to simulate; the paper has: "
            f"{', '.join(published())}."
        )
    families = published()[card.name].families
    source = f"{citation()} ({measured_on()})"
    return write_simulated_embedding(collection, card, families, seed, source=source)


@cache
def _facts() -> dict[str, Any]:
    return read_json(_FACTS)
