"""Preferences between lists: how strong each system is, by Bradley and Terry's model with ties.

A choice between the lists A and B of two systems falls to A, to B, or to neither. Its
probabilities are in proportion to exp(a + d/2), exp(b - d/2) and exp((a + b)/2 + t), where a and b
are the strengths, t how easily people see no difference (Davidson's ties), and d what being shown
as A is worth. Strengths add up to 0. Where no finite ones fit best (`separation` beside tells), a
prior of half a win, a loss and a tie of each system is added, and intervals are Bayesian.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.measure import Measure
from evaluation.statistics.separation import (
    NEITHER,
    A,
    B,
    connected,
    drawn_prior,
    features,
    prior,
    why_unlimited,
)
from evaluation.statistics.shares import WILSONS
from evaluation.statistics.significance import FEW_RATERS

__all__ = ["NEITHER", "STRENGTH", "WIN_RATE", "A", "B", "Strengths", "Votes", "connected",
           "counts", "fit"]  # fmt: skip

STRENGTH = Measure(
    "strength",
    "Strength",
    "How often a system's list is preferred to others', as log odds that add up to 0.",
    "Bradley and Terry's model with ties (Davidson)",
    interval="from random weights of queries and raters, and of a prior where there is one",
    figure="strengths",
)
WIN_RATE = Measure(
    "win_rate",
    "Share won",
    "The share of its comparisons that a system's list wins.",
    "No difference counts one half",
    interval=WILSONS,
    figure="win-rates",
)
"""The measures of preferences."""

_RIDGE = 1e-9  # the penalty on squares that keeps the sum of strengths at 0
_DIGITS = 9  # of a strength; what is less is rounding's, and would order equal systems
_STEPS = 50  # of Newton's method, which takes about eight
_CHUNK = 100  # replicates at a time, of which every vote has a weight
_FAR = 20.0  # a strength beyond which no probability moves

PENALISED = (
    "strengths have no finite best fit: {reason}; those given add half a win, half a loss and half "
    "a tie to each system's, and their intervals are Bayesian, with that as the prior"
)
"""What is said where a prior was added."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Choices between two lists, all int [votes].

    Attributes
    ----------
    first, second : the system shown as A, and as B
    choice : `A`, `B` or `NEITHER`
    rater, query : who chose, and for which query
    """

    first: np.ndarray
    second: np.ndarray
    choice: np.ndarray
    rater: np.ndarray
    query: np.ndarray


@dataclass(frozen=True, slots=True)
class Strengths:
    """A fitted model.

    Attributes
    ----------
    strength : float [systems], on the scale of log odds; NaN where undefined
    low, high : float [systems], 95 % intervals over queries and raters; below `FEW_RATERS` raters
        over queries, for these raters alone; NaN of a single query
    drawn : float [replicates, systems], the strengths that the intervals come from
    ties, first : t and d of the module's text
    win : float [systems, systems], the probability that the row's list is preferred to the
        column's, given that one of them is, and no place has an advantage
    reason : why it is undefined, or rests on a prior
    """

    strength: np.ndarray
    low: np.ndarray
    high: np.ndarray
    ties: float
    first: float
    win: np.ndarray
    drawn: np.ndarray
    reason: str = ""


def counts(votes: Votes, systems: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Count the choices: float [..., systems, systems, 3], by A's system, B's system and choice.

    `weights`, float [..., votes], count each choice that often; once unless told.
    """
    from scipy.sparse import csr_array

    cell = (votes.first * systems + votes.second) * 3 + votes.choice
    if weights is None:
        weights = np.ones(len(cell))
    rows = np.arange(len(cell))
    shape = len(cell), systems * systems * 3
    told = csr_array((np.ones(len(cell)), (rows, cell)), shape=shape)
    return (told.T @ weights.T).T.reshape(*weights.shape[:-1], systems, systems, 3)


def fit(
    votes: Votes,
    systems: int,
    *,
    replicates: int = 2000,
    alone: bool = False,
    seed: int = 1,
) -> Strengths:
    """Fit the model, with bootstrap intervals over queries and raters.

    Parameters
    ----------
    replicates : random weights, one for each query times one for each rater (exponential, mean 1)
    alone : whether intervals are to speak for these raters alone: then queries alone have weights

    Returns
    -------
    Strengths; NaN of systems that were never compared. Where no finite ones fit best, a prior is
    added to the choices (`evaluation.statistics.separation.prior`) and says so; then its parts have
    random weights, too, so that intervals are those of a Bayesian bootstrap (D. B. Rubin, The
    Bayesian bootstrap, 1981).
    """
    seen = np.union1d(votes.first, votes.second).astype(np.intp)
    if not len(seen):
        none, empty = np.full(systems, np.nan), np.full((systems, systems), np.nan)
        reason = "nothing was compared"
        return Strengths(none, none, none, np.nan, np.nan, empty, np.empty((0, systems)), reason)
    own = Votes(np.searchsorted(seen, votes.first), np.searchsorted(seen, votes.second),
                votes.choice, votes.rater, votes.query)  # fmt: skip
    table = counts(own, len(seen))
    reason = why_unlimited(table)
    added = prior(len(seen)) if reason else np.zeros_like(table)
    found = _newton((table + added)[None], np.zeros(len(seen) + 2))[0]
    strength = _spaced(found[None, : len(seen)], seen, systems)[0]
    low = high = np.full(systems, np.nan)
    drawn = np.empty((0, systems))
    if replicates and len(np.unique(votes.query)) > 1:
        rng = np.random.default_rng(seed)
        tables = _weighted(own, len(seen), replicates, rng, alone=alone)
        tables = tables + drawn_prior(len(seen), replicates, rng) if reason else tables
        drawn = _spaced(_newton(tables, found)[:, : len(seen)], seen, systems)
        low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    win = 1 / (1 + np.exp(strength[None, :] - strength[:, None]))
    reason = reason and PENALISED.format(reason=reason)
    return Strengths(strength, low, high, float(found[-2]), float(found[-1]), win, drawn, reason)


def _weighted(
    votes: Votes, systems: int, replicates: int, rng: np.random.Generator, *, alone: bool
) -> np.ndarray:
    """Return `counts` with random weights of queries and raters: [replicates, systems, ...]."""
    of_query, of_rater = (
        rng.standard_exponential((replicates, int(codes.max()) + 1))
        for codes in (votes.query, votes.rater)
    )
    if alone or len(np.unique(votes.rater)) < FEW_RATERS:
        of_rater = np.ones_like(of_rater)  # nothing is said of other raters
    halves = (np.array_split(one, max(1, replicates // _CHUNK)) for one in (of_query, of_rater))
    return np.concatenate([
        counts(votes, systems, query[:, votes.query] * rater[:, votes.rater])
        for query, rater in zip(*halves, strict=True)
    ])  # fmt: skip


def _spaced(found: np.ndarray, seen: np.ndarray, systems: int) -> np.ndarray:
    """Return strengths of all systems: float [..., systems], NaN of those that were not seen."""
    whole = np.full((len(found), systems), np.nan)
    whole[:, seen] = np.round(found, _DIGITS) + 0.0  # no minus nothing
    return whole


def _newton(tables: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return the parameters of each table of counts: float [tables, systems + 2].

    The outcome of a comparison is a softmax of linear scores, so the likelihood has one peak, and
    Newton's method finds it for all tables at once.
    """
    count, systems = tables.shape[:2]
    pairs = np.argwhere(~np.eye(systems, dtype=bool))
    size = systems + 2
    scores = features(pairs, systems)  # [pairs, 3, parameters]
    flat = scores.reshape(-1, size)
    products = (flat[:, :, None] * flat[:, None, :]).reshape(-1, size * size)
    given = tables[:, pairs[:, 0], pairs[:, 1]]  # [tables, pairs, 3]
    penalty = np.full(size, _RIDGE)
    found = np.tile(start, (count, 1))
    left = np.arange(count)  # the tables that have not come to their peak
    for _ in range(_STEPS):
        now, own = found[left], given[left]
        total = own.sum(axis=-1, keepdims=True)
        level = (now @ flat.T).reshape(own.shape)
        share = np.exp(level - level.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        expected = share * total
        gradient = (own - expected).reshape(len(left), -1) @ flat - penalty * now
        mean = np.matmul(share.transpose(1, 0, 2), scores).transpose(1, 0, 2)
        curve = (expected.reshape(len(left), -1) @ products).reshape(-1, size, size)
        curve -= np.matmul((mean * total).transpose(0, 2, 1), mean)
        step = np.linalg.solve(curve + np.diag(penalty), gradient[..., None])[..., 0]
        found[left] = np.clip(now + np.clip(step, -2, 2), -_FAR, _FAR)
        # what moves all strengths alike says nothing: the ridge makes much of rounding there
        step[:, :systems] -= step[:, :systems].mean(axis=1, keepdims=True)
        left = left[np.abs(step).max(axis=1) >= 1e-7]
        if not len(left):
            break
    found[:, :systems] -= found[:, :systems].mean(axis=1, keepdims=True)
    return found
