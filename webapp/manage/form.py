"""The form that writes a protocol: fields to a table of TOML, and a table back to fields.

It keeps the TOML that it began from, and changes in it what the fields say that were posted: those
of one step. All else, such as a scale of one's own, stays as it is. What is typed is not judged
here but by :func:`evaluation.protocol.reading.check_protocol`, which takes the same table from a
file.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import asdict, replace
from datetime import date, datetime, time
from math import isfinite
from typing import Any

from werkzeug.datastructures import MultiDict

from embeddings.errors import InputError
from embeddings.files import toml_of
from evaluation.keys import Keys
from evaluation.protocol.parts import MOST_LISTS
from evaluation.protocol.reading import parse_protocol, protocol_toml
from evaluation.protocol.scales import PRESETS, read_scale
from evaluation.protocol.terms import NONE, PRIMARY_MEASURES, Protocol, Queries, Scale
from evaluation.toml_text import toml_lines
from webapp.manage import language_form, questionnaire_form

SOURCE = "The protocol"
"""What errors begin with."""

OWN = "own"
"""The choice that leaves what the TOML says."""

TWO_FACETS = "facets"
"""The choice of scale that asks of meaning and of sound apart."""

NUMBERS = (
    "depth", "raters_per_query", "sitting", "lease_minutes", "page", "largest_block",
    "queries.seed", "controls.distractors", "controls.repeats", "controls.repeat_minutes",
    "screening.identity", "screening.auc", "screening.heard", "listening.must_listen",
    "listening.must_seconds", "listening.loudness", "joining.most", "analysis.good",
    "pace.break_minutes",
)  # fmt: skip
FLAGS = (
    "practice", "queries.exclude_same_group", "controls.identity", "listening.sound_check",
    "listening.hearing", "listening.headphones", "listening.show_waveform", "listening.level",
    "joining.open", "joining.signed", "pace.play_on_move", "pace.go_on", "pace.raters_choose",
    "pace.by_grades", "pace.reopen", "answers.remarks", "answers.cannot_say",
)  # fmt: skip
TEXTS = (
    "slug", "title", "collection", "method", "instructions", "consent", "ends",
    "withdrawal_until", "contact", "listening.format", "joining.completion_code",
    "joining.screen_out_code", "joining.no_consent_code", "joining.redirect", "analysis.raters",
)  # fmt: skip
LISTS = ("queries.leave_out", "listening.leave_out", "joining.ids")
SHOWN = "shown"
"""The field that names the flags which a page has: a box that is not ticked is not posted."""
SYSTEMS_OF = "systems-of"
"""The field that names the collection whose systems a page has."""
_GRADED_ONLY = (
    "page", "largest_block", "controls", "screening", "scale", "analysis.raters",
    "listening.must_listen", "listening.must_seconds", "pace.go_on", "pace.by_grades",
)  # fmt: skip
_WAYS = ("per_family", "per_class", "clips")
_USUAL = asdict(Protocol("", "", "", (), Queries(per_family=2)))


def read_toml(text: str) -> dict[str, Any]:
    """Return a TOML text as a table; raise InputError where it is none."""
    return toml_of(text, SOURCE)


def full_toml(table: dict[str, Any]) -> str:
    """Return a table as TOML: with every key where it is a good protocol, else as it is."""
    try:
        return protocol_toml(parse_protocol(table, SOURCE))
    except InputError:
        return plain_toml(table)


def plain_toml(table: dict[str, Any]) -> str:
    """Return the keys of a table, and no others, as TOML."""
    return "\n".join(toml_lines(_writable(table))) + "\n"


def fields(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the form's fields show of a table, by their names; defaults where it is silent.

    Numbers are text, flags are True or False, lists have a line for each thing.
    """
    graded = table.get("method", "graded") == "graded"
    shown = {key: _shown(table, key, graded) for key in (*NUMBERS, *TEXTS)}
    shown |= {key: bool(_value(table, key, graded)) for key in FLAGS}
    shown |= {key: "\n".join(_texts(_value(table, key, graded))) for key in LISTS}
    way = next((way for way in _WAYS if _value(table, f"queries.{way}", graded)), "per_family")
    count = _value(table, f"queries.{way}", graded) if way != "clips" else None
    preset, question = _scale_choice(table.get("scale", {}) if graded else {})
    compared = _value(table, "analysis.comparisons", graded) or NONE
    measure = str(_value(table, "analysis.primary_measure", graded, missing=""))
    usual = PRIMARY_MEASURES.get(str(table.get("method", "graded")), ("",))[0]
    heard = table.get("listening")
    if isinstance(heard, dict) and "must_listen" in heard and "must_seconds" not in heard:
        shown["listening.must_seconds"] = "0"
    if table.get("method") == "rating":
        shown["page"] = str(table.get("page", MOST_LISTS))
    return shown | {
        "systems": _texts(table.get("systems", ())),
        "way": way,
        "count": "" if count is None else str(count),
        "clips": "\n".join(_texts(_value(table, "queries.clips", graded))),
        "scale.preset": preset,
        "scale.question": question,
        "analysis.primary_measure": "" if measure == usual else measure,
        "analysis.comparisons": compared if isinstance(compared, str) else OWN,
    }


def changed(base: Mapping[str, Any], form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the table `base` with what a form says in it; what was not posted stays."""
    table = deepcopy(dict(base))
    before = table.get("method", "graded")
    method = form.get("method", before)
    if method != before:
        for key in (*_GRADED_ONLY, "analysis.primary_measure"):
            _put(table, key, None)
    flags = form.getlist(SHOWN)
    for key in (*TEXTS, *NUMBERS, *FLAGS, *LISTS):
        posted = key in (flags if key in FLAGS else form)
        lists_page = key == "page" and method == "rating" == before
        if posted and (method == "graded" or lists_page or not key.startswith(_GRADED_ONLY)):
            _take(table, key, form)
    _keep_seconds(table, form)
    if SYSTEMS_OF in form:
        chosen = form.getlist("systems")
        known = [name for name in _texts(table.get("systems", ())) if name in chosen]
        table["systems"] = known + [name for name in chosen if name not in known]
    if "way" in form:
        _take_queries(table, form)
    if method == "graded" and "scale.preset" in form:
        _take_scale(table, form)
    if "analysis.primary_measure" in form:
        _put(table, "analysis.primary_measure", form["analysis.primary_measure"] or None)
    compared = form.get("analysis.comparisons", OWN)
    if compared != OWN:
        _put(table, "analysis.comparisons", None if compared == NONE else compared)
    questionnaire_form.take(table, form)
    language_form.take(table, form)
    return table


def _take(table: dict[str, Any], key: str, form: MultiDict[str, str]) -> None:
    """Set one key from its field; what is empty, or was silent and stays the default, is not."""
    text = form.get(key, "").replace("\r\n", "\n").strip()
    value: Any = text
    if key in NUMBERS:
        value = _number(text)
    elif key in FLAGS:
        value = bool(text)
    elif key in LISTS:
        value = _lines(text)
    usual = _value({}, key, True)
    silent = _value(table, key, True, missing=None) is None
    if silent and value == (list(usual) if isinstance(usual, tuple) else usual):
        return
    empty = value == "" and (usual != "" or key in ("slug", "title"))
    _put(table, key, None if empty else value)


def _keep_seconds(table: dict[str, Any], form: MultiDict[str, str]) -> None:
    """Say the seconds that a form shows beside its share: a share that stands alone has none."""
    heard = table.get("listening")
    if isinstance(heard, dict) and "must_listen" in heard and "listening.must_seconds" in form:
        heard.setdefault("must_seconds", _number(form["listening.must_seconds"].strip()))


def _take_queries(table: dict[str, Any], form: MultiDict[str, str]) -> None:
    chosen = form.get("way", "per_family")
    for way in _WAYS:
        _put(table, f"queries.{way}", None)
    if chosen == "clips":
        _put(table, "queries.clips", _lines(form.get("clips", "")))
        _put(table, "queries.leave_out", None)  # nothing is drawn
    else:
        _put(table, f"queries.{chosen}", _number(form.get("count", "").strip()))


def _take_scale(table: dict[str, Any], form: MultiDict[str, str]) -> None:
    chosen, question = form.get("scale.preset", OWN), form.get("scale.question", "").strip()
    if chosen == OWN:
        return
    asks = question and chosen not in (TWO_FACETS, "mirex-fine")  # which have their own
    scale: dict[str, Any] = {"question": question} if asks else {}
    if chosen == TWO_FACETS:
        scale["facets"] = ["semantic", "acoustic"]
    elif chosen != "anchored":
        scale["preset"] = chosen
    _put(table, "scale", scale or None)


def _scale_choice(scale: Any) -> tuple[str, str]:
    """Return the ready scale that a [scale] comes to, and the question that it asks instead."""
    found = _read_scale(scale)
    if found is None:
        return OWN, ""
    ready = PRESETS | {TWO_FACETS: _read_scale({"facets": ["semantic", "acoustic"]})}
    for name, other in ready.items():
        if found == other:
            return name, ""
        if len(found.facets) == len(other.facets) == 1:
            question = found.facets[0].question
            if found.facets[0] == replace(other.facets[0], question=question):
                return name, question
    return OWN, ""


def _read_scale(scale: Any) -> Scale | None:
    if not isinstance(scale, dict):
        return None
    try:
        return read_scale(Keys(_writable(scale), SOURCE, "scale."), "graded")
    except InputError:
        return None


def _value(table: Mapping[str, Any], key: str, graded: bool, missing: Any = ...) -> Any:
    """Return the value under a dotted key, the usual one (or `missing`) where there is none."""
    inner, _, name = key.rpartition(".")
    if not graded and (inner or name) in _GRADED_ONLY:
        table = {}
    part = table.get(inner, {}) if inner else table
    if isinstance(part, Mapping) and name in part:
        return part[name]
    if missing is not ...:
        return missing
    usual = _USUAL[inner] if inner else _USUAL
    silent = table.get("queries") is None or name not in _WAYS
    return usual.get(name) if silent else None


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    """Set a dotted key, or remove it where the value is None; no empty table stays."""
    inner, _, name = key.rpartition(".")
    part = table.setdefault(inner, {}) if inner else table
    if not isinstance(part, dict):
        return  # it is wrong, and will be said to be
    if value is None:
        part.pop(name, None)
    else:
        part[name] = value
    if inner and not part:
        del table[inner]


def _shown(table: Mapping[str, Any], key: str, graded: bool) -> str:
    value = _value(table, key, graded)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(text: str) -> int | float | str:
    """Return the number that `text` is, or `text` where it is none, or none that TOML has."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return text if kind is int and abs(number) >= 2**63 else number
    return text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _texts(value: Any) -> list[str]:
    """Return a list's things as texts; one thing is a list of one."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return [] if value in (None, "") else [str(value)]
    return [str(one) for one in value]


def _writable(value: Any) -> Any:
    """Return a value of TOML with as text what is not written as it was read: moments, infinity."""
    if isinstance(value, dict):
        return {key: _writable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_writable(one) for one in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value.isoformat() if isinstance(value, date | datetime | time) else value
