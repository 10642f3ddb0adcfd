"""Sums in float64 that come out the same, to the last bit, wherever they are computed.

A sum of floats depends on the order of its additions, and ``@``, ``einsum``, ``sum`` and ``norm``
leave the order to the processor's kernel. Here it is written down. The numbers of a row, filled up
with zeros to a multiple of a power of two, are added in pairs (first and second, third and fourth),
the sums again in pairs, until at most 16 are left, which are added from left to right. Each product
and addition is one rounding of IEEE 754 arithmetic.
"""

from collections.abc import Iterator

import numpy as np

_LEFT = 16
TILE = 1 << 16
"""Numbers that are worked on at a time: they fit in a core's cache."""


def sum_rows(rows: np.ndarray) -> np.ndarray:
    """Return the sum of each row of float64 [rows, numbers], in the order of the module's text."""
    count, numbers = rows.shape
    halvings = 0
    while -(-numbers >> halvings) > _LEFT:
        halvings += 1
    width = -(-numbers >> halvings) << halvings
    padded = np.zeros((count, width))
    padded[:, :numbers] = rows
    flat = padded.reshape(-1)
    for _ in range(halvings):  # a pair never spans two rows: each has an even count
        flat = flat[0::2] + flat[1::2]
    left = flat.reshape(count, width >> halvings)
    total = np.zeros(count)
    for column in left.T:
        total += column
    return total


def lengths_of(vectors: np.ndarray) -> np.ndarray:
    """Return the Euclidean length of each row of [rows, dim], float64 [rows].

    No square overflows or vanishes: each row is measured in units of its largest number.
    """
    result = np.empty(len(vectors))
    for some in tiles(len(vectors), vectors.shape[1]):
        largest = np.abs(vectors[some]).max(axis=1, initial=0).astype(np.float64)
        scale = np.where(largest > 0, largest, 1.0)
        result[some] = np.sqrt(sum_rows((vectors[some] / scale[:, None]) ** 2)) * scale
    return result


def tiles(rows: int, numbers: int, most: int = TILE) -> Iterator[slice]:
    """Yield slices of as many rows, of `numbers` numbers each, as make up `most` numbers."""
    step = max(1, most // max(1, numbers))
    for start in range(0, rows, step):
        yield slice(start, min(start + step, rows))
