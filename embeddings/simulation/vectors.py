"""Vectors whose class structure is tuned to given scores, made without hearing a sound.

Every class and family has a random direction, its prototype; a clip's signal is the sum of its
labels', of the rarer classes more. Random noise is added, and the share of it in each family is
found by bisection, so that the representation's own processing and search give that family the
wanted MAP@15. Half of every prototype and of every clip's noise depends on the seed alone and half
on the representation too: simulated systems agree in part about which clips are hard, as real ones
do.

The structure lies in as many dimensions as PCA keeps, turned into the representation's own: PCA
then loses nothing, and what the search will see is known without fitting it.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.representations import Card
from embeddings.search.neighbours import top_neighbours
from embeddings.search.processing import fit, prepare

CUTOFF = 15
METRIC = f"MAP@{CUTOFF}"
CONVENTION = "cbmi2024"

_LATENT = 100  # dimensions of the structure where there is no PCA
_LEAST = 0.02  # share of noise: no two clips are the same
_WIDTHS = (0.5, 0.1, 0.02)  # half the range of each bisection, around the last one's best
_STEPS = 8
_CLOSE = 0.001  # good enough, in MAP


@dataclass(frozen=True, slots=True)
class Simulated:
    """Simulated vectors and the scores that they were tuned to.

    Attributes
    ----------
    vectors : float32 [clips, dim] of unit length: one a clip, whatever the representation gives
    wanted, reached : family -> MAP@15 in [0, 1] under cbmi2024, as asked for and as it came out
    noise : family -> the share of noise in its clips, in [0.02, 1]
    """

    vectors: np.ndarray
    wanted: dict[str, float]
    reached: dict[str, float]
    noise: dict[str, float]


def simulate(
    collection: Collection, card: Card, targets: Mapping[str, float], seed: int = 1
) -> Simulated:
    """Make vectors that the card's processing and search score as wanted in every family.

    A target beyond what the classes allow is come as near to as can be, see `reached`: under
    cbmi2024 a perfect ranking of a class of 8 clips scores 0.875, and chance scores more than 0.

    Parameters
    ----------
    collection : its labels and families are used, and nothing of its sounds
    card : gives the dimension, the processing and the search
    targets : family -> MAP@15 in [0, 1] under cbmi2024; a family of the collection that is not
        among them gets their mean
    seed : the same seed gives the same vectors

    Raises
    ------
    InputError
        The collection has no family with a class of two clips, or a target is not in [0, 1].
    """
    labelled = _Labelled.of(collection)
    goal = _goal(labelled.families, targets)
    made = _Made.draw(labelled, card, seed)
    noise, reached = _calibrated(labelled, made, goal)
    latent = made.latent(labelled.mixture @ noise)

    def by_family(values: np.ndarray) -> dict[str, float]:
        return dict(zip(labelled.families, values.tolist(), strict=True))

    return Simulated(
        vectors=(latent @ made.basis).astype(np.float32),
        wanted=by_family(goal),
        reached=by_family(reached),
        noise=by_family(noise),
    )


def _goal(families: tuple[str, ...], targets: Mapping[str, float]) -> np.ndarray:
    for family, value in targets.items():
        if not 0 <= value <= 1:
            raise InputError(f"The {METRIC} of {family!r} must be from 0 to 1, not {value}.")
    if not targets:
        raise InputError(f"A simulation needs the {METRIC} of at least one family; none is given.")
    mean = sum(targets.values()) / len(targets)
    return np.array([targets.get(family, mean) for family in families])


@dataclass(frozen=True, slots=True)
class _Labelled:
    """A collection's labels as arrays, and family scores from them."""

    families: tuple[str, ...]  # those with a class of at least two clips
    carries: np.ndarray  # bool [clips, classes]
    belongs: np.ndarray  # float [clips, families]: of its labels with a family; zeros for none
    members: np.ndarray  # float [families, classes]: sums to one over the classes that score
    queries: np.ndarray  # int [pairs]: each clip with each of its classes that scores
    classes: np.ndarray  # int [pairs]

    @classmethod
    def of(cls, collection: Collection) -> Self:
        columns = {label: column for column, label in enumerate(collection.class_counts)}
        carries = collection.columns.labels.carries()
        found = {
            family: [columns[label] for label in labels if collection.class_counts[label] > 1]
            for family, labels in collection.families.items()
        }
        found = {family: own for family, own in found.items() if own}
        if not found:
            raise InputError(
                f"The collection {collection.name!r} has no family with a class of two clips or "
                "more, and scores are simulated family by family."
            )
        members = np.zeros((len(found), len(columns)))
        for family, own in enumerate(found.values()):
            members[family, own] = 1 / len(own)
        counts = carries.astype(np.float64) @ (members > 0).T
        belongs = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        queries, classes = np.nonzero(carries & members.any(axis=0))
        return cls(tuple(found), carries, belongs, members, queries, classes)

    @property
    def mixture(self) -> np.ndarray:
        """How much of each family's noise a clip has, [clips, families]; the mean's if of none."""
        none = ~self.belongs.any(axis=1, keepdims=True)
        return np.where(none, 1 / len(self.families), self.belongs)

    @property
    def weights(self) -> np.ndarray:
        """How much each class tells of a clip, [classes] in (0, 1]: the rarer it is, the more."""
        sizes = self.carries.sum(axis=0)
        return np.sqrt(sizes.min() / sizes)

    def scores(self, neighbours: np.ndarray) -> np.ndarray:
        """Return each family's MAP@15 under cbmi2024 of lists int [clips, up to 15]."""
        hits = self.carries[neighbours[self.queries], self.classes[:, None]]
        precision = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
        sizes = self.carries.sum(axis=0)
        ap = (precision * hits).sum(axis=1) / np.minimum(CUTOFF, sizes)[self.classes]
        sums = np.bincount(self.classes, weights=ap, minlength=len(sizes))
        return self.members @ (sums / sizes)


@dataclass(frozen=True, slots=True)
class _Made:
    """What is drawn once: the clips without noise, their noise, and the turn into all dimensions.

    The first two are unit vectors, float64 [clips, latent]; `basis` has orthonormal rows
    [latent, dim].
    """

    card: Card
    signal: np.ndarray
    noise: np.ndarray
    basis: np.ndarray

    @classmethod
    def draw(cls, labelled: _Labelled, card: Card, seed: int) -> Self:
        latent = min(card.recipe.pca or _LATENT, card.dim)
        clips, classes = labelled.carries.shape
        own = np.random.default_rng([seed, zlib.crc32(card.name.encode())])
        shared = np.random.default_rng(seed)

        def directions(count: int) -> np.ndarray:
            return shared.standard_normal((count, latent)) + own.standard_normal((count, latent))

        signal = (labelled.carries * labelled.weights) @ directions(classes)
        signal += labelled.weights.min() * labelled.belongs @ directions(len(labelled.families))
        basis = np.linalg.qr(own.standard_normal((card.dim, latent)))[0].T
        return cls(card, _unit(signal), _unit(directions(clips)), basis)

    def latent(self, shares: np.ndarray) -> np.ndarray:
        """Mix signal and noise: unit vectors [clips, latent] for shares of noise [clips]."""
        return _unit(
            np.sqrt(1 - shares)[:, None] * self.signal + np.sqrt(shares)[:, None] * self.noise
        )

    def lists(self, shares: np.ndarray) -> np.ndarray:
        """Return the lists, int [clips, up to 15], that the whole pipeline will return."""
        recipe, vectors = self.card.recipe, self.latent(shares)
        stretched = recipe.normalise == "minmax"
        if stretched:
            vectors = vectors @ self.basis
        names = [str(row) for row in range(len(vectors))]
        fitted = fit(vectors, replace(recipe, pca=None), names)
        vectors = prepare(vectors, fitted)
        if recipe.pca:
            vectors = vectors - vectors.mean(axis=0)
            if stretched:  # back into the few dimensions that it lies in
                vectors = vectors @ np.linalg.qr((self.basis / fitted["span"]).T)[0]
        return top_neighbours(vectors, self.card.search, CUTOFF)[0]


def _calibrated(
    labelled: _Labelled, made: _Made, goal: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each family's share of noise, and the scores that they give.

    All families are bisected at once, and again in a narrower range, since the noise of one
    moves the others a little. Of everything tried the nearest on average counts, so that a
    family out of reach does not keep the others from theirs.
    """
    best, reached = np.full(len(goal), 0.5), np.full(len(goal), np.inf)
    for width in _WIDTHS:
        low, high = np.maximum(best - width, _LEAST), np.minimum(best + width, 1)
        for _ in range(_STEPS):
            noise = (low + high) / 2
            scores = labelled.scores(made.lists(labelled.mixture @ noise))
            if abs(scores - goal).sum() < abs(reached - goal).sum():
                best, reached = noise, scores
            if abs(reached - goal).max() <= _CLOSE:
                return best, reached
            low, high = np.where(scores > goal, noise, low), np.where(scores > goal, high, noise)
    return best, reached


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
