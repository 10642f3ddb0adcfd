"""The mixed model: every score as a sum of a system's worth and what query and rater bring.

score = system + query + rater + query x system + rater x system + rest, in which all but the system
are random. It is the confirmatory companion of the intervals by variance components: the same
assumptions, fitted by restricted maximum likelihood instead of moments. It takes seconds to
minutes, and can fail to converge, so it is never fitted while somebody waits for a page.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np

from embeddings.errors import InputError

FORMULA = "score ~ system + (1|query) + (1|rater) + (1|query:system) + (1|rater:system)"
RANDOM: dict[str, tuple[str, ...]] = {
    "query": ("query",),
    "rater": ("rater",),
    "query+system": ("query", "system"),
    "rater+system": ("rater", "system"),
}
"""The random parts, each with the factors whose combinations have a value of their own."""


@dataclass(frozen=True, slots=True)
class Difference:
    """By how much one system is above another, in grades: 95 % interval and p by the normal
    approximation, which is too sure of itself with few raters or queries."""

    system_a: str
    system_b: str
    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class MixedModel:
    """A fitted model.

    Attributes
    ----------
    means : system -> its mean score, in grades; None where there is no usable fit
    errors : system -> the standard error of its mean, for other queries and raters
    pairs : every two systems
    variances : "query", "rater", "query+system", "rater+system", "rest" -> in squared grades
    rows, queries, raters : what it rests on
    reason : why there is none; "" otherwise
    notes : what the fitting said on its way
    """

    means: dict[str, float] | None
    errors: dict[str, float] | None
    pairs: tuple[Difference, ...]
    variances: dict[str, float] | None
    rows: int
    queries: int
    raters: int
    reason: str = ""
    notes: tuple[str, ...] = field(default=())


def mixed_model(scores: np.ndarray, systems: Sequence[str]) -> MixedModel:
    """Fit the model to scores, by statsmodels.

    Parameters
    ----------
    scores : float [systems, raters, queries], NaN for missing
        (`evaluation.analysis.system_scores.per_rater`)
    systems : their names

    Returns
    -------
    A model without numbers, and with a reason, where the design cannot support one, the fit did
    not converge, or an error is not finite
    """
    there = ~np.isnan(scores)
    codes = dict(zip(("system", "rater", "query"), np.nonzero(there), strict=True))
    rows = int(there.sum())
    levels = {name: len(np.unique(one)) for name, one in codes.items()}
    none = (None, None, (), None, rows, levels["query"], levels["rater"])
    if levels["system"] < len(systems):
        missing = sorted(set(range(len(systems))) - set(codes["system"].tolist()))
        return MixedModel(*none, f"nothing of {systems[missing[0]]} was judged")
    if min(levels.values()) < 2 or rows <= max(levels.values()):
        return MixedModel(*none, "it needs two systems, two raters and two queries")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            fitted = _fit(scores[there], codes, len(systems))
        except (np.linalg.LinAlgError, ValueError) as error:
            return MixedModel(*none, f"it could not be fitted: {error}", _notes(said))
    covariance = np.asarray(fitted.cov_params())[: len(systems), : len(systems)]
    means = np.asarray(fitted.fe_params, dtype=np.float64)
    if not fitted.converged:
        return MixedModel(*none, "the fit did not converge", _notes(said))
    parts = dict(zip(RANDOM, np.asarray(fitted.vcomp, dtype=np.float64).tolist(), strict=True))
    numbers = [*means, *covariance.ravel(), *parts.values(), fitted.scale]
    if not np.isfinite(numbers).all() or (np.diag(covariance) <= 0).any():
        return MixedModel(*none, "an error of the fit is not finite", _notes(said))
    return MixedModel(
        dict(zip(systems, means.tolist(), strict=True)),
        dict(zip(systems, np.sqrt(np.diag(covariance)).tolist(), strict=True)),
        _pairs(systems, means, covariance),
        parts | {"rest": float(fitted.scale)},
        rows, levels["query"], levels["rater"], notes=_notes(said),
    )  # fmt: skip


def _fit(values: np.ndarray, codes: dict[str, np.ndarray], systems: int) -> Any:
    """Return statsmodels' result: one mean for each system, the random parts as `RANDOM` says."""
    from scipy.sparse import csr_array

    try:
        from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec
    except ImportError as error:
        raise InputError("The mixed model needs statsmodels: pip install statsmodels.") from error
    matrices = []
    for factors in RANDOM.values():
        combined = np.zeros(len(values), dtype=np.int64)
        for name in factors:
            combined = combined * (codes[name].max() + 1) + codes[name]
        levels = np.unique(combined, return_inverse=True)[1]
        matrices.append(csr_array((np.ones(len(levels)), (np.arange(len(levels)), levels))))
    names = [[str(column) for column in range(one.shape[1])] for one in matrices]
    spec = VCSpec(list(RANDOM), [[one] for one in names], [[one] for one in matrices])
    exog = np.eye(systems)[codes["system"]]
    model = MixedLM(values, exog, groups=np.zeros(len(values)), exog_vc=spec)
    return model.fit(reml=True, method=["lbfgs", "powell"])


def _pairs(
    systems: Sequence[str], means: np.ndarray, covariance: np.ndarray
) -> tuple[Difference, ...]:
    from scipy.special import ndtr

    found = []
    for a, b in combinations(range(len(systems)), 2):
        apart = float(means[a] - means[b])
        square = covariance[a, a] + covariance[b, b] - 2 * covariance[a, b]
        error = float(np.sqrt(max(square, 0)))
        half = 1.959964 * error
        p = float(2 * ndtr(-abs(apart) / error)) if error > 0 else float(apart == 0)
        found.append(Difference(systems[a], systems[b], apart, apart - half, apart + half, p))
    return tuple(found)


def _notes(said: Sequence[warnings.WarningMessage]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(str(one.message).split()) for one in said))
