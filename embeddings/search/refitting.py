"""What may change where a recipe is fitted again on another processor.

A fitted recipe is stored with its ranking and gives the same bytes everywhere; it is not fitted
again. Where it is (a sweep, a ranking built anew from raw vectors), PCA goes through LAPACK and
BLAS, whose last bits are the processor's. Its components may then turn among themselves, which
changes no similarity, and the space that they span may tilt a little, which does. Two results of a
query keep their order unless their similarities are closer than `refit_bound` says.

The bound: covariances of clips x dim numbers, and eigenvectors of such, are computed as if the
covariance were wrong by at most E = 4 (clips + dim) u T, where u = 2^-53 and T is the mean squared
length of the normalised vectors. Two fits differ by 2 E. The span of the kept components then tilts
by a sine of at most 2 * 2 E / gap, where the gap lies between the variance of the last component
kept and that of the first one left out [1]_. Coordinates of a vector of length L move by at most
sqrt(2) times that, times L, and twice by the rounding to float32.

References
----------
.. [1] Yu, Wang, Samworth: A useful variant of the Davis-Kahan theorem for statisticians,
   Biometrika 102 (2015), theorem 2.
"""

import numpy as np

from embeddings.search.processing import normalised
from embeddings.search.sums import lengths_of, tiles

_ROUNDING, _ROUNDING_64 = 2.0**-24, 2.0**-53
_AT_ONCE = 1 << 22  # numbers that are looked at at a time


def refit_bound(
    vectors: np.ndarray, fitted: dict[str, np.ndarray], prepared: np.ndarray, search: str
) -> float:
    """Return how close two similarities of a query must be to change places by a new fit.

    Parameters
    ----------
    vectors : float [clips, dim], the clip vectors that `fitted` was fitted to
    fitted : what `processing.fit` returned
    prepared : float32 [clips, prepared dim], what `processing.prepare` made of them
    search : "mcss", "mips" or "nns", whose similarity is meant

    Returns
    -------
    float, 0 where nothing is fitted but minima and maxima; infinity where the last component kept
    is not stronger than the first one left out, so that nothing says which of them is kept
    """
    if "components" not in fitted:
        return 0.0
    own = lengths_of(prepared)
    moved = _moved(vectors, fitted) + 2 * _ROUNDING * own
    if search == "mcss":
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(8 * np.nanmax(moved / own))
    if search == "mips":
        return float(4 * moved.max() * (own.max() + moved.max()))
    return float(4 * moved.max())


def _moved(vectors: np.ndarray, fitted: dict[str, np.ndarray]) -> np.ndarray:
    """Return by how much each vector's coordinates may move before rounding, float64 [clips]."""
    clips, dim = vectors.shape
    whole, lengths = np.empty(clips), np.empty(clips)
    for some in tiles(clips, dim, _AT_ONCE):
        before = normalised(vectors[some], fitted)
        whole[some], lengths[some] = lengths_of(before), lengths_of(before - fitted["mean"])
    squares = np.mean(whole**2)
    tilt = 0.0
    if len(fitted["components"]) < dim:
        wrong = 4 * (clips + dim) * _ROUNDING_64 * squares
        gap = float(fitted["explained_variance"][-1] - fitted["next_variance"])
        tilt = 4 * wrong / gap if gap > 0 else np.inf
    centre = 2 * (clips + 2) * _ROUNDING_64 * np.sqrt(squares)
    return np.sqrt(2) * tilt * lengths + centre
