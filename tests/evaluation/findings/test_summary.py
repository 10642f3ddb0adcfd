"""The sentences at the top of the results: on made studies of which the truth is known."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from evaluation.analysis.graded import Analysis
from evaluation.analysis.pair_rule import MANY_RATERS, Pair
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.analysis.told_apart import Apart, told_apart
from evaluation.findings import summary as wording
from evaluation.findings.orders_in_words import ordered
from evaluation.findings.summary import MADE, WORDS
from evaluation.findings.view import Results
from tests.support.evidence import note
from tests.support.studies.hostile_studies import HOSTILE, with_facets
from tests.support.studies.known_truth import Drawn, Kind, draw, from_tables
from tests.support.studies.list_studies import PREFERRED, RATED
from tests.support.studies.made_study import raters, tables
from tests.support.studies.rated import simulated
from tests.support.studies.truth_kinds import EQUAL, HIDDEN, NEVER, ORDERED, WINNER, equal, winner

EVERY = {**EQUAL, **WINNER, **ORDERED, **HIDDEN, **NEVER}
SEED = 1003
QUICK = [name for name, kind in EVERY.items() if len(kind.worth) < 6]
GOLDEN = {
    "winner of 2": (
        "By mean grade, System 1 is above System 0, by 13.5 [6.3, 20.8] on the scale from 0 to "
        "100 (p < 0.001). It speaks for these 8 raters: among so few, a minority with another "
        "taste can hide. 12 raters could speak for others."
    ),
    "winner, one unjudged": (
        "By mean grade, System 1 is above System 2 and System 0, which are not told apart (5 % "
        "risk that any of the 3 pairs is wrong). It speaks for these 8 raters: among so few, a "
        "minority with another taste can hide. System 3 was not judged. 12 raters could speak "
        "for others."
    ),
    "winner, fixed comparisons": (
        "By mean grade, 2 of the protocol's 2 comparisons tell systems apart: System 1 is above "
        "System 0, System 1 is above System 2 (5 % risk that any of the 2 comparisons is "
        "wrong). It speaks for other queries and raters like these 12."
    ),
    "two clusters": (
        "By mean grade, System 1 and System 3 are above System 0 and System 2, and inside both "
        "groups they are not told apart (5 % risk that any of the 6 pairs is wrong). It speaks "
        "for other queries and raters like these 12. To find a difference of 10 would take "
        "about 35 queries (now 20)."
    ),
    "two camps of 7": (
        "System 1 and System 0 are not told apart, which does not make them equal: System 1 is "
        "higher by 1.5 [−22.9, 26.0] on the scale from 0 to 100. 7 raters judged 20 queries."
    ),
    "skipped, equal": (
        "No two of the 3 systems are told apart, which does not make them equal. 12 raters "
        "judged 20 queries. Raters left 19 % of what they were given unanswered. To find a "
        "difference of 10 would take about 30 queries (now 20)."
    ),
    "4 queries and 3 raters": (
        "3 raters judged 4 queries: that cannot speak for others, and which systems differ "
        "cannot be said. It takes at least 5 raters, better 12, and 6 queries."
    ),
    "still open": (
        "The study is still open: which systems differ is tested when it is closed. So far 12 "
        "raters judged 20 queries."
    ),
    "winner of preferences": (
        "By choices between lists, System 1 is above System 2 and System 0, which are not told "
        "apart (5 % risk that any of the 3 pairs is wrong). It speaks for these 8 raters: among "
        "so few, a minority with another taste can hide. 12 raters could speak for others."
    ),
}
WRONG = {"ears with labels": ("against",), "ears against labels": ("agrees",),
         "ears apart from labels": ("agrees", "against")}  # fmt: skip
NOTHING = (
    "not tell it from",
    "not told apart",
    "No two of the",
    "same grades throughout",
    "None of the protocol's",
)
CANNOT = ("cannot speak for others", "too few queries", "Nobody judged", "still open", "Only ")


def told(drawn: Drawn) -> tuple[Apart | None, str]:
    """Return what is told apart, None where nothing is tested, and the sentences."""
    of, kept = drawn.results, []

    def keep(of: Results) -> Apart:
        kept.append(told_apart(of))
        return kept[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wording, "told_apart", keep)
        said = wording.summary(of, tests=of.tables.state != "open")
    return (kept[0] if kept else None), said


def falsely(found: Apart | None, worth: dict[str, float]) -> bool:
    """Return whether any pair is told apart that is not so, or not in this order."""
    pairs = found.told if found and found.enough else ()
    return any(worth[one] <= worth[other] + 1e-9 for one, other in pairs)


def names_the_best(found: Apart | None, worth: dict[str, float], said: str) -> bool:
    """Return whether the best system is above all that were compared with it, and is named first"""
    best = max(worth, key=lambda name: worth[name])
    if found is None:
        return False
    own = [one for one in found.pairs if best in (one.better, one.other)]
    named = any(f"System {best[1:]} is {how}" in said for how in ("above", "preferred"))
    return all(one.told and one.better == best for one in own) and named


def outcomes(kind: Kind, name: str, runs: int) -> dict[str, float]:
    """Return how often what happens in studies of a kind, as shares."""
    every = []
    for run in range(runs):
        drawn = draw(kind, (run, crc32(name.encode())))
        found, said = told(drawn)
        assert len(said.split()) <= WORDS + 15, said
        worth = drawn.worth if found is None or found.others else drawn.to_these
        every.append(
            {
                "told": bool(found and found.enough and found.told),
                "false": falsely(found, drawn.worth),
                "false to those it speaks of": falsely(found, worth),
                "the best named": names_the_best(found, drawn.worth, said),
                "agrees": "agrees with the labels'" in said,
                "against": "runs against the labels'" in said,
                "less than": "differ by less than" in said,
            }
        )
    return {key: float(np.mean([one[key] for one in every])) for key in every[0]}


def most(runs: int) -> float:
    """Return the most of false ones: 5 % and two Monte-Carlo errors."""
    return 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5


def check(name: str, found: dict[str, float], runs: int) -> None:
    """Fail where a kind of studies comes out otherwise than is promised."""
    if name in EQUAL:
        assert found["false"] <= most(runs), (name, found)
    assert found["false to those it speaks of"] <= most(runs), (name, found)
    if name in WINNER:
        assert found["the best named"] >= 0.8, (name, found)
    if name in NEVER:
        assert found["told"] == 0, (name, found)
    for how in WRONG.get(name, ()):
        assert found[how] <= most(runs), (name, found)


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY)
def test_what_is_claimed_of_200_studies_is_there(name: str) -> None:
    """The false claims of equal systems are at most 5 % and two Monte-Carlo errors."""
    found = outcomes(EVERY[name], name, 200)
    note("sentence", name, found)
    check(name, found, 200)


@pytest.mark.parametrize("name", QUICK)
def test_what_is_claimed_of_a_study_of_each_kind(name: str) -> None:
    """As the slow test, of one study each: none of these seeds is one of the 5 %."""
    drawn = draw(EVERY[name], (SEED, crc32(name.encode())))
    found, said = told(drawn)
    assert not falsely(found, drawn.worth), said
    assert name in ORDERED or names_the_best(found, drawn.worth, said) == (name in WINNER), said
    assert said == GOLDEN.get(name, said)
    assert any(one in said for one in CANNOT) == (name in NEVER), said
    assert name not in EQUAL or any(one in said for one in NOTHING), said


@pytest.mark.parametrize("name", ["winner of 3", "sparse, equal", "winner, one unjudged"])
def test_tables_say_the_same_as_arrays(name: str) -> None:
    drawn = draw(EVERY[name], (3, 0))
    assert wording.summary(drawn.results) == wording.summary(from_tables(drawn))


def apart(*told: tuple[int, int], systems: int = 5, **changes: Any) -> tuple[Apart, dict[str, str]]:
    """Return systems in their order, of which these pairs are told apart, and their names."""
    order = tuple(f"s{one}" for one in range(systems))
    pairs = tuple(
        Pair(one, other, 5.0, 1.0, 9.0, 0.01, (int(one[1:]), int(other[1:])) in told)
        for one, other in combinations(order, 2)
    )
    names = {name: chr(ord("A") + place) for place, name in enumerate(order)}
    plain: dict[str, Any] = {"chosen": 0, "raters": 20, "queries": 20, "wide": True}
    return Apart(order, pairs, **(plain | changes)), names


def above(higher: Sequence[int], lower: Sequence[int]) -> list[tuple[int, int]]:
    return list(product(higher, lower))


@pytest.mark.parametrize(
    ("told", "systems", "said"),
    [
        (above([0], [1, 2]), 3, "A is above B and C, which are not told apart"),
        (above([0], range(1, 5)), 5, "A is above B to E (4 systems), which are not told apart"),
        ([*above([0], [1, 2, 3]), (1, 3)], 4,
         "A is above B, C and D; among these, 1 of 3 pairs is told apart"),
        (above([0, 1], [2, 3]), 4,
         "A and B are above C and D, and inside both groups they are not told apart"),
        ([*above([0], [1, 2]), (1, 2)], 3, "all are told apart, the best first: A, B, C"),
        ([*above([0], range(1, 5)), *above([1, 2], [3, 4])], 5,
         "in groups told apart, the best first: A; B and C; D and E"),
        ([(0, 3), (0, 4), (1, 4)], 5,
         "3 of 10 pairs are told apart: A is above D and E, B is above E"),
        ([(0, 2)], 4, "1 of 6 pairs is told apart: A is above C"),
        (list(combinations(range(14), 2)), 14, "all are told apart, from A down to N"),
        (above(range(3), range(9, 14)), 14,
         "15 of 91 pairs are told apart: A is above J to N (5 systems), B is above J to N "
         "(5 systems)"),
    ],
)  # fmt: skip
def test_an_order_in_words(told: list[tuple[int, int]], systems: int, said: str) -> None:
    assert ordered(*apart(*told, systems=systems)) == said


def test_comparisons_that_were_fixed_are_told_one_by_one() -> None:
    found, names = apart((0, 1), (2, 3), systems=4, chosen=3)
    assert ordered(
        replace(found, pairs=(found.pairs[0], found.pairs[1], found.pairs[5])), names
    ) == ("2 of the protocol's 3 comparisons tell systems apart: A is above B, C is above D")


def test_what_is_found_of_simulated_judgements_says_so_first() -> None:
    drawn = draw(WINNER["winner of 3"], (3, 0))
    told = replace(from_tables(drawn).tables, simulated=True)
    said = wording.summary(Analysis(told))
    assert said.startswith(f"{MADE} By mean grade, System 1 is above")


def test_simulated_systems_are_marked() -> None:
    said = wording.summary(Analysis(tables(simulated(systems=2, raters=12, queries=30))))
    assert said.endswith("The systems are simulated.")


def test_while_a_study_runs_nothing_is_told_by_the_back_door() -> None:
    running = replace(from_tables(draw(WINNER["winner of 3"], (3, 0))).tables, state="open")
    waiting = wording.summary(Analysis(running), tests=False)
    assert waiting.startswith("The study is still open")
    assert "System" not in waiting
    assert "above" in wording.summary(Analysis(running))


def test_few_raters_speak_for_these_and_a_minority_can_hide() -> None:
    for count, says in ((8, "a minority with another taste can hide"), (12, "speaks for other")):
        said = wording.summary(draw(winner(3, count), (4, 0)).results)
        assert says in said
        assert (count < MANY_RATERS) == ("these 8 raters:" in said)
    alone = from_tables(draw(winner(3, 12), (4, 0)))
    assert "As chosen here" in wording.summary(Analysis(alone.tables, alone=True))


def test_the_other_facet_is_exploratory_and_raters_who_failed_are_not_there() -> None:
    assert "all here is exploratory" in wording.summary(Analysis(with_facets(), "acoustic"))
    plain = tables(simulated(raters=6))
    nobody = replace(plain, raters=raters([f"r{one:02}" for one in range(6)], passed=0))
    said = wording.summary(Analysis(nobody, screened=True))
    assert said == "No rater passed the screening rule, so that nothing can be said."


def test_how_small_a_difference_is_is_said_where_the_intervals_say_so() -> None:
    close = equal(3, 20, 60, of_query=2.0, of_item=3.0)
    of = draw(close, (5, 0)).results
    (largest,) = re.findall(r"Any two differ by less than ([0-9.]+)\.", wording.summary(of))
    ends = of.pairs[["low", "high"]].abs().to_numpy()
    assert float(largest) == pytest.approx(ends.max(), abs=0.05)
    few = draw(replace(close, raters=8), (5, 0)).results
    assert "less than" not in wording.summary(few)


def test_ears_and_labels_are_compared_only_where_tau_is_sure() -> None:
    for name, how in (("with", "agrees with"), ("against", "runs against")):
        said = wording.summary(draw(ORDERED[f"ears {name} labels"], (1, 2)).results)
        assert f"This order {how} the labels' (AP@15: tau" in said
    said = wording.summary(draw(ORDERED["ears apart from labels"], (1, 1)).results)
    assert "labels" not in said


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_studies_have_a_summary(case: str) -> None:
    fit(wording.summary(Analysis(HOSTILE[case]())))


@pytest.mark.parametrize("case", PREFERRED)
def test_hostile_preferences_have_a_summary(case: str) -> None:
    fit(wording.summary(PreferenceAnalysis(PREFERRED[case]())))


@pytest.mark.parametrize("case", RATED)
def test_hostile_ratings_have_a_summary(case: str) -> None:
    fit(wording.summary(RatingAnalysis(RATED[case]())))


def fit(said: str) -> None:
    """Fail where sentences are too long, or have something undefined in them."""
    assert re.fullmatch(r"[A-Z0-9].*\.", said), said
    assert len(said.split()) <= WORDS, said
    assert not re.search(r"\bnan\b|None|\binf\b", said), said
