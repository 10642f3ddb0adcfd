"""The languages of a study in the form: which they are, and what raters read in each.

What is a ready text comes from the catalogues; all else that raters read has a field in every
further language. A field is called ``texts.CODE.title`` and so on, that of a question has the
number of the question (:mod:`webapp.manage.questionnaire_form`): ``texts.CODE.question.2``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask_babel import LazyString, lazy_gettext
from werkzeug.datastructures import MultiDict

from evaluation.keys import Keys
from evaluation.protocol.languages import ENGLISH, LANGUAGES, Pair, ready_texts, scale_texts
from evaluation.protocol.scales import read_scale
from evaluation.protocol.terms import METHODS, Scale
from webapp.core.languages.translating import in_language
from webapp.manage import questionnaire_form

OWN, FURTHER = "languages.own", "languages"
"""The fields of the language that the study is written in, and of the others."""

LABELS: dict[str, LazyString] = {
    "title": lazy_gettext("Title"),
    "instructions": lazy_gettext("Instructions"),
    "consent": lazy_gettext("Consent"),
    "scale": lazy_gettext("The question of the scale"),
    "question": lazy_gettext("Question %(number)s"),
    "choices": lazy_gettext("Choices of question %(number)s, one on a line"),
}
_LINES = ("instructions", "consent", "choices")
_KEY = re.compile(r"texts\[(\d+)\]\.(?:(questions|facets)\[(\d+)\]\.)?(\w+)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One text that a language needs: its field, what it is called, and the study's own words."""

    field: str
    label: str
    own: str
    value: str
    lines: bool


@dataclass(slots=True)
class Further:
    """A further language: what it needs, and the words of the scale in it, as pairs."""

    code: str
    name: str
    asked: list[Asked] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)


def codes(table: Mapping[str, Any]) -> list[str]:
    """Return the languages of a protocol's table, its own first; English where it names none."""
    named = table.get("languages")
    found = [one for one in named if one in LANGUAGES] if isinstance(named, list) else []
    return list(dict.fromkeys(found)) or [ENGLISH]


def further(table: Mapping[str, Any]) -> list[Further]:
    """Return what each further language needs, and has."""
    own, *others = codes(table)
    ready, scale = set(ready_texts()), _scale(table)
    return [_further(table, code, own, scale, ready) for code in others]


def take(table: dict[str, Any], form: MultiDict[str, str]) -> None:
    """Write the languages that a form says into the table, and their texts."""
    own = form.get(OWN, "")
    if own not in LANGUAGES:
        return
    chosen = [own, *(one for one in LANGUAGES if one in form.getlist(FURTHER) and one != own)]
    if chosen == [ENGLISH]:
        table.pop("languages", None)
    else:
        table["languages"] = chosen
    kept = {one.get("language"): one for one in _texts(table)}
    entries = [_entry(kept.get(code, {}), code, table, form) for code in chosen[1:]]
    table["texts"] = entries
    tidy(table)


def tidy(table: dict[str, Any]) -> None:
    """Take out texts of what raters do not read any more, such as a question that went."""
    texts, asked = _texts(table), _ids(table)
    for entry in texts:
        for key in ("consent", "contact"):
            if not table.get(key):
                entry.pop(key, None)
        questions = [one for one in entry.get("questions", []) if one.get("id") in asked]
        _put(entry, "questions", questions)
        _put(entry, "facets", entry["facets"])
    _put(table, "texts", texts)


def field_of(key: str, table: Mapping[str, Any]) -> tuple[str, str]:
    """Return the field of a key such as texts[0].title, and what it is called; "" for none."""
    found, texts = _KEY.fullmatch(key), _texts(table)
    if not found or not 1 <= int(found[1]) <= len(texts):
        return (FURTHER, "") if key.partition("[")[0] == "texts" else ("", "")
    entry, what, name = texts[int(found[1]) - 1], found[2], found[4]
    code, number = str(entry.get("language")), ""
    if what == "facets":
        name = "scale"
    elif what:
        ids = [None, *(one.get("id") for one in entry.get("questions", []))]
        asked, place = _ids(table), int(found[3])
        known = place < len(ids) and ids[place] in asked
        number = str(asked.index(ids[place]) + 1) if known else ""
        name = "choices" if name == "choices" else "question"
    if name not in LABELS or code not in LANGUAGES:
        return FURTHER, ""
    label = str(LABELS[name]) % {"number": number}
    return ".".join(filter(None, ("texts", code, name, number))), f"{label} ({LANGUAGES[code]})"


def _entry(
    entry: Mapping[str, Any], code: str, table: Mapping[str, Any], form: MultiDict[str, str]
) -> dict[str, Any]:
    """Return the texts of a language as they are, with what was typed."""
    found = dict(entry) | {"language": code}
    at = f"texts.{code}."
    for key in ("title", "instructions", "consent"):
        if at + key in form:
            _put(found, key, _typed(form, at + key))
    if at + "scale" in form:
        (facet,) = _scale(table).facets[:1]
        words = _typed(form, at + "scale")
        _put(found, "facets", [{"name": facet.name, "question": words}] if words else [])
    told = {one.get("id"): dict(one) for one in found.get("questions", [])}
    for number, one in enumerate(questionnaire_form.questions(table), 1):
        if f"{at}question.{number}" not in form:
            continue
        given = told.setdefault(one.get("id"), {"id": one.get("id")})
        _put(given, "text", _typed(form, f"{at}question.{number}"))
        lines = _typed(form, f"{at}choices.{number}").splitlines()
        _put(given, "choices", [line.strip() for line in lines if line.strip()])
    _put(
        found, "questions", [one for one in told.values() if one.get("text") or one.get("choices")]
    )
    return found


def _further(
    table: Mapping[str, Any], code: str, own: str, scale: Scale, ready: set[str]
) -> Further:
    entry = next((one for one in _texts(table) if one.get("language") == code), {})
    found = Further(code, LANGUAGES[code])
    facets = {one.get("name"): one for one in entry.get("facets", [])}

    def ask(name: str, words: object, value: object, number: str = "") -> None:
        label = str(LABELS[name]) % {"number": number}
        place = ".".join(filter(None, ("texts", code, name, number)))
        found.asked.append(Asked(place, label, str(words), str(value or ""), name in _LINES))

    for key in ("title", "instructions", "consent"):
        words = table.get(key)
        if isinstance(words, str) and words and words not in ready:
            ask(key, words, entry.get(key))
    if len(scale.facets) == 1 and scale.facets[0].question not in ready:
        facet = scale.facets[0]
        ask("scale", facet.question, facets.get(facet.name, {}).get("question"))
    told = {one.get("id"): one for one in entry.get("questions", [])}
    for number, one in enumerate(questionnaire_form.questions(table), 1):
        given = told.get(one.get("id"), {})
        ask("question", one.get("text", ""), given.get("text"), str(number))
        if choices := one.get("choices"):
            lines = ("\n".join(map(str, each)) for each in (choices, given.get("choices", [])))
            ask("choices", *lines, str(number))
    here, there = partial(in_language, own), partial(in_language, code)
    for facet in scale.facets:
        given = facets.get(facet.name, {})
        others = [given.get("question") or there(facet.question)]
        others += given.get("anchors") or [there(words) for _, words in facet.anchors]
        owns = map(here, scale_texts(facet))
        found.pairs += [Pair(one, str(other)) for one, other in zip(owns, others, strict=False)]
    return found


def _scale(table: Mapping[str, Any]) -> Scale:
    """Return what is asked, the usual scale where it is a wrong one."""
    method = table.get("method", "graded")
    keys = Keys(dict(table), "", wrong=[]).section("scale")
    return keys.whole_or(
        Scale(), lambda part: read_scale(part, method if method in METHODS else "graded")
    )


def _texts(table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the texts of further languages; what is no table is left out."""
    found = table.get("texts", [])
    texts = (
        [dict(one) for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    )
    for one in texts:
        for key in ("facets", "questions"):
            value = one.get(key, [])
            parts = value if isinstance(value, list) else []
            one[key] = [part for part in parts if isinstance(part, Mapping)]
    return texts


def _ids(table: Mapping[str, Any]) -> list[Any]:
    return [one.get("id") for one in questionnaire_form.questions(table)]


def _typed(form: MultiDict[str, str], name: str) -> str:
    return form.get(name, "").replace("\r\n", "\n").strip()


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    """Set a key, or remove it where there is nothing."""
    if value:
        table[key] = value
    else:
        table.pop(key, None)
