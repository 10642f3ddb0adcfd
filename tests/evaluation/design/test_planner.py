"""The planner, against examples that were worked out by hand."""

import tomllib

import pytest

from embeddings.errors import InputError
from evaluation.design.workload import Plan, plan
from evaluation.protocol.reading import parse_protocol
from evaluation.protocol.terms import Protocol


def protocol(systems: int, text: str = "") -> Protocol:
    """Return a protocol of so many systems with `text` in it."""
    table = {
        "slug": "x",
        "title": "A test",
        "collection": "small",
        "systems": [f"s{number}" for number in range(systems)],
        "queries": {"per_family": 1},
    }
    return parse_protocol(table | tomllib.loads(text), "x")


def test_three_systems_by_default() -> None:
    # Pools of 10, 12 and 15; with identity and a distractor 12, 14 and 17 candidates; with two
    # repeats 14, 16 and 19 are heard and graded. At 12 a page, and one for repeats: 2, 3, 3 pages.
    # 2 * 20 s + 14 * (5 + 4) s = 166 s, 3 * 20 s + 16 * 9 s = 204 s, 3 * 20 s + 19 * 9 s = 231 s:
    # 601 s in all. Each of 3 raters does all 3 blocks: 49 grades, 147 together.
    assert plan(protocol(3), [10, 12, 15], 5.0) == Plan(
        queries=3,
        blocks=3,
        smallest=12,
        median=14,
        largest=17,
        judgements=147,
        block_minutes=pytest.approx(601 / 180),
        rater_blocks=3,
        rater_judgements=pytest.approx(49),
        rater_minutes=pytest.approx(601 / 60),
        raters=3,
    )


SPLIT = """
page = 10
largest_block = 20
raters_per_query = 2
sitting = 1
[scale]
facets = ["semantic", "acoustic"]
[controls]
distractors = 2
repeats = 0
"""


def test_a_large_pool_in_parts_and_two_facets() -> None:
    # A pool of 43 in blocks of 20: three are shared, the other 40 go 17 at a time into 3 parts of
    # 14, 13 and 13, so the blocks have 17, 16 and 16; a pool of 20 stays whole. With identity and
    # two distractors: 20, 19, 19 and 23 candidates, two grades each: 40, 38, 38, 46, together 162.
    # Pages of 10: 2, 2, 2, 3. Clips of 6 s in the first query, of 4 s in the second:
    # 40 + 20 * 6 + 40 * 4 = 320 s, twice 40 + 19 * 6 + 38 * 4 = 306 s, and
    # 60 + 23 * 4 + 46 * 4 = 336 s: 1268 s, 317 s a block. 4 blocks, each twice, one a rater: 8
    # raters.
    terms = protocol(9, SPLIT)
    assert plan(terms, [43, 20], [6.0, 4.0]) == Plan(
        queries=2,
        blocks=4,
        smallest=19,
        median=19.5,
        largest=23,
        judgements=324,
        block_minutes=pytest.approx(317 / 60),
        rater_blocks=1,
        rater_judgements=pytest.approx(40.5),
        rater_minutes=pytest.approx(317 / 60),
        raters=8,
    )
    # Two blocks a rater would make 4 raters, but the 3 blocks of the first query go to
    # different people, each twice: 6.
    many = plan(protocol(9, SPLIT.replace("sitting = 1", "sitting = 50")), [43, 20], [6.0, 4.0])
    assert (many.rater_blocks, many.raters, many.judgements) == (2, 6, 324)


def test_pairs_of_lists() -> None:
    # 4 systems are 6 pairs: 60 blocks of 10 queries, each twice: 120 choices. Two lists of 3 clips
    # of 5 s: 20 + 30 + 4 = 54 s. 5 blocks a rater: 4.5 minutes, 24 raters.
    text = 'method = "preference"\ndepth = 3\nraters_per_query = 2\nsitting = 5'
    assert plan(protocol(4, text), [9] * 10, 5) == Plan(
        queries=10,
        blocks=60,
        smallest=2,
        median=2,
        largest=2,
        judgements=120,
        block_minutes=pytest.approx(0.9),
        rater_blocks=5,
        rater_judgements=pytest.approx(5),
        rater_minutes=pytest.approx(4.5),
        raters=24,
    )


def test_whole_lists() -> None:
    # 8 systems, 6 on a page beside the two anchors: a cyclic design of 8 blocks a query, 32 in
    # all, with 8 lists each: 256 grades. 8 lists of 5 clips of 3 s: 20 + 120 + 32 = 172 s. A rater
    # gets each of the 4 queries once: 8 raters.
    text = 'method = "rating"\nraters_per_query = 1'
    found = plan(protocol(8, text), [30] * 4, 3.0)
    assert found == Plan(
        queries=4,
        blocks=32,
        smallest=8,
        median=8,
        largest=8,
        judgements=256,
        block_minutes=pytest.approx(172 / 60),
        rater_blocks=4,
        rater_judgements=pytest.approx(32),
        rater_minutes=pytest.approx(4 * 172 / 60),
        raters=8,
    )


def test_a_rater_cannot_be_asked_again_about_more_than_there_is() -> None:
    # A pool of one clip: it, the query and a distractor; one repeat instead of two.
    found = plan(protocol(2, "raters_per_query = 5"), [1], 1.0)
    assert (found.smallest, found.judgements, found.raters) == (3, 20, 5)


def test_everybody_who_comes_judges() -> None:
    found = plan(protocol(3, "raters_per_query = 0"), [10, 12, 15], 5.0)
    assert (found.judgements, found.raters, found.rater_judgements) == (None, None, 49)


def test_fewer_than_twelve_raters_have_a_better_number() -> None:
    every = [
        plan(protocol(3, f"raters_per_query = {count}"), [10], 5.0) for count in (3, 11, 12, 0)
    ]
    assert [one.better for one in every] == [12, 12, None, 12]


@pytest.mark.parametrize(
    ("sizes", "seconds"), [([], 5.0), ([3, 0], 5.0), ([3, 3], [1.0, 2.0, 3.0])]
)
def test_nothing_to_plan(sizes: list[int], seconds: float | list[float]) -> None:
    with pytest.raises(InputError, match="A plan needs at least one query, each with at least one"):
        plan(protocol(2), sizes, seconds)
