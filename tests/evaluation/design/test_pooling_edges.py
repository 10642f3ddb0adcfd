"""Pools at their edges: the clip in row 0, lists cut by one, depths beyond the collection."""

from collections.abc import Sequence

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from evaluation.design.pooling import Source, check_depth, pool, split_pool


def lists(*rows: Sequence[int], embedding: str | None = "x") -> Ranking:
    """Return the system "a" with these lists, and scores that say their place: 0.5, 0.25, ..."""
    neighbours = np.array(rows, dtype=np.int32)
    scores = np.tile(0.5 ** np.arange(1, neighbours.shape[1] + 1), (len(rows), 1))
    return Ranking("a", neighbours, scores, {"embedding": embedding})


def test_the_first_clip_of_a_collection_is_a_result_like_others() -> None:
    found = pool([lists([2, 1], [0, 2], [1, 0])], 1, 2)
    assert [candidate.row for candidate in found] == [0, 2]
    assert found[0].sources == (Source("a", 1, 0.5),)


def test_the_scores_are_those_of_the_query_and_of_the_place() -> None:
    ranking = lists([3, 1, 2], [3, 0, 2], [3, 0, 1], [0, 1, 2])
    ranking.scores[1] = [0.9, 0.8, 0.7]
    groups = ["", "me", "", "me"]
    found = pool([ranking], 1, 2, groups)
    assert [(one.row, one.sources) for one in found] == [
        (0, (Source("a", 1, 0.8),)),
        (2, (Source("a", 2, 0.7),)),
    ]


def test_a_group_is_left_out_only_where_groups_are_given() -> None:
    ranking = lists([1, 2], [0, 2], [0, 1])
    assert [one.row for one in pool([ranking], 0, 2)] == [1, 2]
    assert [one.row for one in pool([ranking], 0, 2, ["", "", ""])] == [1, 2]  # "" is no group


@pytest.mark.parametrize("embedding", ["x", None])
def test_a_list_is_cut_where_one_clip_less_is_kept_than_could_be_ranked(
    embedding: str | None,
) -> None:
    """The last place holds the clip in row 0: a clip, too, and not the end of the list."""
    groups = ["", "me", "me", "", ""]
    rows = [[1, 2, 3], [2, 3, 0], [1, 3, 0], [1, 2, 0], [1, 2, 0]]
    with pytest.raises(InputError, match="row 1, 2 of them of other groups; a depth of 3"):
        pool([lists(*rows, embedding=embedding)], 1, 3, groups)
    whole = [[1, 2, 3, 4], [2, 3, 4, 0], [1, 3, 4, 0], [1, 2, 4, 0], [1, 2, 3, 0]]
    found = pool([lists(*whole, embedding=embedding)], 1, 4, groups)
    assert [one.row for one in found] == [0, 3, 4]  # nobody could return more


def test_clips_whose_best_neighbour_is_the_first_clip_are_counted_as_ranked() -> None:
    """Four clips have vectors and two neighbours are kept: one is missing."""
    groups = ["", "me", "me", "", ""]
    rows = [[1, 2], [0, 2], [0, 1], [0, 1], [-1, -1]]
    with pytest.raises(InputError, match="keeps 2 neighbours of the clip in row 1"):
        pool([lists(*rows)], 1, 2, groups)


def test_the_depth_asks_for_no_more_than_there_are(small: Collection) -> None:
    kept = [lists(*[list(range(1, count + 1))] * 18) for count in (16, 17)]
    check_depth(small, [kept[1]], 40)
    with pytest.raises(InputError, match="keeps 16 neighbours of each clip; a depth of 40"):
        check_depth(small, [kept[1], kept[0]], 40)


def test_what_is_usual_when_a_pool_is_split() -> None:
    assert split_pool(70, 40) == split_pool(70, 40, shared=3, seed=0)
    assert split_pool(70, 40) != split_pool(70, 40, shared=3, seed=1)
    with pytest.raises(InputError, match="cannot share -1 of them"):
        split_pool(70, 40, shared=-1)
