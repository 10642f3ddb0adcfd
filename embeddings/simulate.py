"""Made embeddings, labelled "simulated", as is every number and picture made from them."""

from pathlib import Path

import numpy as np

from embeddings.collection import Collection
from embeddings.store import write_embedding

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
