"""The sentence that the page of scores opens with: which system leads, and by how much."""

from typing import Any

from flask_babel import gettext as _

from evaluation.numerals import numeral
from evaluation.objective.definitions import METRICS
from evaluation.objective.leading import Lead, leads
from webapp.scores.score_tables import Board
from webapp.scores.state import State


def lead_sentences(found: Board, state: State) -> list[str]:
    """Return a sentence on each group of systems that has a value, computed and imported first."""
    every = leads(found.systems, found.classes, state.measure, state.average)
    return [f"{_who(one, state)}{_next(one, state)}." for one in every]


def _who(one: Lead, state: State) -> str:
    words = METRICS[state.measure].wording(state.convention, state.average)
    facts = {
        "number": one.systems, "system": _named(one.best), "value": _shown(one.value, state),
        "measure": words.title,
    }  # fmt: skip
    if one.group == "simulated":
        if one.second is None:
            return _("The one simulated system, %(system)s, whose numbers say nothing of the "
                     "real one, has %(value)s by %(measure)s", **facts)  # fmt: skip
        return _("Of %(number)d simulated systems, whose numbers say nothing of the real ones, "
                 "%(system)s leads by %(measure)s with %(value)s", **facts)  # fmt: skip
    if one.second is None:
        return _("The one computed or imported system, %(system)s, has %(value)s by %(measure)s",
                 **facts)  # fmt: skip
    return _("Of %(number)d computed or imported systems, %(system)s leads by %(measure)s with "
             "%(value)s", **facts)  # fmt: skip


def _next(one: Lead, state: State) -> str:
    """Return how the best compares with the next, as the rest of the sentence."""
    if one.second is None or one.second_value is None:
        return ""
    facts = {
        "second": _named(one.second), "second_value": _shown(one.second_value, state),
        "apart": _shown(abs(one.value - one.second_value), state),
        "ahead": one.ahead, "classes": one.classes,
    }  # fmt: skip
    if state.average == "micro":
        return _(", %(apart)s better than the next, %(second)s with %(second_value)s", **facts)
    return _(", %(apart)s better than the next, %(second)s with %(second_value)s, and ahead on "
             "%(ahead)d of %(classes)d classes", **facts)  # fmt: skip


def _named(facts: dict[str, Any]) -> str:
    """Return a system's short name with its provenance."""
    mark = f"({facts['provenance']})"
    return facts["label"] if mark in facts["label"] else f"{facts['label']} {mark}"


def _shown(value: float, state: State) -> str:
    return numeral(value, f"{{:.{METRICS[state.measure].digits}f}}")
