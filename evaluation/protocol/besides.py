"""What raters can say besides a grade: a remark on a sound, and that they cannot say."""

import unicodedata
from dataclasses import dataclass

from evaluation.keys import Keys

LONGEST_REMARK = 500
"""Characters of a remark."""
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of what follows them, also beyond the remark's end."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a rater can answer besides a grade.

    Attributes
    ----------
    remarks : whether raters can write a remark on each sound
    cannot_say : whether they can answer "I can't say" instead of a grade; it is a missing grade
        with a reason
    """

    remarks: bool = False
    cannot_say: bool = False


def read_answers(keys: Keys, method: str) -> Answers:
    """Return what raters can say besides a grade; where two lists are compared, there is none."""
    found = Answers(keys.flag("remarks", False), keys.flag("cannot_say", False))
    keys.finish()
    if method == "preference" and found.cannot_say:
        keys.must_be(
            "cannot_say", f"false with the method {method!r}, which has “no difference”", True
        )
    return found


def clean_remark(text: str) -> str:
    """Return a remark as it is stored: in NFC, its line breaks as LF, nothing around it.

    No character that controls a terminal, is none (a lone surrogate), or turns the direction of
    other text is left.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    kept = [
        one
        for one in unicodedata.normalize("NFC", lines)
        if one == "\n" or (one not in _TURNING and unicodedata.category(one) not in ("Cc", "Cs"))
    ]
    return "".join(kept).strip()
