"""The questionnaire in the form: its questions in one row, and what is done to them one by one.

A question has a number, from one, in the order in which raters meet them: those before the first
sound, then those after the last one. Its fields are called ``question.NUMBER.text`` and so on.
"""

import re
from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

PARTS = ("before", "after")
COUNT = "questions"
"""The field that says how many questions the page has."""
MOST = 60
_ACT = re.compile(r"question-(add|up|down|remove)-(before|after|\d{1,3})")
_COUNT = re.compile(r"[0-9]{1,3}")
_KEY = re.compile(r"questionnaire\.(before|after)\[(\d+)\]\.(\w+)")


def questions(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the questions of a protocol's table, each with its `part`; odd ones are left out."""
    asked = table.get("questionnaire", {})
    found = []
    for part in PARTS:
        listed = asked.get(part, []) if isinstance(asked, Mapping) else []
        found += [
            {"part": part, **one}
            for one in (listed if isinstance(listed, list) else [])
            if isinstance(one, Mapping)
        ]
    return found


def put(table: dict[str, Any], asked: list[dict[str, Any]]) -> None:
    """Write questions into the table; none leave nothing."""
    table.pop("questionnaire", None)
    parts = {part: [_without_part(one) for one in asked if one["part"] == part] for part in PARTS}
    if any(parts.values()):
        table["questionnaire"] = {part: found for part, found in parts.items() if found}


def take(table: dict[str, Any], form: MultiDict[str, str]) -> None:
    """Write into the table what the form says of the questions; keys that it has not stay."""
    count = form.get(COUNT, "")
    if not _COUNT.fullmatch(count):
        return
    before = {str(one.get("id")): one for one in questions(table)}
    asked = []
    for number in range(1, min(int(count), MOST) + 1):
        given = _given(form, f"question.{number}.")
        if given is not None:
            known = ("part", "id", "text", "kind", "choices", "required")
            older = before.get(given["id"], {})
            asked.append(given | {key: older[key] for key in older if key not in known})
    put(table, asked)


def act(table: dict[str, Any], action: str) -> str:
    """Add, move or remove a question, and return the id of what the page goes on from; "" for none.

    The first question after the last sound moves up by being asked before the first one.
    """
    found = _ACT.fullmatch(action)
    if not found:
        return ""
    asked, what, where = questions(table), found[1], found[2]
    if what == "add" and where in PARTS and len(asked) < MOST:
        place = sum(one["part"] == "before" for one in asked) if where == "before" else len(asked)
        asked.insert(place, {"part": where, "id": _free(asked), "text": "", "kind": "text"})
        put(table, asked)
        return f"question-{place + 1}"
    place = int(where) - 1 if where.isdecimal() else -1
    if not 0 <= place < len(asked):
        return ""
    if what == "remove":
        del asked[place]
        put(table, asked)
        return f"question-{min(place + 1, len(asked))}" if asked else "questions"
    place = _moved(asked, place, -1 if what == "up" else 1)
    put(table, asked)
    return f"question-{place + 1}"


def field_of(key: str, table: Mapping[str, Any]) -> str:
    """Return the id of the field that holds a key such as questionnaire.after[1].text, or ""."""
    found = _KEY.match(key)
    if not found:
        return "questions" if key.startswith("questionnaire") else ""
    first = sum(one["part"] == "before" for one in questions(table)) if found[1] == "after" else 0
    return f"question.{first + int(found[2])}.{found[3]}"


def _moved(asked: list[dict[str, Any]], place: int, step: int) -> int:
    """Move a question by one, into the other part where its own ends; return its new place."""
    one, other = asked[place], place + step
    if 0 <= other < len(asked) and asked[other]["part"] == one["part"]:
        asked[place], asked[other] = asked[other], one
        return other
    one["part"] = "before" if step < 0 else "after"
    return place


def _given(form: MultiDict[str, str], prefix: str) -> dict[str, Any] | None:
    part = form.get(f"{prefix}part", "")
    if part not in PARTS:
        return None
    kind = form.get(f"{prefix}kind", "text")
    one: dict[str, Any] = {
        "part": part,
        "id": form.get(f"{prefix}id", "").strip(),
        "text": form.get(f"{prefix}text", "").strip(),
        "kind": kind,
    }
    if kind == "choice":
        lines = form.get(f"{prefix}choices", "").splitlines()
        one["choices"] = [line.strip() for line in lines if line.strip()]
    if form.get(f"{prefix}required"):
        one["required"] = True
    return one


def _free(asked: list[dict[str, Any]]) -> str:
    """Return the first of q1, q2, ... that is no question's id."""
    taken = {one.get("id") for one in asked}
    return next(f"q{number}" for number in range(1, MOST + 2) if f"q{number}" not in taken)


def _without_part(one: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key != "part"}
