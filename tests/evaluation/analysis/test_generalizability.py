"""How surely a study orders its systems: as it was judged, and not as if all had judged all."""

import numpy as np
import pytest

from evaluation.analysis.rater_effects import generalizability


def made(
    seed: int, raters: int, each: int, *, apart: bool = False, common: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the worth of 14 systems, and scores of 20 queries by `each` of the raters.

    `apart`: who judges a query is drawn for each system; `common`: the variance of kindness.
    """
    rng = np.random.default_rng(seed)
    worth = rng.normal(0, 1, 14)
    scores = (
        worth[:, None, None] + rng.normal(0, 0.5**0.5, (14, 1, 20))
        + rng.normal(0, 0.5**0.5, (14, raters, 1)) + rng.normal(0, 2, (14, raters, 20))
        + rng.normal(0, common**0.5, (1, raters, 1))
    )  # fmt: skip
    order = rng.random((14 if apart else 1, raters, 20)).argsort(axis=1).argsort(axis=1)
    scores[np.broadcast_to(order >= each, scores.shape)] = np.nan
    return worth, scores


def test_a_complete_study_is_as_reliable_as_a_complete_design() -> None:
    found = generalizability(made(0, 12, 12)[1])
    assert found.own == pytest.approx(found.reliability(20, 12), abs=1e-12)
    assert found.per_query == 12


@pytest.mark.parametrize(("apart", "common"), [(False, 0.0), (True, 0.0), (True, 3.0)])
def test_a_sparse_study_is_as_reliable_as_its_scores(apart: bool, common: float) -> None:
    stated, true, full = [], [], []
    for seed in range(30):
        worth, scores = made(seed, 12, 3, apart=apart, common=common)
        found = generalizability(scores)
        mean = np.nanmean(np.nanmean(scores, axis=1), axis=1)
        stated.append(found.own)
        true.append(np.corrcoef(worth, mean)[0, 1] ** 2)
        full.append(found.reliability(found.queries, found.raters))
        assert found.per_query == 3
    assert np.mean(stated) == pytest.approx(np.mean(true), abs=0.04)
    assert np.mean(full) > np.mean(true) + 0.02


def test_by_hand() -> None:
    scores = made(1, 4, 4)[1][:3, :, :2]
    scores[:, 1:, 1] = np.nan
    found = generalizability(scores)
    assert found.own is not None
    of = found.parts
    error = (
        of["query+system"] / 2 + of["rater+system"] * ((1 / 8 + 1 / 2) ** 2 + 3 / 64)
        + of["query+rater+system"] * (4 / 64 + 1 / 4)
    )  # fmt: skip
    assert found.own == pytest.approx(of["system"] / (of["system"] + error))
    assert found.per_query == 2.5


def test_no_component_is_minus_nothing() -> None:
    parts = generalizability(np.ones((3, 4, 5))).parts
    assert list(parts.values()) == [0] * 7
    assert not any(np.signbit(one) for one in parts.values())


def test_where_nothing_varies_nothing_is_reliable() -> None:
    assert generalizability(np.ones((3, 4, 5))).own is None
    queries = generalizability(np.ones((3, 4, 5)) * np.arange(5))
    assert (queries.parts["system"], queries.own) == (0, None)  # and nothing of what rounding left
    assert generalizability(np.ones((3, 1, 5))).own is None
