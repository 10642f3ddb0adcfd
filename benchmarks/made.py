"""Vectors with the class sizes of FSD50K's evaluation set, for any number of clips."""

from dataclasses import dataclass

import numpy as np

from embeddings.simulation.fsd50k_shape import draw_labels


@dataclass(frozen=True, slots=True)
class Made:
    """Vectors float32 [clips, dim], and the labels of each clip."""

    vectors: np.ndarray
    labels: list[tuple[str, ...]]


def make(clips: int, dim: int, frames: int = 1, seed: int = 1) -> Made:
    """Make vectors of clips with the classes of `fsd50k_shape.draw_labels`.

    A clip's vector is the sum of random directions of its classes, and noise; with `frames` there
    are that many vectors a clip, one below the other.
    """
    rng = np.random.default_rng(seed)
    labels = draw_labels(clips, seed)
    vectors = rng.standard_normal((clips * frames, dim), dtype=np.float32)
    for name in sorted({name for own in labels for name in own}):
        direction = 0.8 * rng.standard_normal(dim, dtype=np.float32)
        rows = np.array([row for row, own in enumerate(labels) if name in own])
        for frame in range(frames):
            vectors[rows * frames + frame] += direction
    return Made(vectors, labels)
