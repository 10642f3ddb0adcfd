"""Why no clip of a collection fits what is chosen to browse."""

from dataclasses import replace
from typing import NamedTuple

from flask_babel import gettext as _

from evaluation.browsing.filters import Choice, Labels
from webapp.browse.state import State


class Nothing(NamedTuple):
    """Why no clip fits, and the address without the classes outside the family; "" for none."""

    sentence: str
    within: str


def why_nothing(labels: Labels, state: State) -> Nothing:
    """Return why no clip fits the state's choice."""
    choice, sentence = state.choice, _sentence(labels, state.choice)
    if not choice.family:
        return Nothing(sentence, "")
    family = labels.collection.families[choice.family]
    inside = tuple(one for one in choice.classes if one in family)
    if inside == choice.classes:
        return Nothing(sentence, "")
    return Nothing(sentence, state.address(choice=replace(choice, classes=inside), page=1))


def _sentence(labels: Labels, choice: Choice) -> str:
    """Return which part of a choice leaves nothing."""
    if choice.exclude and len(labels.chosen(replace(choice, exclude=()))):
        excluded = _listed(choice.exclude)
        return _("Every clip that fits otherwise carries what is excluded: %(excluded)s.",
                 excluded=excluded)  # fmt: skip
    classes, family = _listed(choice.classes), choice.family.replace("_", " ")
    if choice.match == "all" and not len(labels.chosen(replace(choice, family="", exclude=()))):
        return _("No clip carries all of them: %(classes)s.", classes=classes)
    if not choice.classes:
        return _("No clip carries a class of the family %(family)s.", family=family)
    if len(choice.classes) == 1:
        return _("No clip carries %(label)s in the family %(family)s.",
                 label=classes, family=family)  # fmt: skip
    if choice.match == "all":
        return _("No clip carries all of them in the family %(family)s: %(classes)s.",
                 family=family, classes=classes)  # fmt: skip
    return _("No clip carries any of them in the family %(family)s: %(classes)s.",
             family=family, classes=classes)  # fmt: skip


def _listed(classes: tuple[str, ...]) -> str:
    return ", ".join(label.replace("_", " ") for label in classes)
