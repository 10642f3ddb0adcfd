"""Which lists meet on a page, and the lists that mark the ends of the scale."""

from collections import Counter
from dataclasses import replace
from itertools import chain, combinations

import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from evaluation.design.lists import oracle_list, preference_pairs, random_list, rating_blocks

SHAPES = [(systems, size) for size in range(2, 9) for systems in range(size + 1, 15)]


def meetings(blocks: list[tuple[int, ...]], systems: int) -> list[int]:
    """Return how often each pair is in a block together."""
    times = Counter(pair for block in blocks for pair in combinations(sorted(block), 2))
    return [times[pair] for pair in combinations(range(systems), 2)]


def test_all_pairs_of_systems_meet_once() -> None:
    assert preference_pairs(2) == [(0, 1)]
    assert preference_pairs(4) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert len(set(preference_pairs(14))) == 91


@pytest.mark.parametrize("systems", range(2, 9))
def test_lists_that_fit_are_one_block(systems: int) -> None:
    assert rating_blocks(systems, 8) == [tuple(range(systems))]


@pytest.mark.parametrize("systems", range(7, 15))
def test_blocks_of_six_are_balanced(systems: int) -> None:
    blocks = rating_blocks(systems, 6)
    assert len(blocks) == systems
    assert all(len(set(block)) == 6 for block in blocks)
    assert set(Counter(chain(*blocks)).values()) == {6}
    times = meetings(blocks, systems)
    exact = 30 / (systems - 1)  # what each pair would have if all could have the same
    assert set(times) <= {int(exact), int(exact) + 1}
    if systems in (7, 11):  # a balanced incomplete block design
        assert set(times) == {int(exact)}


@pytest.mark.parametrize(("systems", "size"), SHAPES)
def test_blocks_of_any_size_let_all_pairs_meet(systems: int, size: int) -> None:
    blocks = rating_blocks(systems, size, seed=3)
    assert {len(set(block)) for block in blocks} == {size}
    assert {len(block) for block in blocks} == {size}
    assert len(set(Counter(chain(*blocks)).values())) == 1
    times = meetings(blocks, systems)
    assert min(times) >= 1
    assert max(times) - min(times) <= (1 if size > 4 and (systems, size) != (14, 7) else 2)


def test_small_designs_that_are_known_to_be_balanced() -> None:
    for systems, size, together in ((7, 3, 1), (13, 4, 1), (11, 5, 2), (14, 2, 1)):
        assert set(meetings(rating_blocks(systems, size), systems)) == {together}


def test_no_more_blocks_than_let_all_pairs_meet() -> None:
    assert [len(rating_blocks(14, size)) for size in (2, 3, 4, 5)] == [91, 3 * 14, 2 * 14, 14]


def test_the_seed_deals_the_places() -> None:
    assert rating_blocks(14, 8, seed=1) == rating_blocks(14, 8, seed=1)
    assert rating_blocks(14, 8, seed=1) != rating_blocks(14, 8, seed=2)
    assert len({frozenset(rating_blocks(14, 8, seed=seed)) for seed in range(5)}) == 5
    assert len({rating_blocks(14, 8, seed=seed)[0] for seed in range(20)}) > 10


def test_a_page_of_one_list_compares_nothing() -> None:
    with pytest.raises(InputError, match="at least 2 lists to compare them, not 1"):
        rating_blocks(9, 1)


def test_the_oracle_has_the_class_and_most_shared_labels_first(small: Collection) -> None:
    labels = {
        "hum-0": ("Hum", "Machine", "Loud", "Low"),
        "hum-1": ("Hum", "Loud", "Low"),
        "hum-2": ("Hum", "Machine", "Low"),
        "hum-3": ("Hum",),
        "hum-4": ("Hum", "Machine", "Loud", "Low", "Long"),
        "hum-5": ("Low", "Loud", "Machine"),  # much in common, but not the class
        "beep-0": ("Hum", "Beep"),
    }
    small.clips = [replace(clip, labels=labels.get(clip.id, clip.labels)) for clip in small.clips]
    query = small.index["hum-0"]

    def oracle(depth: int, exclude_group: bool, seed: int) -> list[str]:
        rows = oracle_list(small, query, "Hum", depth, exclude_group, seed)
        return [small.clips[row].id for row in rows]

    orders = {tuple(oracle(5, False, seed)) for seed in range(30)}
    assert {order[0] for order in orders} == {"hum-4"}
    assert {order[1:3] for order in orders} == {("hum-1", "hum-2"), ("hum-2", "hum-1")}
    assert {order[3:] for order in orders} == {("hum-3", "beep-0"), ("beep-0", "hum-3")}
    assert oracle(3, False, 8) == oracle(5, False, 8)[:3]
    assert set(oracle(9, False, 1)) == {"hum-1", "hum-2", "hum-3", "hum-4", "beep-0"}
    # hum-0 and beep-0 are of one group
    assert set(oracle(9, True, 1)) == {"hum-1", "hum-2", "hum-3", "hum-4"}
    small.clips = [replace(clip, group="") for clip in small.clips]
    assert "beep-0" in oracle(9, True, 1)
    with pytest.raises(InputError, match="has no class 'Hmm'"):
        oracle_list(small, query, "Hmm", 3, False, 1)


def test_a_random_list_has_neither_the_query_nor_what_is_excluded(small: Collection) -> None:
    drawn = [random_list(small, 4, 5, {0, 1, 2}, seed) for seed in range(60)]
    assert drawn[7] == random_list(small, 4, 5, {0, 1, 2}, 7)
    assert all(len(set(rows)) == 5 for rows in drawn)
    assert {row for rows in drawn for row in rows} == {3, *range(5, 18)}
    assert sorted(random_list(small, 4, 17, set(), 1)) == [*range(4), *range(5, 18)]
    with pytest.raises(InputError, match=r"'.*' has 14 other clips for a random list; a depth of"):
        random_list(small, 4, 15, {0, 1, 2}, 1)
