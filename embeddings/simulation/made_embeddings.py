"""Made embeddings, labelled "simulated", as is every number and picture made from them.

A simulated embedding of a representation lies beside a computed one and never in its place: its
folder is "simulated-vggish" where the computed one's is "vggish".
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.representations import Card
from embeddings.simulation.vectors import CONVENTION, METRIC, simulate
from embeddings.systems.store import Embedding, open_embedding, write_embedding

RANDOM = "random"


def write_random_embedding(
    collection: Collection, seed: int = 1, dim: int = 64, *, name: str = RANDOM
) -> Path:
    """Store vectors that know nothing of the sounds, as the embedding `name`.

    Each clip gets `dim` independent standard normal numbers from `seed`: a system built on them
    ranks at random, the floor that every other system should be above.
    """
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((len(collection.clips), dim), dtype=np.float32)
    meta = {
        "provenance": "simulated",
        "representation": "Random",
        "title": "Random ranking",
        "seed": seed,
        "description": "Random vectors that know nothing of the sounds.",
    }
    return write_embedding(collection, name, vectors, meta)


def simulated_name(card: Card) -> str:
    """Return the folder name of a representation's simulated embedding: "simulated-vggish"."""
    return f"simulated-{card.embedding}"


def write_simulated_embedding(
    collection: Collection,
    card: Card,
    targets: Mapping[str, float],
    seed: int = 1,
    *,
    source: str,
) -> Embedding:
    """Store made vectors of a representation that score as wanted; see `simulation.simulate`.

    They have one vector a clip, also where the representation has several: the default system
    of a simulated VGGish is ``simulated-vggish.l2-pca100.mcss``.

    Parameters
    ----------
    targets : family -> MAP@15 in [0, 1] under cbmi2024
    source : where the targets come from, kept in ``meta.json`` with what was reached

    Raises
    ------
    InputError
        The collection has no families to score, or a target is not in [0, 1].
    """
    made = simulate(collection, card, targets, seed)
    meta = {
        "provenance": "simulated",
        "representation": card.name,
        "title": f"{card.name} (simulated)",
        "seed": seed,
        "description": (
            f"Made vectors that know nothing of the sounds: drawn from the labels, with as much "
            f"noise as brings each family's {METRIC} near a given value."
        ),
        "simulation": {
            "metric": METRIC.lower(),
            "convention": CONVENTION,
            "source": source,
            "wanted": made.wanted,
            "reached": {family: round(value, 4) for family, value in made.reached.items()},
        },
    }
    write_embedding(collection, simulated_name(card), made.vectors, meta)
    return open_embedding(collection, simulated_name(card))
