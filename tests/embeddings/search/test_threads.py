"""Blocks by several threads: in their order, few at a time, and BLAS as it was afterwards."""

import threading
from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from embeddings.search.threads import in_order


def blas_threads() -> set[int]:
    """Return how many threads each loaded BLAS uses."""
    np.ones((8, 8)) @ np.ones((8, 8))
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    first = threading.Event()

    def work(item: int) -> int:
        if threads > 1 and item == 0:
            first.wait(60)  # the last of those that are begun with it
        elif item == threads - 1:
            first.set()
        return item * item

    assert list(in_order(work, range(20), threads)) == [item * item for item in range(20)]


def test_few_are_in_the_making() -> None:
    asked = []

    def items() -> Iterator[int]:
        for item in count():
            asked.append(item)
            yield item

    made = in_order(lambda item: item, items(), 3)
    assert [next(made) for _ in range(10)] == list(range(10))
    assert len(asked) <= 10 + 3
    made.close()  # type: ignore[attr-defined]


def test_what_one_raises_is_raised_and_the_others_are_not_begun() -> None:
    begun = []

    def work(item: int) -> int:
        begun.append(item)
        if item == 5:
            raise ValueError("five")
        return item

    made = in_order(work, range(1000), 2)
    with pytest.raises(ValueError, match="five"):
        list(made)
    assert len(begun) < 12


def test_blas_has_one_thread_meanwhile_and_its_own_again_after_the_last() -> None:
    before = blas_threads()
    outer, inner = (in_order(lambda item: item, range(9), 2) for _ in range(2))
    next(outer)
    next(inner)
    assert blas_threads() == {1}
    outer.close()  # type: ignore[attr-defined]
    assert blas_threads() == {1}
    inner.close()  # type: ignore[attr-defined]
    assert blas_threads() == before
