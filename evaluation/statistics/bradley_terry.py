"""Preferences between lists: how strong each system is, by Bradley and Terry's model with ties.

A choice between the lists A and B of two systems falls to A, to B, or to neither. Its
probabilities are in proportion to exp(a + d/2), exp(b - d/2) and exp((a + b)/2 + t), where a and b
are the strengths, t how easily people see no difference (Davidson's ties), and d what being shown
as A is worth. Strengths add up to 0.
"""

from dataclasses import dataclass

import numpy as np

from evaluation.measure import Measure
from evaluation.statistics.significance import BY_COMPONENTS, FEW_RATERS

STRENGTH = Measure(
    "strength",
    "Strength",
    "How often a system's list is preferred to others', as log odds that add up to 0.",
    "Bradley and Terry's model with ties (Davidson)",
    interval="from random weights of queries and raters",
    figure="strengths",
)
WIN_RATE = Measure(
    "win_rate",
    "Share won",
    "The share of its comparisons that a system's list wins.",
    "No difference counts one half",
    interval=BY_COMPONENTS,
    figure="win-rates",
)
"""The measures of preferences."""

A, B, NEITHER = 0, 1, 2
_RIDGE = 0.01  # the penalty on squared strengths that would have no limit
_STEPS = 50  # of Newton's method, which takes about eight
_CHUNK = 100  # replicates at a time, of which every vote has a weight
_FAR = 20.0  # a strength beyond which no probability moves


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
        over queries, for these raters alone
    drawn : float [replicates, systems], the strengths that the intervals come from
    ties, first : t and d of the module's text
    win : float [systems, systems], the probability that the row's list is preferred to the
        column's, given that one of them is, and no place has an advantage
    reason : why it is undefined, or regularised
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


def connected(table: np.ndarray) -> bool:
    """Return whether strengths exist: no group of systems always wins against the others.

    `table` is that of `counts`. A choice of neither counts for both sides.
    """
    from scipy.sparse.csgraph import connected_components

    wins = table[..., A] + table[..., B].T + table[..., NEITHER] + table[..., NEITHER].T
    return bool(connected_components(wins > 0, connection="strong")[0] == 1)


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
    Strengths, with NaN and a reason where there are no choices; where no finite ones exist, those
    with a penalty on their squares
    """
    none = np.full(systems, np.nan)
    table = counts(votes, systems)
    ridge, reason = 0.0, ""
    if not table.sum() or not connected(table):
        reason = "some systems always win, or were never compared, so strengths have no limit"
        if not table.sum():
            empty = np.full((systems, systems), np.nan)
            return Strengths(
                none, none, none, np.nan, np.nan, empty, np.empty((0, systems)), reason
            )
        ridge, reason = _RIDGE, f"{reason}; a small penalty ({_RIDGE:g}) keeps them finite"
    found = _newton(table[None], ridge, np.zeros(systems + 2))[0]
    low, high, drawn = none, none, np.empty((0, systems))
    if replicates and len(np.unique(votes.query)) > 1:
        rng = np.random.default_rng(seed)
        of_query, of_rater = (
            rng.standard_exponential((replicates, int(codes.max()) + 1))
            for codes in (votes.query, votes.rater)
        )
        if alone or len(np.unique(votes.rater)) < FEW_RATERS:
            of_rater = np.ones_like(of_rater)  # nothing is said of other raters
        parts = [
            counts(votes, systems, query[:, votes.query] * rater[:, votes.rater])
            for query, rater in zip(*(np.array_split(one, max(1, replicates // _CHUNK))
                                      for one in (of_query, of_rater)), strict=True)
        ]  # fmt: skip
        drawn = _newton(np.concatenate(parts), ridge, found)[:, :systems]
        low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    strength = found[:systems]
    win = 1 / (1 + np.exp(strength[None, :] - strength[:, None]))
    return Strengths(strength, low, high, float(found[-2]), float(found[-1]), win, drawn, reason)


def _newton(tables: np.ndarray, ridge: float, start: np.ndarray) -> np.ndarray:
    """Return the parameters of each table of counts: float [tables, systems + 2].

    The outcome of a comparison is a softmax of linear scores, so the likelihood has one peak, and
    Newton's method finds it for all tables at once.
    """
    count, systems = tables.shape[:2]
    pairs = np.argwhere(~np.eye(systems, dtype=bool))
    size = systems + 2
    scores = _features(pairs, systems)  # [pairs, 3, parameters]
    flat = scores.reshape(-1, size)
    products = (flat[:, :, None] * flat[:, None, :]).reshape(-1, size * size)
    given = tables[:, pairs[:, 0], pairs[:, 1]]  # [tables, pairs, 3]
    total = given.sum(axis=-1, keepdims=True)
    penalty = np.full(size, max(ridge, 1e-9))  # the least keeps the sum of strengths at 0
    found = np.tile(start, (count, 1))
    for _ in range(_STEPS):
        level = (found @ flat.T).reshape(given.shape)
        share = np.exp(level - level.max(axis=-1, keepdims=True))
        share /= share.sum(axis=-1, keepdims=True)
        expected = share * total
        gradient = (given - expected).reshape(count, -1) @ flat - penalty * found
        mean = np.matmul(share.transpose(1, 0, 2), scores).transpose(1, 0, 2)
        curve = (expected.reshape(count, -1) @ products).reshape(count, size, size)
        curve -= np.matmul((mean * total).transpose(0, 2, 1), mean)
        step = np.linalg.solve(curve + np.diag(penalty), gradient[..., None])[..., 0]
        found = np.clip(found + np.clip(step, -2, 2), -_FAR, _FAR)
        if np.abs(step).max() < 1e-7:
            break
    found[:, :systems] -= found[:, :systems].mean(axis=1, keepdims=True)
    return found


def _features(pairs: np.ndarray, systems: int) -> np.ndarray:
    """Return what each outcome of each pair adds up: float [pairs, 3, systems + 2]."""
    scores = np.zeros((len(pairs), 3, systems + 2))
    rows = np.arange(len(pairs))
    scores[rows, A, pairs[:, 0]] = 1
    scores[rows, B, pairs[:, 1]] = 1
    scores[rows, NEITHER, pairs[:, 0]] = scores[rows, NEITHER, pairs[:, 1]] = 0.5
    scores[:, NEITHER, -2] = 1
    scores[:, A, -1], scores[:, B, -1] = 0.5, -0.5
    return scores
