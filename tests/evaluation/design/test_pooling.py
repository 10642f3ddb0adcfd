"""Drawn queries and their weights, pools, and large pools in parts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from evaluation.design.pooling import Source, check_depth, pool, split_pool
from evaluation.design.sampling import draw_queries
from evaluation.protocol.terms import Queries

DRAWS = 600


def lists(system: str, *rows: Sequence[int], embedding: str | None = "x") -> Ranking:
    """Return a ranking of these lists, with scores that fall from 1 to 0.5."""
    neighbours = np.array(rows, dtype=np.int32)
    scores = np.tile(np.linspace(1, 0.5, neighbours.shape[1], dtype=np.float32), (len(rows), 1))
    return Ranking(system, neighbours, scores, {"embedding": embedding})


def relabel(collection: Collection, labels: dict[str, tuple[str, ...]]) -> None:
    """Give some clips other labels."""
    collection.clips = [
        replace(clip, labels=labels.get(clip.id, clip.labels)) for clip in collection.clips
    ]


def test_queries_are_drawn_from_leaf_classes_of_each_family(small: Collection) -> None:
    drawn = draw_queries(small, Queries(per_family=4, seed=3), [])
    assert drawn == draw_queries(small, Queries(per_family=4, seed=3), [])
    assert drawn != draw_queries(small, Queries(per_family=4, seed=4), [])
    assert [query.family for query in drawn] == ["Nature"] * 4 + ["Things"] * 4
    assert len({query.row for query in drawn}) == 8
    for query in drawn:
        assert query.label in small.leaf_classes
        assert query.label in small.clips[query.row].labels
    things = [query.label for query in drawn if query.family == "Things"]
    assert sorted(things[:2]) == sorted(things[2:]) == ["Beep", "Hum"]  # no class twice too soon


def test_a_clip_of_two_families_is_asked_about_once(small: Collection) -> None:
    odd = {"hum-0", "hum-1", "hum-2", "hiss-0", "hiss-1", "hiss-2"}
    own = {clip.id: (*clip.labels, "Odd") for clip in small.clips if clip.id in odd}
    relabel(small, own)
    small.families = small.families | {"Odd": ("Odd",)}
    for seed in range(10):
        drawn = draw_queries(small, Queries(per_family=3, seed=seed), [])
        assert len({query.row for query in drawn}) == len(drawn) == 9


def test_named_queries_stand_for_their_leaf_class(small: Collection) -> None:
    drawn = draw_queries(small, Queries(clips=("hiss-2", "beep-1")), [])
    assert [
        (small.clips[query.row].id, query.label, query.family, query.weight) for query in drawn
    ] == [("hiss-2", "Hiss", "Nature", 1.0), ("beep-1", "Beep", "Things", 1.0)]


def test_queries_are_drawn_from_each_leaf_class(small: Collection) -> None:
    small.families = {"Things": ("Hum", "Machine")}  # a class needs none
    drawn = draw_queries(small, Queries(per_class=2, seed=5), [])
    assert drawn != draw_queries(small, Queries(per_class=2, seed=6), [])
    assert [(query.label, query.family, query.weight) for query in drawn] == [
        *[("Beep", "", 3.0)] * 2,
        *[("Hiss", "", 3.0)] * 2,
        *[("Hum", "Things", 3.0)] * 2,
    ]
    assert len({query.row for query in drawn}) == 6


def test_a_rare_class_gets_the_clips_that_a_larger_one_can_do_without(small: Collection) -> None:
    relabel(small, {"beep-0": ("Beep", "Rare"), "beep-1": ("Beep", "Rare"), "hum-0": ("Rare",)})
    for seed in range(10):
        drawn = draw_queries(small, Queries(per_class=3, seed=seed), [])
        rare = {small.clips[query.row].id for query in drawn if query.label == "Rare"}
        assert rare == {"beep-0", "beep-1", "hum-0"}


@pytest.mark.parametrize(
    ("queries", "weights"),
    [
        (Queries(per_family=3), {"Beep": 3 * 2 / 3, "Hum": 9 * 2 / 3, "Hiss": 6 * 1 / 3}),
        (Queries(per_family=1), {"Beep": 6.0, "Hum": 18.0, "Hiss": 6.0}),
        (Queries(per_class=2), {"Beep": 1.5, "Hum": 4.5, "Hiss": 3.0}),
    ],
)
def test_a_weight_is_one_over_the_probability_to_be_drawn(
    small: Collection, queries: Queries, weights: dict[str, float]
) -> None:
    relabel(small, {f"beep-{take}": ("Hum", "Machine") for take in range(3)})
    times: Counter[int] = Counter()
    label_of = {}
    for seed in range(DRAWS):
        for query in draw_queries(small, replace(queries, seed=seed), []):
            assert query.weight == pytest.approx(weights[query.label])
            label_of[query.row] = query.label
            times[query.row] += 1
    assert len(times) == 18  # every clip can be drawn
    for row, label in label_of.items():
        share = 1 / weights[label]
        noise = np.sqrt(share * (1 - share) / DRAWS)
        assert times[row] / DRAWS == pytest.approx(share, abs=4.5 * noise)


def test_what_is_left_out_or_has_no_results_is_not_drawn(small: Collection) -> None:
    few = Queries(per_family=3, leave_out=("Hum",))
    drawn = draw_queries(small, few, [])
    assert {query.label for query in drawn if query.family == "Things"} == {"Beep"}
    assert {query.weight for query in drawn} == {2.0}
    neighbours = np.zeros((18, 4), dtype=np.int32)
    neighbours[[small.index["beep-0"], small.index["beep-5"]]] = -1
    ranking = Ranking("a", neighbours, neighbours * 1.0, {})
    drawn = draw_queries(small, few, [ranking])
    assert {query.weight for query in drawn if query.label == "Beep"} == {4 * 1 / 3}
    with pytest.raises(InputError, match=r"'Things' has 4 clips to draw, .* asks for 5"):
        draw_queries(small, replace(few, per_family=5), [ranking])
    neighbours[[small.index[f"hum-{take}"] for take in range(6)]] = -1  # none of a class is left
    drawn = draw_queries(small, Queries(per_family=2), [ranking])
    assert [query.weight for query in drawn if query.label == "Beep"] == [4 * 1 / 2] * 2
    without_a_parent = Queries(per_family=1, leave_out=("Machine",))
    assert [query.family for query in draw_queries(small, without_a_parent, [])] == ["Nature"]
    one = Queries(per_class=1, leave_out=("Machine",))
    assert [query.label for query in draw_queries(small, one, [])] == ["Hiss"]


def test_queries_that_cannot_be_drawn(small: Collection) -> None:
    with pytest.raises(InputError, match="has no clip 'nobody'"):
        draw_queries(small, Queries(clips=("nobody",)), [])
    with pytest.raises(InputError, match=r"The family 'Nature' has 6 clips to draw, .* asks for 7"):
        draw_queries(small, Queries(per_family=7), [])
    with pytest.raises(
        InputError, match=r"The class 'Beep' has 6 clips to draw; queries\.per_class asks for 7\."
    ):
        draw_queries(small, Queries(per_class=7), [])
    with pytest.raises(InputError, match=r"leave_out: .* no class 'Hun'; did you mean 'Hum'\?"):
        draw_queries(small, Queries(per_family=1, leave_out=("Hiss", "Hun")), [])
    with pytest.raises(InputError, match=r"has no class 'Xylophone'\.$"):
        draw_queries(small, Queries(per_family=1, leave_out=("Xylophone",)), [])
    with pytest.raises(InputError, match="leave_out leaves no clip of 'small' to draw"):
        draw_queries(small, Queries(per_class=1, leave_out=("Machine", "Weather")), [])
    small.families = {}
    with pytest.raises(InputError, match="has no families to draw queries from"):
        draw_queries(small, Queries(per_family=1), [])


def test_a_pool_has_each_clip_once_with_all_its_sources() -> None:
    systems = [lists("a", [4, 2, 9]), lists("b", [2, 7, 4]), lists("c", [-1, -1, -1])]
    found = pool(systems, 0, depth=2)
    assert [candidate.row for candidate in found] == [2, 4, 7]
    assert found[0].sources == (Source("a", 2, 0.75), Source("b", 1, 1.0))
    assert found[1].sources == (Source("a", 1, 1.0),)
    assert found[2].sources == (Source("b", 2, 0.75),)


def test_results_of_the_querys_group_are_left_out_and_later_ranks_move_up() -> None:
    groups = ["me", "me", "", "you", "you", "me"]
    systems = [lists("a", [1, 3, 5, 2, 4]), lists("b", [2, 3, 4, 1, 5])]
    found = pool(systems, 0, 2, groups)
    assert [candidate.row for candidate in found] == [2, 3]
    assert found[0].sources == (Source("a", 2, 0.625), Source("b", 1, 1.0))
    assert found[1].sources == (Source("a", 1, 0.875), Source("b", 2, 0.875))
    assert [one.row for one in pool(systems, 0, 2, ["", *groups[1:]])] == [1, 2, 3]  # no group


def test_a_cut_list_that_exclusion_leaves_too_short_is_an_error() -> None:
    groups = ["me", "me", "you", "you", "you", "you"]
    ranks = [[1, 2, 3], [0, 2, 3], [3, 4, 5], [2, 4, 5], [2, 3, 5], [2, 3, 4]]
    assert [one.row for one in pool([lists("a", *ranks)], 0, 2, groups)] == [2, 3]
    sentence = (
        r"The system 'a' keeps 3 neighbours of the clip in row 0, 2 of them of other groups; "
        r"a depth of 3 needs"
    )
    for embedding in ("x", None):
        with pytest.raises(InputError, match=sentence):
            pool([lists("a", *ranks, embedding=embedding)], 0, 3, groups)


def test_a_list_that_is_short_by_nature_is_taken_as_it_is() -> None:
    groups = ["me", "me", "you", "you", "you"]
    none = [-1, -1]
    whole = [[1, 2], [0, 2], [0, 1], none, none]  # the others have no vectors
    assert [one.row for one in pool([lists("a", *whole)], 0, 2, groups)] == [2]
    ended = [[1, 2, -1], [0, 2, 3], [0, 1, 3], [0, 1, 2], [0, 1, 2]]
    assert [one.row for one in pool([lists("a", *ended, embedding=None)], 0, 2, groups)] == [2]
    with pytest.raises(InputError, match="keeps 2 neighbours"):  # nobody knows if it ended
        pool([lists("a", *whole, embedding=None)], 0, 2, groups)


def test_a_ranking_must_keep_as_many_as_are_pooled(small: Collection) -> None:
    ranking = lists("a", *[[1, 2, 3]] * 18)
    check_depth(small, [ranking], 3)
    with pytest.raises(InputError, match=r"'a' keeps 3 neighbours of each clip; a depth of 4"):
        check_depth(small, [ranking], 4)


@given(
    count=st.integers(0, 300),
    largest=st.integers(1, 60),
    shared=st.integers(0, 8),
    seed=st.integers(0, 2**32),
)
def test_a_pool_in_parts(count: int, largest: int, shared: int, seed: int) -> None:
    if count > largest and largest <= shared:
        with pytest.raises(InputError, match="must hold more than are shared"):
            split_pool(count, largest, shared, seed)
        return
    parts = split_pool(count, largest, shared, seed)
    assert parts == split_pool(count, largest, shared, seed)
    if count <= largest:
        assert parts == [list(range(count))]
        return
    sizes = [len(part) for part in parts]
    assert max(sizes) <= largest
    assert max(sizes) - min(sizes) <= 1
    assert all(part == sorted(set(part)) for part in parts)
    times = Counter(place for part in parts for place in part)
    assert sorted(times) == list(range(count))
    assert sorted(times.values()) == [1] * (count - shared) + [len(parts)] * shared
    fewer = len(parts) - 1  # would not hold them
    assert shared + fewer * (largest - shared) < count


def test_the_shared_places_are_drawn() -> None:
    shared = [
        tuple(set.intersection(*map(set, split_pool(70, 40, seed=seed)))) for seed in range(200)
    ]
    assert all(len(places) == 3 for places in shared)
    assert len({place for places in shared for place in places}) > 60
