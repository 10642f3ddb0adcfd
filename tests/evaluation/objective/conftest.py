"""What tests of sweeps share: few components, an embedding of frames and one without."""

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.systems.store import Embedding, open_embedding, write_embedding
from evaluation.objective import sweep_cells


@pytest.fixture(autouse=True)
def _small_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """The small collection has 18 clips: PCA to 100 and 200 become 4 and 8 components."""
    monkeypatch.setattr(sweep_cells, "COMPONENTS", (4, 8, None))


@pytest.fixture
def framed(small: Collection) -> Embedding:
    """Vectors with one to four frames a clip that know a little of the class."""
    rng = np.random.default_rng(1)
    counts = 1 + np.arange(18) % 4
    frames = np.concatenate([[0], np.cumsum(counts)])
    vectors = rng.normal(size=(frames[-1], 10))
    for row, clip in enumerate(small.clips):
        vectors[frames[row] : frames[row + 1], len(clip.labels[0]) % 3] += 1.5
    meta = {"provenance": "imported", "representation": "Framed"}
    write_embedding(small, "framed", vectors, meta, frames=frames)
    return open_embedding(small, "framed")


@pytest.fixture
def plain(small: Collection) -> Embedding:
    """One vector a clip, which knows a little of the class."""
    vectors = np.random.default_rng(3).normal(size=(18, 10))
    for row, clip in enumerate(small.clips):
        vectors[row, len(clip.labels[0]) % 3] += 1.5
    write_embedding(small, "plain", vectors, {"provenance": "imported", "representation": "Plain"})
    return open_embedding(small, "plain")
