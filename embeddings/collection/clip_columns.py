"""A collection's clips as columns: what is asked of all of them at once."""

from collections.abc import Collection as Bag
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from embeddings.collection.clip_table import Clip


@dataclass(frozen=True, slots=True)
class ClipLabels:
    """Which classes each clip carries.

    Attributes
    ----------
    classes : the classes that a clip carries, in alphabetical order
    starts : int64 [clips + 1], where each clip's classes begin in `codes`
    codes : int32, places in `classes`, clip by clip, each clip's in its own order
    """

    classes: tuple[str, ...]
    starts: np.ndarray
    codes: np.ndarray

    @classmethod
    def of(cls, labels: Iterable[Bag[str]]) -> Self:
        """Return the labels of clips, given for one after the other."""
        places: dict[str, int] = {}
        codes: list[int] = []
        starts = [0]
        for own in labels:
            codes.extend([places.setdefault(label, len(places)) for label in own])
            starts.append(len(codes))
        classes = sorted(places)
        order = np.empty(len(places), dtype=np.int32)
        order[[places[label] for label in classes]] = np.arange(len(places))
        found = order[codes] if codes else np.empty(0, dtype=np.int32)
        return cls(tuple(classes), np.array(starts, dtype=np.int64), found)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, row: int) -> tuple[str, ...]:
        own = self.codes[self.starts[row] : self.starts[row + 1]]
        return tuple(self.classes[code] for code in own.tolist())

    def with_any(self, classes: Bag[str]) -> np.ndarray:
        """Return which clips carry at least one of these classes, bool [clips]."""
        wanted = np.array([name in classes for name in self.classes], dtype=bool)
        found = np.zeros(len(self), dtype=bool)
        found[self.clips[wanted[self.codes]]] = True
        return found

    @property
    def clips(self) -> np.ndarray:
        """The row of the clip that each of `codes` is of, int64."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    @property
    def counts(self) -> np.ndarray:
        """How many clips carry each class, int64 [classes]."""
        return np.bincount(self.codes, minlength=len(self.classes))

    def carries(self) -> np.ndarray:
        """Return which clip carries which class, bool [clips, classes]."""
        table = np.zeros((len(self), len(self.classes)), dtype=bool)
        table[self.clips, self.codes] = True
        return table

    def at(self, rows: np.ndarray) -> Self:
        """Return the labels of some clips, int [rows], with the classes that those carry."""
        sizes = np.diff(self.starts)[rows]
        ends = np.cumsum(sizes, dtype=np.int64)
        places = np.arange(int(sizes.sum())) + np.repeat(self.starts[rows] - (ends - sizes), sizes)
        kept, codes = np.unique(self.codes[places], return_inverse=True)
        classes = tuple(self.classes[place] for place in kept.tolist())
        return type(self)(classes, np.append(0, ends), codes.astype(np.int32).ravel())

    def leaves(self) -> np.ndarray:
        """Return which classes are no other class's parent, bool [classes].

        A class is a parent of another when every clip of the other carries it too and it has
        more clips: labels that were propagated upwards show their tree. Of classes on exactly
        the same clips, the one that the clips name first counts as the most specific.
        """
        from scipy import sparse

        ones = np.ones(len(self.codes), dtype=np.int64)
        shape = len(self), len(self.classes)
        carries = sparse.csr_array((ones, self.codes, self.starts), shape=shape)
        together = sparse.coo_array(carries.T @ carries)
        label, other = together.coords
        counts = self.counts
        within = (together.data == counts[label]) & (label != other)  # all of one carry the other
        label, other = label[within], other[within]
        first = np.full(len(self.classes), len(self), dtype=np.int64)  # clip that carries each
        np.minimum.at(first, self.codes, self.clips)
        same = counts[other] == counts[label]
        later = np.zeros(len(label), dtype=bool)
        for pair in np.flatnonzero(same):
            clip = first[label[pair]]
            own = self.codes[self.starts[clip] : self.starts[clip + 1]].tolist()
            later[pair] = own.index(other[pair]) > own.index(label[pair])
        result = np.ones(len(self.classes), dtype=bool)
        result[other[(counts[other] > counts[label]) | later]] = False
        return result


@dataclass(frozen=True, slots=True)
class ClipColumns:
    """What is known of every clip, in the collection's order.

    Attributes
    ----------
    labels : its classes
    seconds : float64 [clips]
    loudness : float64 [clips] in LUFS; NaN where a clip has none
    channels : int64 [clips]
    groups : int64 [clips], a number for each group; -1 where a clip is of none
    """

    labels: ClipLabels
    seconds: np.ndarray
    loudness: np.ndarray
    channels: np.ndarray
    groups: np.ndarray

    @classmethod
    def of(cls, clips: Iterable[Clip]) -> Self:
        """Return the columns of clips, which are read once."""
        seconds: list[float] = []
        loudness: list[float] = []
        channels: list[int] = []
        groups: list[int] = []
        numbers: dict[str, int] = {}

        def labels() -> Iterable[Sequence[str]]:
            for clip in clips:
                seconds.append(clip.seconds)
                loudness.append(np.nan if clip.loudness_lufs is None else clip.loudness_lufs)
                channels.append(clip.channels)
                group = numbers.setdefault(clip.group, len(numbers)) if clip.group else -1
                groups.append(group)
                yield clip.labels

        carried = ClipLabels.of(labels())
        floats = (np.array(column, dtype=np.float64) for column in (seconds, loudness))
        whole = (np.array(column, dtype=np.int64) for column in (channels, groups))
        return cls(carried, *floats, *whole)
