"""What holds for every measure of graded lists; the formulas are tested in `test_grading`."""

import numpy as np
import pytest

from evaluation.statistics.graded_measures import MEASURES, GradedMeasure, Lists


def lists(seed: int, highest: int = 2) -> Lists:
    """Return lists of whole grades, [raters, systems, queries, depth]; some were not judged."""
    rng = np.random.default_rng(seed)
    pool = rng.integers(0, highest + 1, (3, 1, 30, 12)).astype(np.float64)
    pool[rng.random(pool.shape) < 0.2] = np.nan
    pool[:, :, :3] = np.nan
    listed = np.repeat(pool, 2, axis=1)
    grades = rng.permuted(listed, axis=-1)[..., :5]
    return Lists(grades, pool, np.ones((2, 30, 5), dtype=bool), 0.0, highest, 1.0)


EVERY = pytest.mark.parametrize("measure", MEASURES.values(), ids=lambda one: one.name)


@EVERY
def test_a_score_for_each_list_between_its_ends(measure: GradedMeasure) -> None:
    of = lists(1)
    scores = measure.score(of)
    assert scores.shape == of.grades.shape[:-1]
    low, high = measure.ends(of)
    known = scores[~np.isnan(scores)]
    assert len(known) > 100
    assert ((low <= known) & (known <= high)).all()
    assert np.isnan(scores[np.isnan(of.grades).all(axis=-1)]).all()


@EVERY
def test_the_direction_is_the_one_that_it_says(measure: GradedMeasure) -> None:
    """The best grades of the pool in order, and the worst ones."""
    of = lists(2)
    pool = np.nan_to_num(of.pool[:, :, 3:])
    best, worst = (
        measure.score(Lists(grades, pool, of.returned[:, 3:], 0.0, 2.0, 1.0))
        for order in (np.sort(pool, axis=-1),)
        for grades in (order[..., ::-1][..., :5], order[..., :5])
    )
    better = np.nanmean(best) > np.nanmean(worst)
    assert better == measure.higher


@EVERY
def test_bounds_hold_what_is_known(measure: GradedMeasure) -> None:
    if not measure.bounds:
        return
    of = lists(3)
    panel = Lists(of.grades[0], of.pool[0], of.returned, 0.0, 2.0, 1.0)
    low, high = measure.bounds(panel, measure.score(panel))
    assert (low <= high + 1e-12).all()
    whole = ~np.isnan(panel.grades).any(axis=-1)
    assert whole.any()
    np.testing.assert_allclose(low[whole], measure.score(panel)[whole])


def test_a_scale_fits_or_not() -> None:
    assert MEASURES["psum"].fits((0, 1, 2))
    assert not MEASURES["psum"].fits((0, 50, 100))
    assert MEASURES["ndcg"].fits((0, 50, 100))
    assert MEASURES["psum"].only == "0, 1 and 2"
