"""Which sounds of a page are shown as reported, by hand."""

from types import SimpleNamespace
from typing import Any

import pytest

from webapp.rating import judging_page
from webapp.rating.answers import Answered


@pytest.mark.parametrize(
    ("slots", "clips", "shown"),
    [
        (set(), set(), set()),
        ({7}, set(), {"seven"}),
        ({None}, set(), {"query"}),
        (set(), {2}, {"clip 2"}),
        ({None, 8, 9}, {1, 3}, {"query", "eight", "clip 1", "clip 3"}),  # 9 is on another page
    ],
)
def test_reported_are_slots_of_the_page_clips_in_lists_and_the_query(
    monkeypatch: pytest.MonkeyPatch, slots: set[int | None], clips: set[int], shown: set[str]
) -> None:
    flags = {(slot, None) for slot in slots} | {(None, clip) for clip in clips}
    given = Answered(flags=frozenset(flags))
    monkeypatch.setattr(judging_page, "token", lambda _, thing: f"clip {thing.candidate.id}")
    pool = [SimpleNamespace(id=number) for number in (1, 2, 3)]
    assignment: Any = SimpleNamespace(query=SimpleNamespace(candidates=pool))
    sitting: Any = None
    names = {7: "seven", 8: "eight"}
    assert judging_page._reported(assignment, given, sitting, names, "query") == shown
