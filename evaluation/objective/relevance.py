"""Which clips are relevant to which queries, counted for a whole collection at once."""

from collections.abc import Sequence

import numpy as np

from embeddings.collection.clip_columns import ClipLabels
from embeddings.errors import InputError
from embeddings.search.neighbours import group_codes, ragged

_BLOCK = 1024  # queries whose relevant clips are counted at a time


class Relevance:
    """The (query, class) pairs of a collection, and the clips that are relevant to each.

    A clip is relevant to a pair when it carries the class, and to a query as a whole ("micro")
    when it shares any label with it; a query's own group, itself included, is left out.

    Attributes
    ----------
    classes : the class names, in alphabetical order
    carries : bool [clips + 1, classes]; the last row, of "no clip", is false, so that -1 is none
    query, label : int [pairs], each clip with each class it carries, by clip and then by class
    first : int [clips + 1], where each clip's pairs begin
    of_pair : int [pairs], relevant clips
    of_query : int [clips], clips that are relevant to the query as a whole
    """

    def __init__(self, labels: ClipLabels, groups: Sequence[str] | None = None) -> None:
        self.classes = labels.classes
        if not self.classes:
            raise InputError("No clip has a label, so there is nothing to score against.")
        self.carries = np.zeros((len(labels) + 1, len(self.classes)), dtype=bool)
        self.carries[labels.clips, labels.codes] = True
        self.query, self.label = np.nonzero(self.carries[:-1])
        self.first = np.searchsorted(self.query, np.arange(len(labels) + 1))
        self._members = self.query[np.argsort(self.label, kind="stable")]  # class by class
        self._sizes = self.carries.sum(axis=0)
        self._starts = np.cumsum(self._sizes) - self._sizes
        codes = group_codes(len(labels), groups)
        self.of_pair = self._sizes[self.label] - self._in_group(codes)
        self.of_query = self._sharing(codes)

    def members(self, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the clips that carry each class, one set after the other, and the sets' starts."""
        sizes = self._sizes[labels]
        return self._members[ragged(self._starts[labels], sizes)], np.cumsum(sizes) - sizes

    def sharing(self, queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the clips that share a label with each query, set by set, and the starts.

        Who shares several labels comes several times; each query has a label.
        """
        counts = self.first[queries + 1] - self.first[queries]
        clips, starts = self.members(self.label[ragged(self.first[queries], counts)])
        return clips, starts[np.cumsum(counts) - counts]

    def _in_group(self, codes: np.ndarray) -> np.ndarray:
        """Return, for each pair, the clips of the query's group that carry the class."""
        keys = codes[self.query] * len(self.classes) + self.label
        _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        return counts[inverse]

    def _sharing(self, codes: np.ndarray) -> np.ndarray:
        """Return, for each query, the clips of other groups that share a label with it.

        Clips with the same labels are counted together: there are far fewer sets than clips.
        """
        from scipy import sparse

        packed = np.packbits(self.carries[:-1], axis=1)  # a set of labels as one value
        as_value = packed.view(f"V{packed.shape[1]}").ravel()
        _, example, own, sizes = np.unique(
            as_value, return_index=True, return_inverse=True, return_counts=True
        )
        sets = self.carries[example].astype(np.float32)  # a product of bools is no BLAS product
        sharing = np.empty(len(sets), dtype=np.int64)  # clips, of all groups
        for start in range(0, len(sets), _BLOCK):
            rows = slice(start, start + _BLOCK)
            shared = np.minimum(sets[rows] @ sets.T, 1)
            sharing[rows] = shared @ sizes.astype(np.float32)  # whole numbers: exact up to 2^24
        counts = sharing[own] - self.carries[:-1].any(axis=1)  # without the query itself
        grouped = np.flatnonzero(np.bincount(codes)[codes] > 1)
        ones = np.ones(len(codes), dtype=np.float32)
        in_groups = sparse.csr_array((ones, (codes, own)), shape=(codes.max() + 1, len(sets)))
        for start in range(0, len(grouped), _BLOCK):
            some = grouped[start : start + _BLOCK]
            shared = sets[own[some]] @ sets.T > 0
            inside = np.asarray(in_groups[codes[some]].multiply(shared).sum(axis=1)).ravel()
            counts[some] = sharing[own[some]] - inside.astype(np.int64)
        return counts
