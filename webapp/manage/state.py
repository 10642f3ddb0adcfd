"""What the list of studies shows, as its address holds it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import LazyString, lazy_gettext

from webapp.manage.study_progress import Share
from webapp.study.lifecycle import Overview

STATES: dict[str, LazyString] = {
    "": lazy_gettext("any"),
    "draft": lazy_gettext("draft"),
    "open": lazy_gettext("open"),
    "closed": lazy_gettext("closed"),
}
Line = tuple[Overview, Share]

_ORDERS: dict[str, Callable[[Line], Any]] = {
    "made": lambda line: line[0].study.id,
    "title": lambda line: (line[0].study.title.casefold(), line[0].study.slug),
    "state": lambda line: list(STATES).index(line[0].study.state),
    "queries": lambda line: line[0].queries,
    "raters": lambda line: line[0].raters,
    "finished": lambda line: (line[1].part, line[1].finished),
    "judgements": lambda line: line[0].judgements,
}
_RISING = ("title", "state")
"""The orders that begin at the lowest, unless told; the others begin at the highest."""


@dataclass(frozen=True, slots=True)
class ListState:
    """Which studies are listed, and in which order.

    Attributes
    ----------
    words : each of them must be in a study's title, short name, collection or systems
    state : one of `STATES`; "" for any
    order : what they are sorted by, one of "made", "title", "state", "queries", "raters",
        "finished", "judgements"
    turned : whether it is the other way round than usual
    archived : whether those that are put away are listed, and no others
    """

    words: str = ""
    state: str = ""
    order: str = "made"
    turned: bool = False
    archived: bool = False

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "ListState":
        """Return what an address asks for; what it cannot mean is the default."""
        state, order = asked.get("state", ""), asked.get("sort", "made")
        return cls(
            words=" ".join(asked.get("q", "").split()),
            state=state if state in STATES else "",
            order=order if order in _ORDERS else "made",
            turned=asked.get("turned") == "1",
            archived=asked.get("archived") == "1",
        )

    def address(self) -> dict[str, str]:
        """Return the parameters of the address that asks for it."""
        told = {
            "q": self.words, "state": self.state,
            "sort": self.order if self.order != "made" else "",
            "turned": "1" if self.turned else "", "archived": "1" if self.archived else "",
        }  # fmt: skip
        return {name: value for name, value in told.items() if value}

    def sorted_by(self, order: str) -> dict[str, str]:
        """Return the parameters of the same list in another order, or in this one turned round."""
        turned = order == self.order and not self.turned
        return replace(self, order=order, turned=turned).address()

    def aria(self, order: str) -> str | None:
        """Return what a screen reader says of a column: "ascending", "descending", or None."""
        if order != self.order:
            return None
        return "ascending" if (order in _RISING) != self.turned else "descending"

    @property
    def narrows(self) -> bool:
        """Whether it leaves out studies by words or state."""
        return bool(self.words or self.state)

    def shown(self, lines: Sequence[Line]) -> list[Line]:
        """Return the lines that fit, in their order; equals stay as they are, the newest first."""
        fitting = [line for line in lines if self._fits(line)]
        rising = (self.order in _RISING) != self.turned
        return sorted(fitting, key=_ORDERS[self.order], reverse=not rising)

    def _fits(self, line: Line) -> bool:
        study = line[0].study
        if study.archived != self.archived or self.state not in ("", study.state):
            return False
        if not self.words:
            return True
        terms = study.terms
        told = " ".join([study.title, study.slug, terms.collection, *terms.systems]).casefold()
        return all(word in told for word in self.words.casefold().split())
