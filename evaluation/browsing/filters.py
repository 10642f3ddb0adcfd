"""Choosing among a collection's clips: by family, by classes, without classes, by words.

A choice is a conjunction. A clip fits it when it

- carries at least one class of the family, where one is named, and
- carries any of the classes, or all of them, where some are named, and
- carries none of the classes to exclude.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from evaluation.objective.per_query import MICRO

MATCHES = ("any", "all")


@dataclass(frozen=True, slots=True)
class Choice:
    """Which clips are wanted; empty means no condition. See the module's text.

    `match` is "any" (at least one of `classes`) or "all" (every one of them).
    """

    family: str = ""
    classes: tuple[str, ...] = ()
    match: str = "any"
    exclude: tuple[str, ...] = ()


class Labels:
    """Which clip of a collection carries which class, as a table that is made once.

    Attributes
    ----------
    collection : the collection
    classes : its classes, in alphabetical order
    carries : bool [clips, classes]
    """

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self.classes = tuple(collection.class_counts)
        self._column = {label: column for column, label in enumerate(self.classes)}
        self.carries = collection.columns.labels.carries()

    def columns(self, classes: Sequence[str]) -> list[int]:
        """Return the columns of these classes; raise InputError for one that is not there."""
        known, name = self._column, self.collection.name
        for label in classes:
            if label not in known:
                raise InputError(f"The collection {name!r} has no class {label!r}.")
        return [known[label] for label in classes]

    def chosen(self, choice: Choice) -> np.ndarray:
        """Return the rows of the clips that fit a choice, in the collection's order.

        Raises InputError for a family or class that is not there, and for another `match`.
        """
        if choice.match not in MATCHES:
            raise InputError(f"match must be one of {', '.join(MATCHES)}, not {choice.match!r}.")
        fits = np.ones(len(self.carries), dtype=bool)
        if choice.family:
            fits &= self.collection.columns.labels.with_any(self._family(choice.family))
        if choice.classes:
            own = self.carries[:, self.columns(choice.classes)]
            fits &= own.all(axis=1) if choice.match == "all" else own.any(axis=1)
        if choice.exclude:
            fits &= ~self.carries[:, self.columns(choice.exclude)].any(axis=1)
        return np.flatnonzero(fits)

    def asked(self, rows: np.ndarray, preferred: Sequence[str]) -> np.ndarray:
        """Return the class that each clip is asked about as a query, int [rows].

        It is the first of the `preferred` classes that the clip carries, as a column of `classes`,
        or `evaluation.objective.per_query.MICRO` where it carries none of them: then any shared
        label counts.
        """
        columns = np.array([*self.columns(preferred), MICRO], dtype=np.int64)
        own = np.ones((len(rows), len(columns)), dtype=bool)
        own[:, :-1] = self.carries[np.asarray(rows)[:, None], columns[:-1]]
        return columns[own.argmax(axis=1)]

    @cached_property
    def family_counts(self) -> dict[str, int]:
        """The number of clips that carry a class of each family, families in their order."""
        labels, families = self.collection.columns.labels, self.collection.families
        return {name: int(labels.with_any(own).sum()) for name, own in families.items()}

    def find(self, text: str) -> list[int]:
        """Return the rows of the clips that a text finds, in the collection's order.

        An id that is exactly the text finds that clip alone. Otherwise every word of the text, in
        whatever case, must be in the clip's id, title or labels ("_" in a label is a space).
        """
        exact = self.collection.index.get(text.strip())
        if exact is not None:
            return [exact]
        words = text.lower().replace("_", " ").split()
        if not words:
            return []
        return self.collection.texts.rows_with(words).tolist()

    def _family(self, family: str) -> tuple[str, ...]:
        families = self.collection.families
        if family not in families:
            raise InputError(f"The collection {self.collection.name!r} has no family {family!r}.")
        return families[family]  # a user's may name classes that no clip carries
