"""Files of answers that a rater's browser kept and saved: `static/js/rating/kept.js` makes them.

Such a file comes from outside: it is read with limits, and nothing in it is believed here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from embeddings.errors import InputError
from embeddings.files import read_text
from evaluation.keys import NotJson, json_object, shown
from webapp.rating.answer_kinds import KINDS

FORMAT = 1
LARGEST = 20_000_000  # bytes
MOST = 20_000  # answers in a file
_MARK = "sounding_board_answers"
_ADDRESS = re.compile(rf".*/rate/([^/?#]+)/([^/?#]+)/({'|'.join(KINDS)})")


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer of a file.

    Attributes
    ----------
    where : the file and the answer's place in it, from 1, for sentences
    slug, token, kind : the study, the rater's link and the kind, as the address says them
    body : what the browser sent, unchecked
    reason : why it was not stored, in the words that the browser got; "" where it only waited
    refused : when that was, by the browser's clock; "" where it was not
    seen : the same moment by the server's clock; None where that is not known
    wrong : what is wrong with it; "" for nothing. The others are empty then
    """

    where: str
    slug: str = ""
    token: str = ""
    kind: str = ""
    body: Any = None
    reason: str = ""
    refused: str = ""
    seen: datetime | None = None
    wrong: str = ""


def read_answers(paths: Sequence[Path]) -> list[KeptAnswer]:
    """Return the answers of files, in their order; an answer that is none says what is wrong.

    Raises InputError naming a file that is no such file.
    """
    return [one for path in paths for one in _read(path)]


def _read(path: Path) -> list[KeptAnswer]:
    size = path.stat().st_size
    if size > LARGEST:
        raise InputError(
            f"{path}: a file of answers has at most {LARGEST} bytes, not {size}; nothing was read."
        )
    try:
        table = json_object(read_text(path))
    except NotJson as error:
        line = f", line {error.line}" if error.line else ""
        raise InputError(f"{path}{line}: no file of answers: {error.what}.") from error
    answers = table.get("answers")
    if _MARK not in table or not isinstance(answers, list):
        raise InputError(
            f"{path}: no file of answers: it must have {_MARK} and answers, as the files that "
            "raters' browsers save."
        )
    if table[_MARK] != FORMAT:
        raise InputError(
            f"{path}: {_MARK} must be {FORMAT}, not {shown(table[_MARK])}: it was saved by a page "
            "of another version."
        )
    if len(answers) > MOST:
        raise InputError(f"{path}: a file has at most {MOST} answers, not {len(answers)}.")
    return [_answer(f"{path.name}, answer {place}", one) for place, one in enumerate(answers, 1)]


def _answer(where: str, value: Any) -> KeptAnswer:
    if not isinstance(value, dict):
        return KeptAnswer(where, wrong=f"it must be a table, not {shown(value)}")
    address = value.get("address")
    found = _ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if not found:
        rule = f"the address must end in /rate/STUDY/LINK/ and one of {', '.join(KINDS)}"
        return KeptAnswer(where, wrong=f"{rule}, unlike {shown(address)}")
    texts = [value.get(key, "") for key in ("reason", "refused_at", "server_at")]
    if not all(isinstance(text, str) for text in texts):
        return KeptAnswer(where, wrong="reason, refused_at and server_at must be text")
    reason, refused, server = texts
    return KeptAnswer(
        where, *found.groups(), body=value.get("body"), reason=reason, refused=refused,
        seen=_seen(server),
    )  # fmt: skip


def _seen(text: str) -> datetime | None:
    """Return the end of the second that an HTTP Date header names, None where it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) + timedelta(seconds=1)
    except (TypeError, ValueError, OverflowError):
        return None
