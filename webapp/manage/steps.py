"""The steps in which a study is written: which fields each has, and what is wrong with them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString, lazy_gettext

from embeddings.systems.store import Ranking
from evaluation.protocol.reading import MOST_DEPTH, check_protocol
from evaluation.protocol.terms import Protocol
from webapp.core import catalogue
from webapp.core.database import db, now
from webapp.manage import language_form, questionnaire_form
from webapp.manage.form import SOURCE
from webapp.models import Study
from webapp.study import preview

STEPS: dict[str, LazyString] = {
    "compare": lazy_gettext("Compare"),
    "ask": lazy_gettext("Ask"),
    "raters": lazy_gettext("Raters"),
    "review": lazy_gettext("Review"),
}
"""The steps in their order -> what they are called."""
TOML = "toml"
"""The other way to write a study; its page stands beside the steps."""

_ASKED = (
    "queries", "scale", "page", "practice", "controls", "listening", "pace", "answers",
)  # fmt: skip
_COMPARED = ("title", "slug", "collection", "method", "systems", "depth")

LABELS: dict[str, LazyString] = {
    "title": lazy_gettext("Title"),
    "slug": lazy_gettext("Short name"),
    "collection": lazy_gettext("Collection"),
    "method": lazy_gettext("Method"),
    "systems": lazy_gettext("Systems"),
    "depth": lazy_gettext("Results of each system"),
    "way": lazy_gettext("Which sounds are asked about"),
    "count": lazy_gettext("How many of each"),
    "clips": lazy_gettext("Clips, one on a line"),
    "queries.seed": lazy_gettext("Seed"),
    "queries.leave_out": lazy_gettext("Classes to leave out, one on a line"),
    "queries.exclude_same_group": lazy_gettext("Leave out results of the query's own group"),
    "scale.preset": lazy_gettext("Scale"),
    "scale.question": lazy_gettext("Another question (optional)"),
    "page": lazy_gettext("Sounds on a page"),
    "practice": lazy_gettext("Practice first"),
    "controls.identity": lazy_gettext("The query itself"),
    "controls.distractors": lazy_gettext("Distractors"),
    "controls.repeats": lazy_gettext("Repeats"),
    "controls.repeat_minutes": lazy_gettext("Minutes before repeats"),
    "listening.sound_check": lazy_gettext("Sound check"),
    "listening.hearing": lazy_gettext("Beeps to be counted"),
    "listening.headphones": lazy_gettext("Headphone test"),
    "listening.must_listen": lazy_gettext("Share to be heard"),
    "listening.must_seconds": lazy_gettext("Or seconds to be heard"),
    "listening.show_waveform": lazy_gettext("Show waveforms"),
    "listening.level": lazy_gettext("One loudness for all"),
    "listening.loudness": lazy_gettext("Loudness in LUFS"),
    "listening.format": lazy_gettext("Format"),
    "listening.leave_out": lazy_gettext("Clips that nobody hears, one on a line"),
    "pace.play_on_move": lazy_gettext("Play a sound that is moved to"),
    "pace.go_on": lazy_gettext("Go on after a grade"),
    "pace.raters_choose": lazy_gettext("Raters choose these two"),
    "pace.by_grades": lazy_gettext("Order by their grades"),
    "pace.reopen": lazy_gettext("Reopen finished queries"),
    "pace.break_minutes": lazy_gettext("Minutes until a break"),
    "answers.remarks": lazy_gettext("A remark on each sound"),
    "answers.cannot_say": lazy_gettext("“I can't say” as an answer"),
    "raters_per_query": lazy_gettext("Raters of each query"),
    "sitting": lazy_gettext("Queries a rater"),
    "largest_block": lazy_gettext("Largest block"),
    "lease_minutes": lazy_gettext("Minutes that a block is kept"),
    "instructions": lazy_gettext("Instructions"),
    "consent": lazy_gettext("Consent"),
    "contact": lazy_gettext("Whom raters write to"),
    "ends": lazy_gettext("Last day"),
    "withdrawal_until": lazy_gettext("Last day to withdraw"),
    "questions": lazy_gettext("Questions about the rater"),
    "languages": lazy_gettext("Languages"),
    "joining.open": lazy_gettext("Anybody can join"),
    "joining.most": lazy_gettext("At most"),
    "joining.ids": lazy_gettext("What tells a person, one on a line"),
    "joining.signed": lazy_gettext("Their addresses are signed by the panel"),
    "joining.completion_code": lazy_gettext("Completion code"),
    "joining.screen_out_code": lazy_gettext("Screen-out code"),
    "joining.no_consent_code": lazy_gettext("No-consent code"),
    "joining.redirect": lazy_gettext("Where the last page leads"),
    "screening.identity": lazy_gettext("Least identity share"),
    "screening.auc": lazy_gettext("Least AUC"),
    "screening.heard": lazy_gettext("Least share heard"),
    "analysis.primary_measure": lazy_gettext("Reported first"),
    "analysis.comparisons": lazy_gettext("What is tested"),
    "analysis.raters": lazy_gettext("Primary raters"),
    "analysis.good": lazy_gettext("Share of the scale that is good"),
}
"""The fields by their ids -> what they are called on the page, and in errors."""

QUESTION_LABELS: dict[str, LazyString] = {
    "id": lazy_gettext("Column in exports"),
    "text": lazy_gettext("Text"),
    "kind": lazy_gettext("Kind of answer"),
    "choices": lazy_gettext("Choices, one on a line"),
    "required": lazy_gettext("Must be answered"),
}
"""The fields of one question."""

_FIELDS = {
    "queries": "way",
    "queries.per_family": "count",
    "queries.per_class": "count",
    "queries.clips": "clips",
    "scale": "scale.preset",
    "scale.anchors": "scale.preset",
    "scale.step": "scale.preset",
    "scale.facets": "scale.preset",
    "texts": "languages",
}
"""Keys whose field has another id."""
_NAMED = re.compile(r"\b(queries|controls|scale|listening|pace|answers)\.[a-z_]+\b")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a study that is being written.

    Attributes
    ----------
    sentence : in the words of the page
    step : whose page has the field, `TOML` where none has
    field : its id; "" where no field is meant
    """

    sentence: str
    step: str
    field: str = ""


def step_after(step: str) -> str:
    """Return the step that comes next."""
    order = list(STEPS)
    return order[min(order.index(step) + 1, len(order) - 1)] if step in STEPS else order[-1]


def problem_of(key: str, rest: str, table: Mapping[str, Any]) -> Problem:
    """Return what is wrong with a key as its field says it: its label, then the rule."""
    field, words = language_form.field_of(key, table)
    if words:
        return Problem(f"{words} {rest}", "raters", field)
    field = field or questionnaire_form.field_of(key, table) or _FIELDS.get(key, key)
    part, _, last = field.rpartition(".")
    if part.startswith("question."):
        number = part.removeprefix("question.")
        label = QUESTION_LABELS.get(last)
        words = label and lazy_gettext(
            "%(field)s of question %(number)s", field=label, number=number
        )
    else:
        words = LABELS.get(field)
    if words is None:
        return Problem(f"{key} {rest}", TOML)
    top = key.split(".")[0]
    step = "compare" if top in _COMPARED else "ask" if top in _ASKED else "raters"
    return Problem(f"{words} {rest}", step, field)


def problems(table: Mapping[str, Any], edited: str = "") -> tuple[Protocol | None, list[Problem]]:
    """Return the protocol that was written, None for none, and all that is wrong, step by step.

    What only drawing the queries tells is not in it (`refused`). `edited` is the slug of the draft
    that is changed.
    """
    protocol, wrong = check_protocol(dict(table), SOURCE)
    told = {one.key: one.rest for one in wrong}
    for key, rest in _not_here(table, edited):
        told.setdefault(key, rest)
    found = [problem_of(key, rest, table) for key, rest in told.items()]
    order = [*STEPS, TOML]
    found.sort(key=lambda one: order.index(one.step))
    return (None if found else protocol), found


def refused(sentence: str, table: Mapping[str, Any]) -> Problem:
    """Return why a study cannot be made, at the field that the sentence names, if it names one."""
    sentence = sentence.removeprefix(f"{SOURCE}: ")
    named = _NAMED.search(sentence)
    place = problem_of(named[0], "", table) if named else Problem("", "review")
    return Problem(sentence, place.step, place.field)


def _not_here(table: Mapping[str, Any], edited: str) -> list[tuple[str, str]]:
    """Return (key, what is wrong) of names that are taken, and of what is not here."""
    found = []
    slug, name, ends = table.get("slug"), table.get("collection"), str(table.get("ends", ""))
    if isinstance(slug, str) and slug in preview.KEPT:
        found.append(("slug", f"must not be {slug!r}: that is kept for {preview.KEPT[slug]}."))
    elif isinstance(slug, str) and _is_taken(slug, edited):
        found.append(("slug", f"must be another one: there is a study {slug!r} already."))
    if "" < ends < (today := now().date().isoformat()):
        found.append(("ends", f"must be {today} or later, not {ends}."))
    if isinstance(name, str) and name not in ("", *catalogue.names()):
        found.append(("collection", f"must be one that is here, not {name!r}."))
    elif isinstance(name, str) and name:
        found += _unranked(table, name)
    return found


def _unranked(table: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """Return (key, what is wrong) of systems that do not rank a collection, or not far enough."""
    found = []
    collection = catalogue.collection(name)
    ranked = {one.system: one for one in catalogue.rankings(collection)[0]}
    systems = table.get("systems")
    chosen = [one for one in systems if isinstance(one, str)] if isinstance(systems, list) else []
    absent = [one for one in chosen if one not in ranked]
    if absent:
        found.append(("systems", f"must be ranked in {name}, which {', '.join(absent)} is not."))
    most, depth = depth_kept([ranked[one] for one in chosen if one in ranked]), table.get("depth")
    if isinstance(depth, int) and most < depth <= MOST_DEPTH and most < len(collection.clips) - 1:
        found.append(("depth", f"must be at most {most}, which these systems keep, not {depth}."))
    return found


def depth_kept(rankings: Sequence[Ranking]) -> int:
    """Return how many results of each query all of some systems keep."""
    return min([MOST_DEPTH, *(one.neighbours.shape[1] for one in rankings)])


def _is_taken(slug: str, edited: str) -> bool:
    """Return whether a study has the slug already, unless it is the draft in hand."""
    state = db.session.scalar(sa.select(Study.state).where(Study.slug == slug))
    return state is not None and not (state == "draft" and edited == slug)
