"""What pages ask for and do not wait for is computed once, the newest first."""

import threading

import pytest

from tests.support.waiting import wait_for
from webapp.manage.background import Background


def test_it_is_computed_once_and_what_nobody_wants_any_more_is_not() -> None:
    begun, go_on, made = threading.Event(), threading.Event(), []

    def slow() -> str:
        begun.set()
        go_on.wait(60)
        return "slow"

    def quick(name: str) -> str:
        made.append(name)
        return name

    of = Background()
    assert of.get(1, slow) is None
    assert begun.wait(60)
    assert of.get(2, lambda: quick("given up")) is None  # it waits for the first
    assert of.get(3, lambda: quick("wanted")) is None  # and is no longer what is looked at
    go_on.set()
    assert wait_for(lambda: of.get(3, lambda: quick("twice"))) == "wanted"
    assert of.get(1, lambda: quick("twice")) == "slow"
    assert made == ["wanted"]


def test_an_error_comes_to_who_asks_and_is_not_kept() -> None:
    of = Background(most=1)

    def failed() -> bool:
        try:
            return of.get(1, lambda: 1 / 0) is not None
        except ZeroDivisionError:
            return True

    assert wait_for(failed)
    assert wait_for(lambda: of.get(1, lambda: "right")) == "right"
    assert wait_for(lambda: of.get(2, lambda: "other")) == "other"
    with pytest.raises(ZeroDivisionError):  # 1 was forgotten for 2, and is computed anew
        wait_for(lambda: of.get(1, lambda: 1 / 0))
