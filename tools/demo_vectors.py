"""Computes Freesound's vectors of the demo's sounds, which come with the project.

Run by hand, with Essentia, whenever the synthesis or the extraction changes:
``python -m tools.demo_vectors``.
"""

import json
import tempfile
from pathlib import Path

import numpy as np

from embeddings.extraction.extract import extract_embedding, plan
from embeddings.representations import CARDS
from embeddings.simulation.demo_collection import SHIPPED, SHIPPED_CARD, make_demo_collection

KEPT = ("provenance", "representation", "extraction", "package", "package_version")


def main() -> None:
    """Make the sounds anew, compute, and write the file."""
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as folder:
        collection = make_demo_collection(Path(folder))
        embedding = extract_embedding(collection, plan(collection.data, CARDS[SHIPPED_CARD]))
        np.savez_compressed(
            SHIPPED,
            vectors=embedding.vectors,
            ids=np.array([clip.id for clip in collection.clips]),
            meta=np.array(json.dumps({key: embedding.meta[key] for key in KEPT})),
        )


if __name__ == "__main__":
    main()
