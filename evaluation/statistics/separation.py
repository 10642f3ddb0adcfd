"""Do choices between lists have a finite best fit: separation in Bradley and Terry's model.

Where choices all go one way, allowing for the side, the likelihood rises for ever, and where the
design cannot tell two things apart, it is flat. Both are told from the counts alone: there is a
direction along which no choice becomes less likely (the linear programme of K. Konis, Linear
programming algorithms for detecting separated data in binary logistic regression models, 2007),
or one along which nothing changes.
"""

import numpy as np

A, B, NEITHER = 0, 1, 2
"""What is chosen."""

HALF = 0.5
"""Of how many wins, losses and ties of each system the prior consists."""

_NOTHING = 1e-7  # margins of the programme, whose directions are at most 1


def connected(table: np.ndarray) -> bool:
    """Return whether no group of systems always wins against the others.

    `table` is that of `evaluation.statistics.bradley_terry.counts`. A choice of neither counts for
    both sides.
    """
    wins = table[..., A] + table[..., B].T + table[..., NEITHER] + table[..., NEITHER].T
    return _groups(wins, "strong") == 1


def prior(systems: int) -> np.ndarray:
    """Return what is added to the counts: float [systems, systems, 3], nothing on the diagonal.

    Every outcome of every pair, both ways round, so that each system has `HALF` a win, a loss and a
    tie more: the conjugate prior of R. R. Davidson and D. L. Solomon (A Bayesian approach to paired
    comparison experimentation, Biometrika 60, 1973). For two systems without ties it is Jeffreys'.
    """
    each = np.full((systems, systems, 3), HALF / (2 * max(systems - 1, 1)))
    each[np.arange(systems), np.arange(systems)] = 0
    return each


def drawn_prior(systems: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return what is added to the counts of each draw: float [draws, systems, systems, 3].

    On average it is `prior`. What falls to a system in a pair is a gamma variable, half of it as
    A's and half as B's, so that the prior never speaks for a side; so is what falls to neither.
    """
    each = HALF / max(systems - 1, 1)
    won = rng.standard_gamma(each, (draws, systems, systems)) / 2  # by the row's system
    neither = rng.standard_gamma(each, (draws, systems, systems)) / 2
    neither = np.triu(neither, 1)
    added = np.stack([won, won.swapaxes(1, 2), neither + neither.swapaxes(1, 2)], axis=-1)
    added[:, np.arange(systems), np.arange(systems)] = 0
    return added


def why_unlimited(table: np.ndarray) -> str:
    """Return why no finite strengths fit choices best; "" where some do.

    Parameters
    ----------
    table : float [systems, systems, 3], the counts, of systems that each were compared at least
        once

    Choices without a tie are no reason: then ties are left out of the model.
    """
    chosen = table.sum(axis=(0, 1))
    if not chosen[A] + chosen[B]:
        return "every choice is “no difference”"
    pairs = table.sum(axis=2)
    if _groups(pairs + pairs.T, "weak") > 1:
        return "some systems were never compared with the others, not even by way of a third"
    if not connected(table):
        return "some systems won, or lost, every comparison with the others"
    margins = _margins(table)
    if _rises(margins):
        sides = [name for name, code in (("A", A), ("B", B)) if chosen[code]]
        if len(sides) == 1:
            return f"whoever had a preference chose {sides[0]}"
        return "allowing for the side, the choices of some pairs went one way alone"
    ties = bool(chosen[NEITHER])
    if np.linalg.matrix_rank(margins) < len(table) + ties:  # strengths less one, the side, ties
        return "the side on which lists were shown cannot be told apart from the systems"
    return ""


def features(pairs: np.ndarray, systems: int) -> np.ndarray:
    """Return what each outcome of each pair adds up: float [pairs, 3, systems + 2].

    `pairs` is int [pairs, 2], A's system and B's. The last two parameters are the ties' and the
    side's.
    """
    scores = np.zeros((len(pairs), 3, systems + 2))
    rows = np.arange(len(pairs))
    scores[rows, A, pairs[:, 0]] = 1
    scores[rows, B, pairs[:, 1]] = 1
    scores[rows, NEITHER, pairs[:, 0]] = scores[rows, NEITHER, pairs[:, 1]] = 0.5
    scores[:, NEITHER, -2] = 1
    scores[:, A, -1], scores[:, B, -1] = 0.5, -0.5
    return scores


def _groups(links: np.ndarray, kind: str) -> int:
    from scipy.sparse.csgraph import connected_components

    return int(connected_components(links > 0, connection=kind)[0])


def _margins(table: np.ndarray) -> np.ndarray:
    """Return by what each outcome that was chosen is ahead of each that was not.

    float [chosen, parameters]: along a direction, no choice of the table becomes less likely where
    all of these have a product with it of 0 or more.
    """
    first, second, chosen = np.nonzero(table)
    scores = features(np.stack([first, second], axis=1), len(table))
    outcomes = [A, B, NEITHER] if (chosen == NEITHER).any() else [A, B]
    ahead = [
        scores[np.arange(len(chosen)), chosen] - scores[:, other] for other in outcomes
    ]  # fmt: skip
    rows = np.concatenate(ahead)
    return rows[np.abs(rows).any(axis=1)]


def _rises(margins: np.ndarray) -> bool:
    """Return whether the likelihood rises for ever in some direction."""
    from scipy.optimize import linprog

    found = linprog(-margins.sum(axis=0), A_ub=-margins, b_ub=np.zeros(len(margins)),
                    bounds=(-1, 1), method="highs")  # fmt: skip
    return bool(-found.fun > _NOTHING * len(margins))
