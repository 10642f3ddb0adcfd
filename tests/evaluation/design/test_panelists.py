"""Made raters: what they grade follows the labels, and they err as was asked of them."""

import numpy as np
import pytest

from embeddings.errors import InputError
from evaluation.design.simulated_raters import Panel, Panelist, Told, worth
from evaluation.protocol.scales import PRESETS
from evaluation.protocol.terms import Facet

TOLD = {
    "q": Told(frozenset({"Bark", "Dog"}), frozenset({"Bark"}), frozenset({"Animal"})),
    "bark": Told(frozenset({"Bark", "Dog"}), frozenset({"Bark"}), frozenset({"Animal"})),
    "howl": Told(frozenset({"Howl", "Dog"}), frozenset({"Howl"}), frozenset({"Animal"})),
    "meow": Told(frozenset({"Meow"}), frozenset({"Meow"}), frozenset({"Animal"})),
    "rain": Told(frozenset({"Rain"}), frozenset({"Rain"}), frozenset({"Nature"})),
}
EXACT = Panel(raters=3, untold=0, leniency=0, leaning=0, taste=0, noise=0, position=0, lapses=0)
EVERY = np.arange(500)


def grades(panel: Panel, number: int = 1, facet: Facet | None = None) -> np.ndarray:
    """Return what a rater grades 500 results that are all worth one half."""
    rater = Panelist(panel, number, np.full((2, 500), 0.5))
    return rater.grade(EVERY, np.linspace(0, 1, 500), facet or Facet(step=1))


def test_what_shares_more_labels_is_worth_more() -> None:
    clips = ["q", "bark", "howl", "meow", "rain", "unknown"]
    found = worth(EXACT, [("q", clip) for clip in clips], TOLD)
    meaning = found[0].tolist()
    assert meaning[0] == found[1, 0] == 1.0  # the query itself
    assert meaning == sorted(meaning, reverse=True)
    assert len(set(meaning[:5])) == 5
    assert meaning[5] == meaning[4]
    assert np.ptp(found[1, 1:]) < np.ptp(found[0, 1:])  # sounds differ less than their meanings


def test_all_raters_hear_what_no_label_tells() -> None:
    panel = Panel(untold=0.2, taste=0, noise=0, lapses=0)
    pairs = [("q", f"clip-{number}") for number in range(300)]
    worths = worth(panel, pairs, TOLD)
    assert worths[1].std() > 0.05
    one, other = (
        Panelist(panel, number, worths).grade(np.arange(300), np.zeros(300), Facet(step=1))
        for number in (1, 2)
    )
    assert np.corrcoef(one, other)[0, 1] > 0.9


def test_each_way_to_differ_does_what_it_says() -> None:
    assert set(grades(EXACT)) == {50}
    noisy = grades(Panel(raters=3, leniency=0, leaning=0, taste=0, noise=0.1, position=0, lapses=0))
    assert noisy.std() == pytest.approx(10, abs=1)
    assert noisy.mean() == pytest.approx(50, abs=1.5)
    lenient = Panel(raters=60, leniency=0.1, leaning=0, taste=0, noise=0, position=0, lapses=0)
    means = [grades(lenient, number).mean() for number in range(1, 61)]
    assert np.std(means) == pytest.approx(10, abs=3)
    swayed = grades(Panel(raters=1, leniency=0, leaning=0, taste=0, noise=0, position=-0.1,
                          lapses=0))  # fmt: skip
    assert (swayed[0], swayed[-1]) == (50, 40)


def test_taste_stays_and_noise_does_not() -> None:
    panel = Panel(raters=2, leniency=0, leaning=0, taste=0.1, noise=0.02, position=0, lapses=0)
    rater = Panelist(panel, 1, np.full((2, 500), 0.5))
    first, again = (rater.grade(EVERY, np.zeros(500), Facet(step=1)) for _ in range(2))
    assert np.std(again - first) == pytest.approx(2 * 2**0.5, abs=0.5)
    assert np.std(first) == pytest.approx(10, abs=1.5)
    assert abs(np.corrcoef(first, grades(panel, 2))[0, 1]) < 0.15


def test_who_is_careless_does_not_listen() -> None:
    panel = Panel(raters=3, careless=1)
    assert [Panelist(panel, number, np.ones((2, 1))).careless for number in (1, 2, 3)] == [
        False, False, True,
    ]  # fmt: skip
    itself = np.ones((2, 500))
    listens, lapses = (
        Panelist(panel, number, itself).grade(EVERY, np.zeros(500), Facet()) for number in (1, 3)
    )
    assert listens.mean() > 90
    assert lapses.mean() == pytest.approx(50, abs=5)


@pytest.mark.parametrize("name", list(PRESETS))
def test_every_scale_gets_grades_that_it_allows(name: str) -> None:
    for facet in PRESETS[name].facets:
        found = grades(Panel(raters=1, noise=0.5), facet=facet)
        assert set(found.tolist()) <= set(facet.allowed)
        assert {facet.lowest, facet.highest} <= set(found.tolist())


def test_facets_are_heard_for_what_they_ask() -> None:
    worths = np.stack([np.full(500, 0.9), np.full(500, 0.2)])
    rater = Panelist(EXACT, 1, worths)
    semantic, acoustic, both = (
        rater.grade(EVERY, np.zeros(500), Facet(name, step=1)).mean()
        for name in ("semantic", "acoustic", "relevance")
    )
    assert (semantic, acoustic) == (90, 20)
    assert both == pytest.approx(0.6 * 90 + 0.4 * 20, abs=1)


def test_the_same_seed_makes_the_same_raters() -> None:
    one, same, other = (grades(Panel(raters=2, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"raters": 0}, "A panel must have at least 1 rater, not 0"),
        ({"raters": 2, "careless": 3}, "careless must be from 0 to 2, the number of raters, not 3"),
        ({"noise": -0.1}, r"noise must be at least 0, not -0\.1"),
        ({"lapses": 1}, "lapses must be a share from 0 to below 1, not 1"),
    ],
)
def test_panels_that_cannot_be(wrong: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Panel(**wrong)
