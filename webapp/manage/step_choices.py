"""What each step offers: only what the chosen collection and method have a use for."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import LazyString, lazy_gettext
from werkzeug.datastructures import MultiDict

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from evaluation.keys import Keys
from evaluation.protocol.languages import LANGUAGES
from evaluation.protocol.listening_terms import FORMATS
from evaluation.protocol.scales import PRESETS, read_scale
from evaluation.protocol.template import HELP
from evaluation.protocol.terms import (
    METHODS,
    PRIMARY_MEASURES,
    QUESTION_KINDS,
    Scale,
)
from evaluation.statistics.graded_measures import MEASURES
from webapp.core import catalogue
from webapp.manage import form, language_form, questionnaire_form, steps, unfinished
from webapp.manage.side_plan import SidePlan

LISTED = 5
"""How many clips that lower the level are named."""

_WAYS: dict[str, LazyString] = {
    "per_family": lazy_gettext("so many of each family"),
    "per_class": lazy_gettext("so many of each leaf class"),
    "clips": lazy_gettext("named clips"),
}
_KINDS: dict[str, LazyString] = {
    "text": lazy_gettext("words"),
    "number": lazy_gettext("a number"),
    "choice": lazy_gettext("one of some choices"),
}


def of_step(step: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template of a step needs beside what was typed."""
    common = {"labels": steps.LABELS, "help": HELP, "steps": steps.STEPS}
    offers: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
        "compare": _compare, "ask": _ask, "raters": _raters, "review": _review,
    }  # fmt: skip
    return common | offers[step](table) if step in offers else common


def of_plan(found: SidePlan, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the plan's template needs beside the plan: what is missing, in fields' names."""
    missing = [steps.problem_of(one.key, one.rest, table).sentence for one in found.wrong]
    return {"missing": missing, "most_listed": LISTED}


def keep_ranked(table: dict[str, Any], posted: MultiDict[str, str]) -> None:
    """Where another collection was chosen, keep the systems that rank that one, too.

    The draw that the other one's study began with is no choice of anybody: it follows as well.
    """
    before = posted.get(form.SYSTEMS_OF, table.get("collection"))
    if before != table.get("collection"):
        old, new = (_collection({"collection": name}) for name in (before, table.get("collection")))
        if new and (old is None or table.get("queries") == unfinished.usual_draw(old)):
            table["queries"] = unfinished.usual_draw(new)
        ranked = {one.system for one in _rankings(new)}
        table["systems"] = [one for one in table.get("systems", ()) if one in ranked]


def _compare(table: Mapping[str, Any]) -> dict[str, Any]:
    fields = form.fields(table)
    collection = _collection(table)
    ranked = _rankings(collection)
    chosen = [one for one in ranked if one.system in fields["systems"]]
    known = {one.system for one in ranked}
    return {
        "fields": fields,
        "collections": [(one.name, one.info["title"]) for one in catalogue.collections()[0]],
        "ranked": ranked,
        "unranked": [one for one in fields["systems"] if one not in known],
        "methods": METHODS,
        "most_results": steps.depth_kept(chosen),
    }


def _ask(table: Mapping[str, Any]) -> dict[str, Any]:
    fields = form.fields(table)
    collection = _collection(table)
    has_families = collection is None or bool(collection.families)
    if not has_families and not table.get("queries"):
        fields["way"] = "per_class"
    ways = [way for way in _WAYS if has_families or way in ("clips", "per_class", fields["way"])]
    return {
        "fields": fields,
        "method": table.get("method", "graded"),
        "ways": [(way, _WAYS[way]) for way in ways],
        "has_groups": collection is None or bool((collection.columns.groups >= 0).any()),
        "formats": [(name, name.upper()) for name in FORMATS],
        "presets": list(PRESETS),
    }


def _raters(table: Mapping[str, Any]) -> dict[str, Any]:
    fields = form.fields(table)
    titles = {one.system: one.title for one in _rankings(_collection(table))}
    asked = questionnaire_form.questions(table)
    return {
        "fields": fields,
        "method": table.get("method", "graded"),
        "chosen": [(one, titles.get(one, one)) for one in fields["systems"]],
        "measures": _measures(table),
        "questions": asked,
        "kinds": [(kind, _KINDS[kind]) for kind in QUESTION_KINDS],
        "question_labels": steps.QUESTION_LABELS,
        "spoken": language_form.codes(table),
        "further": language_form.further(table),
        "all_languages": LANGUAGES,
        "has_pairs": fields["controls.identity"] and fields["controls.distractors"] != "0",
    }


def _review(table: Mapping[str, Any]) -> dict[str, Any]:
    titles = {one.system: one.title for one in _rankings(_collection(table))}
    fields = form.fields(table)
    return {
        "fields": fields,
        "method": table.get("method", "graded"),
        "chosen": [titles.get(one, one) for one in fields["systems"]],
        "questions": questionnaire_form.questions(table),
        "spoken": language_form.codes(table),
        "all_languages": LANGUAGES,
        "toml": form.full_toml(dict(table)),
    }


def _measures(table: Mapping[str, Any]) -> list[str]:
    """Return what can be reported first of the method, and of the scale, beside what is usual."""
    method = table.get("method", "graded")
    names = PRIMARY_MEASURES.get(method, ()) if isinstance(method, str) else ()
    if method != "graded":
        return list(names[1:])
    keys = Keys(dict(table), form.SOURCE, wrong=[]).section("scale")
    scale = keys.whole_or(Scale(), lambda part: read_scale(part, "graded"))
    allowed = scale.facets[0].allowed
    return [one for one in names[1:] if MEASURES[one].fits(allowed)]


def _collection(table: Mapping[str, Any]) -> Collection | None:
    name = table.get("collection")
    return catalogue.collection(name) if name in catalogue.names() else None


def _rankings(collection: Collection | None) -> list[Ranking]:
    return catalogue.rankings(collection)[0] if collection else []
