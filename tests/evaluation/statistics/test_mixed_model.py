"""The mixed model finds what was put in, beside the variance components; or says why not."""

import warnings
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pytest

from evaluation.analysis.rater_effects import generalizability
from evaluation.statistics.mixed_model import mixed_model
from evaluation.statistics.significance import estimate

NAMES = ("a", "b", "c", "d")
PARTS = {"query": 5.0, "rater": 4.0, "query+system": 6.0, "rater+system": 3.0, "rest": 8.0}
NO = np.nan


def made(systems: int = 4, raters: int = 8, queries: int = 20, missing: float = 0) -> np.ndarray:
    """Return scores of systems that are 5 grades apart, with deviations as `PARTS`."""
    rng = np.random.default_rng(3)
    scores = 60 - 5 * np.arange(systems)[:, None, None]
    scores = scores + rng.normal(0, PARTS["query"], (1, 1, queries))
    scores = scores + rng.normal(0, PARTS["rater"], (1, raters, 1))
    scores += rng.normal(0, PARTS["query+system"], (systems, 1, queries))
    scores += rng.normal(0, PARTS["rater+system"], (systems, raters, 1))
    scores += rng.normal(0, PARTS["rest"], (systems, raters, queries))
    absent = rng.random((1, raters, queries)) < missing
    return np.where(absent, NO, scores)


def test_it_agrees_with_the_variance_components() -> None:
    """On a complete table the two differ in the degrees of freedom alone."""
    scores = made()
    found = mixed_model(scores, NAMES)
    assert (found.reason, found.rows, found.queries, found.raters) == ("", 640, 20, 8)
    for pair, (a, b) in zip(found.pairs, combinations(range(4), 2), strict=True):
        own = estimate(scores[a] - scores[b])
        assert (pair.system_a, pair.system_b) == (NAMES[a], NAMES[b])
        assert pair.value == pytest.approx(own.value, abs=1e-6)
        # the model pools what all systems vary by, the interval has its pair's own
        assert 0.6 < (pair.high - pair.low) / (own.high - own.low) < 1.4
    moments = generalizability(scores).parts
    for name in ("query+system", "rater+system"):
        assert found.variances[name] == pytest.approx(moments[name], rel=0.1)
    assert list(found.means) == list(NAMES)
    assert found.means["a"] == pytest.approx(float(scores[0].mean()), abs=1e-6)


def test_a_sparse_study_is_recovered() -> None:
    found = mixed_model(made(raters=10, queries=30, missing=0.5), NAMES)
    assert found.reason == ""
    first_last = found.pairs[2]
    assert first_last.low < 15 < first_last.high
    assert first_last.p < 0.01
    for name in ("query+system", "rest"):
        assert found.variances[name] ** 0.5 == pytest.approx(PARTS[name], rel=0.25)
    assert all(error > 0 for error in found.errors.values())


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (np.full((4, 3, 3), NO), "nothing of a was judged"),
        (np.where(np.arange(4)[:, None, None] == 2, NO, made()), "nothing of c was judged"),
        (made(raters=1), "it needs two systems, two raters and two queries"),
        (made(queries=1), "it needs two systems, two raters and two queries"),
        (np.full((4, 0, 0), NO), "nothing of a was judged"),
    ],
)
def test_what_a_design_cannot_support(scores: np.ndarray, reason: str) -> None:
    found = mixed_model(scores, NAMES)
    assert (found.means, found.errors, found.variances, found.pairs) == (None, None, None, ())
    assert found.reason == reason


@pytest.mark.parametrize(
    "scores",
    [
        np.full((4, 3, 3), 50.0),
        np.full((4, 3, 3), 50.0) + np.arange(4)[:, None, None],
        made(raters=2, queries=2),
        made(raters=3, queries=12, missing=0.9),
    ],
)
def test_degenerate_scores_have_finite_numbers_or_a_reason(scores: np.ndarray) -> None:
    found = mixed_model(scores, NAMES)
    if found.reason:
        assert found.means is None
    else:
        numbers = [*found.means.values(), *found.errors.values(), *found.variances.values()]
        numbers += [part for one in found.pairs for part in (one.value, one.low, one.high, one.p)]
        assert np.isfinite(numbers).all()


@pytest.mark.parametrize(
    ("converged", "covariance", "reason"),
    [
        (False, 1.0, "the fit did not converge"),
        (True, np.nan, "an error of the fit is not finite"),
        (True, np.inf, "an error of the fit is not finite"),
    ],
)
def test_a_fit_that_cannot_be_used_is_no_result(
    monkeypatch: pytest.MonkeyPatch, converged: bool, covariance: float, reason: str
) -> None:
    def fit(*_: object) -> SimpleNamespace:
        warnings.warn("The Hessian is not what it should be.", stacklevel=1)
        return SimpleNamespace(
            converged=converged, fe_params=np.ones(4), vcomp=np.ones(4), scale=1.0,
            cov_params=lambda: np.full((8, 8), covariance),
        )  # fmt: skip

    monkeypatch.setattr("evaluation.statistics.mixed_model._fit", fit)
    found = mixed_model(made(), NAMES)
    assert (found.means, found.pairs, found.reason) == (None, (), reason)
    assert found.notes == ("The Hessian is not what it should be.",)


def test_a_fit_that_breaks_down_is_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def fit(*_: object) -> None:
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr("evaluation.statistics.mixed_model._fit", fit)
    assert mixed_model(made(), NAMES).reason == "it could not be fitted: Singular matrix"
