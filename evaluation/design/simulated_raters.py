"""Made raters: what they would grade, from what the labels say of the sounds and from chance.

Nobody listens. A result is worth what its labels share with the query's, and something of its own
that no label tells and all raters hear; each rater adds leniency, a leaning, taste and error. They
show what results look like, and try out an analysis of which the truth is known; they say nothing
of any system. Whatever shows their grades says that they are simulated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.errors import InputError
from evaluation.protocol.terms import Facet

_SHARED = (0.8, 0.5, 0.28, 0.06)
"""What a result is worth that shares a most specific label, any label, a family, nothing."""
_WORTH, _TRAITS, _TASTE = range(3)  # streams of one seed


@dataclass(frozen=True, slots=True)
class Panel:
    """What made raters are like; standard deviations are shares of the scale's range.

    Attributes
    ----------
    raters : how many there are
    careless : how many of them, the last ones, do not listen at all
    untold : standard deviation of what all raters hear in a result and no label tells
    leniency : by how much raters differ in their mean grade
    leaning : by how much raters differ in the weight that they give to the meaning of a sound,
        beside how it sounds; the mean weight is 0.6
    taste : by how much raters differ in what they make of single results, each time again
    noise : of a single grade
    position : what the last place of a block brings over the first, as a share of the scale
    lapses : the share of grades that fall anywhere on the scale, in [0, 1)
    seed : of all that is drawn
    """

    raters: int = 8
    careless: int = 0
    untold: float = 0.14
    leniency: float = 0.06
    leaning: float = 0.12
    taste: float = 0.08
    noise: float = 0.08
    position: float = -0.03
    lapses: float = 0.02
    seed: int = 1

    def __post_init__(self) -> None:
        if self.raters < 1:
            raise InputError(f"A panel must have at least 1 rater, not {self.raters}.")
        if not 0 <= self.careless <= self.raters:
            raise InputError(
                f"careless must be from 0 to {self.raters}, the number of raters, "
                f"not {self.careless}."
            )
        for name in ("untold", "leniency", "leaning", "taste", "noise"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must be at least 0, not {getattr(self, name):g}.")
        if not 0 <= self.lapses < 1:
            raise InputError(f"lapses must be a share from 0 to below 1, not {self.lapses:g}.")


@dataclass(frozen=True, slots=True)
class Told:
    """What the labels say of one clip: its labels, its most specific ones, and its families."""

    labels: frozenset[str]
    specific: frozenset[str]
    families: frozenset[str]


def worth(panel: Panel, pairs: Sequence[tuple[str, str]], told: Mapping[str, Told]) -> np.ndarray:
    """Return what each result is worth, as a share of the scale: float [2, pairs].

    The first row is by its meaning, the second by its sound; the query itself is worth 1 in both.

    Parameters
    ----------
    pairs : (query, result), as clip ids
    told : clip id -> what its labels say; a clip that is not there shares nothing
    """
    by_labels = np.array([_shared(told.get(query), told.get(clip)) for query, clip in pairs])
    rng = np.random.default_rng([panel.seed, _WORTH])
    meaning = by_labels + rng.normal(0, panel.untold / 2, len(pairs))
    sound = 0.15 + 0.65 * by_labels + rng.normal(0, panel.untold, len(pairs))
    itself = np.array([query == clip for query, clip in pairs], dtype=bool)
    return np.clip(np.where(itself, 1.0, np.stack([meaning, sound])), 0, 1)


class Panelist:
    """One made rater.

    Parameters
    ----------
    panel : whose member it is
    number : from 1; the last ones are careless
    worths : float [2, pairs], from `worth`
    """

    def __init__(self, panel: Panel, number: int, worths: np.ndarray) -> None:
        self.panel, self.worths = panel, worths
        self.careless = number > panel.raters - panel.careless
        self.rng = np.random.default_rng([panel.seed, _TRAITS, number])
        self.leniency = self.rng.normal(0, panel.leniency)
        self.weight = float(np.clip(self.rng.normal(0.6, panel.leaning), 0, 1))
        taste = np.random.default_rng([panel.seed, _TASTE, number])
        self.taste = taste.normal(0, panel.taste, (worths.shape[1],))

    def grade(self, pairs: np.ndarray, places: np.ndarray, facet: Facet) -> np.ndarray:
        """Return grades that the facet's scale allows, int [n]; the same pair again may differ.

        Parameters
        ----------
        pairs : int [n], columns of the worths
        places : float [n] in [0, 1], from the first place of the block to the last
        facet : "semantic" is graded by the meaning, "acoustic" by the sound, others by both
        """
        weight = {"semantic": 1.0, "acoustic": 0.0}.get(facet.name, self.weight)
        meaning, sound = self.worths[:, pairs]
        heard = weight * meaning + (1 - weight) * sound
        itself = (meaning == 1) & (sound == 1)
        heard += np.where(itself, 0, self.leniency + self.taste[pairs])
        heard += np.where(itself, 0.25, 1.0) * self.rng.normal(0, self.panel.noise, len(pairs))
        heard += self.panel.position * places
        lapsed = self.rng.random(len(pairs)) < (1.0 if self.careless else self.panel.lapses)
        heard = np.where(lapsed, self.rng.random(len(pairs)), heard)
        wanted = facet.lowest + heard * (facet.highest - facet.lowest)
        allowed = np.array(facet.allowed)
        return allowed[np.abs(wanted[:, None] - allowed).argmin(axis=1)]


def _shared(query: Told | None, clip: Told | None) -> float:
    if query is None or clip is None:
        return _SHARED[-1]
    parts = ("specific", "labels", "families")
    for part, value in zip(parts, _SHARED, strict=False):
        if getattr(query, part) & getattr(clip, part):
            return value
    return _SHARED[-1]
