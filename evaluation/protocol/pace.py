"""How a study spares its raters: what saves them presses, and what keeps their ears fresh.

It is part of how a grade came about, so each judgement stores which of it was on.
"""

from dataclasses import dataclass

from evaluation.keys import Keys

PLAY_ON_MOVE, GO_ON, BY_GRADES = "play_on_move", "go_on", "by_grades"
WAYS = (PLAY_ON_MOVE, GO_ON, BY_GRADES)
"""What can be on while a rater grades, as a judgement stores it, in this order."""

LONGEST_STRETCH = 240  # minutes until a break is offered


@dataclass(frozen=True, slots=True)
class Pace:
    """What helps raters through a long sitting.

    Attributes
    ----------
    play_on_move : whether a sound plays when a key moves to it
    go_on : whether a grade moves on to the next sound and plays it
    raters_choose : whether raters may turn these two on and off for themselves
    by_grades : whether they may look at a page in the order of their grades, which changes nothing
    reopen : whether they may go back to queries that they finished, until repeats are asked of them
    break_minutes : after so many minutes of work a break is offered; 0: never
    """

    play_on_move: bool = False
    go_on: bool = False
    raters_choose: bool = True
    by_grades: bool = True
    reopen: bool = True
    break_minutes: int = 15


def read_pace(keys: Keys, method: str) -> Pace:
    """Return what helps raters; grades of whole lists have neither a next sound nor an order."""
    usual, graded = Pace(), method == "graded"
    pace = Pace(
        play_on_move=keys.flag(PLAY_ON_MOVE, usual.play_on_move),
        go_on=keys.flag(GO_ON, usual.go_on),
        raters_choose=keys.flag("raters_choose", usual.raters_choose),
        by_grades=keys.flag(BY_GRADES, usual.by_grades and graded),
        reopen=keys.flag("reopen", usual.reopen),
        break_minutes=keys.whole("break_minutes", usual.break_minutes, 0, LONGEST_STRETCH),
    )
    keys.finish()
    for key in (GO_ON, BY_GRADES):
        if not graded and getattr(pace, key):
            keys.must_be(key, f"false with the method {method!r}", True)
    return pace


def way_of(text: object) -> str | None:
    """Return what was on by a text such as "go_on play_on_move", in its order; None where wrong."""
    if not isinstance(text, str):
        return None
    named = text.split()
    known = [one for one in WAYS if one in named]
    return " ".join(known) if len(known) == len(named) else None
