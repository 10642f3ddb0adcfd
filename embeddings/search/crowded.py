"""Queries to which so many clips are nearly equally near that float32 leaves most of them in doubt.

Collections have them: silence with its dither, one machine recorded a thousand times. There float64
products choose again among the candidates, where they can: where behind the last one that is wanted
there is a gap wider than rounding and ties together. Where there is none, all stay candidates.
"""

from typing import TYPE_CHECKING

import numpy as np

from embeddings.search.sums import tiles

if TYPE_CHECKING:
    from embeddings.search.comparison import Comparison

_MANY = 2  # times as many candidates as are wanted
_NUMBERS = 1 << 21  # float64 products at a time


def fewer(
    compared: "Comparison",
    queries: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    top: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return those of a block's candidates that may still be among the `top` best.

    Parameters
    ----------
    queries : int [queries], their rows
    rows, columns, values : [candidates], places in the block, clips and float32 products, in the
        order of rows and columns; minus infinity is left out of the search

    Returns
    -------
    rows, columns, values : some of these, in the same order. Every clip that is exactly as near as
        the `top` best, or ties with one of them, however long the chain of ties, is among them
    """
    sizes = np.bincount(rows, minlength=len(queries))
    if not (sizes > _MANY * top).any():
        return rows, columns, values
    stays = np.ones(len(rows), dtype=bool)
    starts = np.cumsum(sizes) - sizes
    crowded = np.flatnonzero(sizes > _MANY * top)
    for some in tiles(len(crowded), len(compared.corpus), _NUMBERS):
        keys, reach = compared.fine(queries[crowded[some]])
        for place, own, near in zip(crowded[some], keys, reach, strict=True):
            at = slice(starts[place], starts[place] + sizes[place])
            least = _least(np.where(np.isneginf(values[at]), -np.inf, own[columns[at]]), top, near)
            stays[at] = own[columns[at]] >= least
    return rows[stays], columns[stays], values[stays]


def _least(keys: np.ndarray, top: int, reach: float) -> float:
    """Return the key above the first gap of more than `reach` behind the `top` best.

    Minus infinity where there is no such gap among those that are looked at.
    """
    looked = min(len(keys), 2 * top)
    best = -np.partition(-keys, looked - 1)[:looked]
    best = -np.sort(-best)
    with np.errstate(invalid="ignore"):  # of what is left out
        gaps = np.flatnonzero(best[top - 1 : -1] - best[top:] > reach)
    return float(best[top - 1 + gaps[0]]) if len(gaps) else -np.inf
