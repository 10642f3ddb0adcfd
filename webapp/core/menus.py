"""The menus of the pages, in which each page has its own entry."""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import LazyString

from embeddings.errors import InputError

MENUS = ("top", "collection")


@dataclass(frozen=True, slots=True)
class Entry:
    """A page's entry in a menu. The experimenter alone sees menus, and no page of a rater has one.

    Attributes
    ----------
    menu : "top", which every page has, or "collection", which the pages of a collection have
    place : where in the menu, from the left
    view : the page's endpoint; in the menu of a collection it takes the collection's `name`
    words : what the entry says
    """

    menu: str
    place: int
    view: str
    words: LazyString

    @property
    def blueprint(self) -> str:
        """The blueprint of which the pages are the entry's."""
        return self.view.partition(".")[0]


def menus(entries: Iterable[Entry | None]) -> dict[str, list[Entry]]:
    """Return the entries of each menu, in their places; None is of a page without one.

    Raises InputError for an entry of another menu.
    """
    found: dict[str, list[Entry]] = {menu: [] for menu in MENUS}
    for entry in sorted(filter(None, entries), key=lambda entry: (entry.place, entry.view)):
        if entry.menu not in found:
            known = ", ".join(MENUS)
            raise InputError(f"{entry.view}: there is no menu {entry.menu!r}; there are: {known}.")
        found[entry.menu].append(entry)
    return found
