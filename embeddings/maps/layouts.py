"""From many dimensions to two: PCA, UMAP and t-SNE, with seeds and on one thread.

PCA is a projection: it keeps the directions in which the vectors differ most, and says how much of
the variance that is. UMAP and t-SNE try to keep neighbours together; sizes of groups, and distances
between them, mean little. Both start from the PCA map, so that its rough order stays where it can.
On several threads t-SNE's sums, and so its maps, would depend on how many there are.
"""

import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np

from embeddings.errors import InputError
from embeddings.search.processing import Recipe, fit, prepare

METHODS = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}
"""The methods by their names in commands and addresses, with their names for people."""

_PARAMETERS: dict[str, dict[str, float]] = {
    "pca": {},
    "umap": {"neighbours": 15, "min_dist": 0.1},
    "tsne": {"perplexity": 30.0},
}
_PACKAGES = {"pca": "scikit-learn", "umap": "umap-learn", "tsne": "scikit-learn"}
_START = 1e-4  # how wide t-SNE's start is, as its authors have it


def check_method(method: str) -> str:
    """Return `method` if it is one of `METHODS`; raise InputError otherwise."""
    if method not in METHODS:
        raise InputError(f"The map's method must be one of {', '.join(METHODS)}, not {method!r}.")
    return method


def chosen(method: str, given: Mapping[str, float | None], clips: int) -> dict[str, float]:
    """Return a method's parameters: what is given, and what is usual for so many clips.

    UMAP has `neighbours` (a whole number from 2 to the other clips, usually 15) and `min_dist` (0
    to 0.99, usually 0.1); t-SNE has `perplexity` (1 to the other clips, usually 30, or a third of
    the other clips where these are fewer than 90); PCA has none.

    Raises InputError for an unknown method or parameter, or one out of its range.
    """
    usual = _PARAMETERS[check_method(method)]
    others = clips - 1
    for name, value in given.items():
        if value is not None and name not in usual:
            has = f"it has {' and '.join(usual)}" if usual else "it has none"
            raise InputError(f"{METHODS[method]} has no parameter {name}; {has}.")
    used = usual | {name: value for name, value in given.items() if value is not None}
    if given.get("neighbours") is None and "neighbours" in used:
        used["neighbours"] = max(2, min(used["neighbours"], others))
    if given.get("perplexity") is None and "perplexity" in used:
        used["perplexity"] = max(1.0, min(used["perplexity"], others / 3))
    ranges = {"neighbours": (2, others), "min_dist": (0, 0.99), "perplexity": (1, others)}
    for name, value in used.items():
        least, most = ranges[name]
        if not least <= value <= most or (name == "neighbours" and value != int(value)):
            kind = "a whole number" if name == "neighbours" else "a number"
            raise InputError(f"{name} must be {kind} from {least} to {most}, not {value}.")
    return used


def library(method: str) -> str:
    """Return the library that lays out by a method, with its version.

    Raises InputError with what to install where it is missing.
    """
    package = _PACKAGES[method]
    if method == "umap" and not find_spec("umap"):
        raise InputError(
            "UMAP needs the package umap-learn, which is not installed; it is in "
            "requirements.txt (pip install umap-learn)."
        )
    return f"{package} {version(package)}"


def lay_out(
    vectors: np.ndarray, method: str, metric: str, seed: int, parameters: Mapping[str, float]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Return points float32 [clips, 2], and what is to be said of them.

    Parameters
    ----------
    vectors : float [clips, dim]
    method : a key of `METHODS`
    metric : "cosine" or "euclidean"; PCA knows only the latter, and has no seed
    parameters : as `chosen` returned them

    Returns
    -------
    The points, and a dict: "explained_variance", the share [0, 1] of each axis under PCA, or None
    """
    layouts: dict[str, Callable[..., np.ndarray]] = {"umap": _umap, "tsne": _tsne}
    with one_thread():
        start, explained = _principal(vectors)
        if method == "pca":
            return start, {"explained_variance": explained}
        points = layouts[method](vectors, start, metric, seed, **parameters)
    return np.asarray(points, dtype=np.float32), {"explained_variance": None}


def one_thread() -> AbstractContextManager:
    """Let numpy and scikit-learn use one thread while this lasts."""
    from threadpoolctl import threadpool_limits

    import_module("sklearn.decomposition")  # limits reach the libraries that are loaded
    return threadpool_limits(1)


def _principal(vectors: np.ndarray) -> tuple[np.ndarray, list[float]]:
    """Return the first two principal components, and each one's share of the variance."""
    total = float(vectors.var(axis=0, ddof=1, dtype=np.float64).sum())
    if total == 0:  # one vector for all
        return np.zeros((len(vectors), 2), dtype=np.float32), [0.0, 0.0]
    fitted = fit(vectors, Recipe(normalise="none", pca=2), [])
    shares = fitted["explained_variance"] / total
    return prepare(vectors, fitted), [round(share, 6) for share in shares.tolist()]


def _umap(
    vectors: np.ndarray,
    start: np.ndarray,
    metric: str,
    seed: int,
    *,
    neighbours: float,
    min_dist: float,
) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # says that Tensorflow is not there
        import umap

    model = umap.UMAP(
        n_neighbors=int(neighbours),
        min_dist=min_dist,
        metric=metric,
        init=start,
        random_state=seed,
        n_jobs=1,
    )
    return model.fit_transform(vectors)


def _tsne(
    vectors: np.ndarray, start: np.ndarray, metric: str, seed: int, *, perplexity: float
) -> np.ndarray:
    from sklearn.manifold import TSNE

    width = float(start[:, 0].std()) or 1.0
    # a little noise, else the seed would change nothing, and clips with one vector would never part
    noise = np.random.default_rng(seed).normal(scale=_START / 100, size=start.shape)
    model = TSNE(
        2,
        perplexity=perplexity,
        metric=metric,
        init=(start * (_START / width) + noise).astype(np.float32),
        random_state=seed,
        n_jobs=1,
    )
    return model.fit_transform(vectors)
