"""Queries that are replaced by the seed, and clips that nobody hears."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from evaluation.design.lists import oracle_list
from evaluation.design.pooling import pool
from evaluation.design.sampling import DrawnQuery, draw_queries, settled
from evaluation.protocol.replaced import Replaced
from evaluation.protocol.terms import Queries

FAMILIES = Queries(per_family=3, seed=3)
CLASSES = Queries(per_class=2, seed=3)


def ids(collection: Collection, drawn: list[DrawnQuery]) -> list[str]:
    """Return which clips were drawn."""
    return [collection.clips[one.row].id for one in drawn]


def without(collection: Collection, queries: Queries, *clips: str) -> Queries:
    """Return the draw with these clips replaced, one after the other."""
    replaced = tuple(Replaced(clip, "nothing is heard") for clip in clips)
    return settled(collection, replace(queries, replaced=replaced), [])


@pytest.mark.parametrize("queries", [FAMILIES, CLASSES])
def test_a_query_is_replaced_by_the_next_of_its_stratum_and_all_others_stay(
    small: Collection, queries: Queries
) -> None:
    first = draw_queries(small, queries, [])
    for place, clip in enumerate(ids(small, first)):
        changed = without(small, queries, clip)
        drawn = draw_queries(small, changed, [])
        assert drawn == draw_queries(small, changed, [])
        assert [drawn[other] == first[other] for other in range(len(first))] == [
            other != place for other in range(len(first))
        ]
        assert replace(drawn[place], row=0) == replace(first[place], row=0)  # class and weight
        new = small.clips[drawn[place].row]
        assert changed.replaced == (Replaced(clip, "nothing is heard", new.id),)
        assert new.id not in ids(small, first)


def test_what_replaced_one_is_replaced_in_its_turn(small: Collection) -> None:
    first = ids(small, draw_queries(small, CLASSES, []))
    once = without(small, CLASSES, first[0])
    twice = without(small, CLASSES, first[0], once.replaced[0].by)
    found = ids(small, draw_queries(small, twice, []))
    assert found == [twice.replaced[1].by, *first[1:]]
    assert twice.replaced[1].by not in (first[0], once.replaced[0].by)
    assert (once.replaced_at_last, twice.replaced_at_last) == (1, 1)
    assert without(small, CLASSES, first[0], first[3]).replaced_at_last == 2


def test_of_a_class_without_more_clips_the_family_has_others(small: Collection) -> None:
    queries = Queries(per_family=6, seed=1)
    first = draw_queries(small, queries, [])
    things = [one for one in first if one.family == "Things"]
    own = [one for one in things if one.label == "Hum"]
    clips = ids(small, own)
    spent = without(small, queries, *clips)  # the three others of the class go, and then Beeps
    found = [one for one in draw_queries(small, spent, []) if one.family == "Things"]
    assert sorted({one.label for one in found}) == ["Beep", "Hum"]
    more = [one.by for one in spent.replaced]
    beeps = [clip for clip in ids(small, found) if clip.startswith("beep")]
    with pytest.raises(InputError, match="'Things' has no other clip that could replace 'beep"):
        without(small, queries, *clips, *more, *beeps)
    nature = Queries(per_class=6, seed=1)
    with pytest.raises(InputError, match="'Hiss' has no other clip that could replace 'hiss-0'"):
        without(small, nature, "hiss-0")


def test_only_what_was_drawn_is_replaced_and_only_by_what_the_seed_gives(
    small: Collection,
) -> None:
    first = ids(small, draw_queries(small, CLASSES, []))
    other = next(clip.id for clip in small.clips if clip.id not in first)
    for clip in (other, "nobody"):
        with pytest.raises(InputError, match=f"{clip!r} is none of the queries that the seed"):
            without(small, CLASSES, clip)
    chosen = Replaced(first[0], "I like it better", "hiss-0")
    with pytest.raises(InputError, match="is replaced by 'hiss-0', but the seed gives 'beep-"):
        draw_queries(small, replace(CLASSES, replaced=(chosen,)), [])


def test_what_nobody_is_to_hear_is_no_query_and_in_no_list(small: Collection) -> None:
    first = draw_queries(small, CLASSES, [])
    gone = ids(small, first)[:1]
    drawn = draw_queries(small, CLASSES, [], gone)
    assert gone[0] not in ids(small, drawn)
    assert [one.row for one in drawn[2:]] == [one.row for one in first[2:]]
    assert drawn[0].weight == 2.5  # five clips are left of six, two of them are drawn
    assert ids(small, draw_queries(small, CLASSES, [], ["beep-0.wav"]))  # as people name clips
    with pytest.raises(InputError, match="leave_out: 'nobody' is not in the collection"):
        draw_queries(small, CLASSES, [], ["nobody"])
    with pytest.raises(InputError, match="'hum-0' is named, and left out by listening"):
        draw_queries(small, Queries(clips=("hum-0",)), [], ["hum-0"])
    lists = np.array([[1, 2, 3, 4], [2, 3, 4, 0]], np.int32)
    ranking = Ranking("a", lists, lists * 1.0, {"embedding": None})
    found = pool([ranking], 0, 2, unheard={1})
    assert [(one.row, one.sources[0].rank) for one in found] == [(2, 1), (3, 2)]
    lists = np.tile(np.array([1, 2, 3, 4], np.int32), (9, 1))
    cut = Ranking("a", lists, lists * 1.0, {"embedding": None})
    with pytest.raises(InputError, match="3 of them not left out; a depth of 4 needs as many"):
        pool([cut], 0, 4, unheard={1})
    best = oracle_list(small, 0, small.clips[0].labels[0], 5, False, 1)
    assert best[0] not in oracle_list(small, 0, small.clips[0].labels[0], 5, False, 1, {best[0]})
