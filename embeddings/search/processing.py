"""From raw to prepared embeddings: aggregate frames, normalise, reduce.

A :class:`Recipe` says what is done; :func:`fit` learns its parameters from a collection once;
:func:`prepare` applies them to any vectors. The final L2 normalisation is not here: the search
decides it. The paper's order for the networks is L2, PCA; Freesound's own is min-max, PCA.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.errors import InputError
from embeddings.search.sums import lengths_of, sum_rows, tiles

AGGREGATIONS = ("mean", "median", "max")  # numpy's own names
NORMALISATIONS = ("l2", "minmax", "none")
_NAMED = 5
_DIGITS = 9  # of a number of components
_AT_ONCE = 1 << 22  # numbers that are prepared at a time
_BYTES = 64_000_000  # of frames that are read from the disk at a time


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is done to raw vectors, in this order.

    Attributes
    ----------
    aggregation : how a clip's frames become one vector: "mean", "median" or "max"
    normalise : "l2" (unit length), "minmax" (each dimension to [0, 1] over the collection), "none"
    pca : the number of principal components to keep, or None for no reduction
    """

    aggregation: str = "mean"
    normalise: str = "l2"
    pca: int | None = 100

    def __post_init__(self) -> None:
        _one_of("aggregation", self.aggregation, AGGREGATIONS)
        _one_of("normalisation", self.normalise, NORMALISATIONS)
        if self.pca is not None and self.pca < 1:
            raise InputError(f"PCA must keep at least 1 component, not {self.pca}.")

    def changed(
        self, aggregation: str | None = None, normalise: str | None = None, pca: str | None = None
    ) -> "Recipe":
        """Return the recipe with what is given as text changed; `pca` is a number or "none"."""
        if pca not in (None, "none") and not (pca.isdecimal() and len(pca) <= _DIGITS):
            raise InputError(f"PCA must be a number of components or none, not {pca!r}.")
        keep = self.pca if pca is None else None if pca == "none" else int(pca)
        return Recipe(aggregation or self.aggregation, normalise or self.normalise, keep)

    def slug(self, frame_level: bool) -> str:
        """Return the recipe as a part of a system's folder name, such as "mean-l2-pca100"."""
        parts = [self.aggregation] if frame_level else []
        parts += [self.normalise] if self.normalise != "none" else []
        parts += [f"pca{self.pca}"] if self.pca else []
        return "-".join(parts) or "raw"

    def title(self, frame_level: bool) -> str:
        """Return the recipe as people read it, such as "mean, L2, PCA 100"."""
        words = {"l2": ["L2"], "minmax": ["min-max"], "none": []}[self.normalise]
        parts = ([self.aggregation] if frame_level else []) + words
        return ", ".join(parts + ([f"PCA {self.pca}"] if self.pca else [])) or "raw"


def aggregate(vectors: np.ndarray, frames: np.ndarray | None, how: str) -> np.ndarray:
    """Return one vector a clip, float32 [clips, dim].

    Parameters
    ----------
    vectors : float [rows, dim]
    frames : int [clips + 1] offsets into the rows, or None where each row is a clip already
    how : one of `AGGREGATIONS`, taken over the frames of a clip
    """
    _one_of("aggregation", how, AGGREGATIONS)
    if frames is None:
        return np.asarray(vectors, dtype=np.float32)
    counts = np.diff(frames)
    if not counts.all():
        raise InputError("A clip has no frames, so there is nothing to aggregate.")
    result = np.empty((len(counts), vectors.shape[1]), dtype=np.float32)
    reduce: Callable[..., np.ndarray] = getattr(np, how)
    for clips in _equally_long(counts, vectors.shape[1]):
        rows = frames[clips][:, None] + np.arange(counts[clips[0]])
        result[clips] = reduce(vectors[rows].astype(np.float64), axis=1)
    return result


def fit(vectors: np.ndarray, recipe: Recipe, clip_ids: Sequence[str]) -> dict[str, np.ndarray]:
    """Learn what `recipe` needs from the clip vectors of a collection.

    Parameters
    ----------
    vectors : float [clips, dim], one vector a clip
    clip_ids : the clips' names, for the errors

    Returns
    -------
    dict of arrays, enough to prepare new sounds: "normalise", the recipe's word; "low" and "span"
    [dim] of min-max (a span of 0 becomes 1, so that a constant dimension becomes 0); "mean" [dim],
    "components" [pca, dim] and "explained_variance" [pca] of PCA, and "next_variance", that of the
    first component which was not kept (0 where all were).

    Raises
    ------
    InputError
        A vector has NaN or infinity, or has no length where L2 needs one; PCA is asked for more
        components than there are clips or dimensions.
    """
    check_finite(vectors, clip_ids)
    fitted = {"normalise": np.array(recipe.normalise)}
    if recipe.normalise == "minmax":
        low = vectors.min(axis=0).astype(np.float64)
        span = vectors.max(axis=0) - low
        fitted |= {"low": low, "span": np.where(span > 0, span, 1.0)}
    if recipe.normalise == "l2":
        _check_length(vectors, clip_ids)
    if recipe.pca:
        clips, dim = vectors.shape
        if recipe.pca > min(clips, dim):
            raise InputError(
                f"PCA to {recipe.pca} needs at least {recipe.pca} clips and as many dimensions; "
                f"there are {clips} clips of {dim} dimensions (--pca {min(clips, dim)} or fewer, "
                "or --pca none)."
            )
        own = normalised(vectors, fitted)
        given = np.may_share_memory(own, vectors)
        fitted |= _principal_components(own, recipe.pca, copy=given)
    return fitted


def narrowed(fitted: dict[str, np.ndarray], pca: int) -> dict[str, np.ndarray]:
    """Return a fitted recipe with only the first `pca` of its principal components."""
    if pca == len(fitted["components"]):
        return fitted
    cut = {key: fitted[key][:pca] for key in ("components", "explained_variance")}
    return fitted | cut | {"next_variance": fitted["explained_variance"][pca]}


def prepare(vectors: np.ndarray, fitted: dict[str, np.ndarray]) -> np.ndarray:
    """Apply a fitted recipe to clip vectors [clips, dim]; return float32 [clips, prepared dim].

    `fitted` is what `fit` returned, or what a ranking's ``transform.npz`` holds. The result is the
    same bytes on every processor.
    """
    expected = next((fitted[key].shape[-1] for key in ("low", "mean") if key in fitted), None)
    if expected is not None and vectors.shape[1] != expected:
        raise InputError(
            f"The vectors have {vectors.shape[1]} dimensions; the fitted recipe needs {expected}."
        )
    dim = fitted["components"].shape[0] if "components" in fitted else vectors.shape[1]
    prepared = np.empty((len(vectors), dim), dtype=np.float32)
    for some in tiles(len(vectors), vectors.shape[1], _AT_ONCE):  # float64 of all is much
        own = normalised(vectors[some], fitted)
        if "components" in fitted:
            own = _projected(own - fitted["mean"], fitted["components"])
        prepared[some] = own
    return prepared


def check_finite(vectors: np.ndarray, clip_ids: Sequence[str]) -> None:
    """Raise InputError naming the clips whose vectors have NaN or infinity."""
    bad = np.flatnonzero(~np.isfinite(vectors).all(axis=1))
    if len(bad):
        raise InputError(f"{_named(bad, clip_ids)}: the vector has NaN or infinity.")


def _equally_long(counts: np.ndarray, dim: int) -> Iterator[np.ndarray]:
    """Yield clips with the same number of frames, as many at a time as fit in `_BYTES`."""
    for count in np.unique(counts):
        clips = np.flatnonzero(counts == count)
        step = max(1, _BYTES // (8 * dim * int(count)))
        for start in range(0, len(clips), step):
            yield clips[start : start + step]


def _check_length(vectors: np.ndarray, clip_ids: Sequence[str]) -> None:
    bad = np.flatnonzero(~vectors.any(axis=1))
    if len(bad):
        raise InputError(f"{_named(bad, clip_ids)}: the vector is all zeros and has no direction.")


def normalised(vectors: np.ndarray, fitted: dict[str, np.ndarray]) -> np.ndarray:
    """Return clip vectors as PCA takes them, float64 [clips, dim]."""
    vectors = np.asarray(vectors, dtype=np.float64)
    if fitted["normalise"] == "minmax":
        return (vectors - fitted["low"]) / fitted["span"]
    if fitted["normalise"] == "l2":
        return vectors / lengths_of(vectors)[:, None]
    return vectors


def _projected(centred: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Return the coordinates of float64 [clips, dim] along [pca, dim], float32 [clips, pca].

    A product of float64 numbers is wrong by at most (dim) roundings of the two lengths' product;
    where that could round to another float32 number, it is summed again in a fixed order.
    """
    close = centred @ components.T
    share = 2 * (centred.shape[1] + 2) * 2.0**-53
    blur = share * np.outer(lengths_of(centred), lengths_of(components))
    rounded = close.astype(np.float32)
    doubt = (close - blur).astype(np.float32) != (close + blur).astype(np.float32)
    rows, columns = np.nonzero(doubt)
    for some in tiles(len(rows), centred.shape[1]):
        own, others = rows[some], columns[some]
        rounded[own, others] = sum_rows(centred[own] * components[others])
    return rounded


def _principal_components(vectors: np.ndarray, count: int, *, copy: bool) -> dict[str, np.ndarray]:
    from sklearn.decomposition import PCA

    # Both solvers are exact and fix the signs; the one that factors the smaller matrix is faster.
    # They compute all components: what the first one that is not kept explains says how firmly
    # the others are determined.
    solver = "full" if vectors.shape[0] < vectors.shape[1] else "covariance_eigh"
    with np.errstate(invalid="ignore"):  # shares of no variance at all, which nobody asks for
        pca = PCA(svd_solver=solver, copy=copy).fit(vectors)
    variances = pca.explained_variance_
    return {
        "mean": pca.mean_,
        "components": pca.components_[:count].copy(),
        "explained_variance": variances[:count].copy(),
        "next_variance": np.append(variances, 0.0)[count],
    }


def _named(rows: np.ndarray, clip_ids: Sequence[str]) -> str:
    names = ", ".join(repr(clip_ids[row]) for row in rows[:_NAMED])
    more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return f"{'Clip' if len(rows) == 1 else 'Clips'} {names}{more}"


def _one_of(kind: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"The {kind} must be one of {', '.join(allowed)}, not {value!r}.")
