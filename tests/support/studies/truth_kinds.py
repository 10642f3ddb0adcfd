"""The kinds of studies that a summary is tried on: equal systems, winners, and too little."""

from dataclasses import replace

import numpy as np

from tests.support.studies.known_truth import Change, Kind, Tastes

NO = float("nan")


def camps(size: float, share: float = 0.5) -> Tastes:
    """Return tastes of two camps, 0 in the mean: so large a `share` loves what the other hates."""

    def drawn(rng: np.random.Generator, raters: int, systems: int) -> np.ndarray:
        of_system = size * (-1.0) ** np.arange(systems)
        here = rng.random((raters, 1)) < share
        return np.where(here, of_system, -of_system * share / (1 - share))

    return drawn


def one_odd(size: float) -> Tastes:
    """Return tastes of which those of one rater are large, and all others small."""

    def drawn(rng: np.random.Generator, raters: int, systems: int) -> np.ndarray:
        tastes = rng.normal(0, 2, (raters, systems))
        tastes[0, 0] += size
        return tastes

    return drawn


def strong(size: float) -> Tastes:
    """Return tastes that vary so much, standard deviation in grades."""
    return lambda rng, raters, systems: rng.normal(0, size, (raters, systems))


def careless(count: int) -> Change:
    """Return a change by which so many raters grade without listening."""

    def change(rng: np.random.Generator, grades: np.ndarray) -> np.ndarray:
        grades[:count] = rng.uniform(0, 100, grades[:count].shape)
        return grades

    return change


def some_raters(of_query: int) -> Change:
    """Return a change by which so many raters judge each query."""

    def change(rng: np.random.Generator, grades: np.ndarray) -> np.ndarray:
        raters, queries = grades.shape[:2]
        order = rng.random((raters, queries)).argsort(axis=0)
        grades[order >= of_query] = NO
        return grades

    return change


def skipped(share: float) -> Change:
    """Return a change by which a share of the results is left out, here and there."""

    def change(rng: np.random.Generator, grades: np.ndarray) -> np.ndarray:
        grades[rng.random(grades.shape) < share] = NO
        return grades

    return change


def skipped_by_choice(rng: np.random.Generator, grades: np.ndarray) -> np.ndarray:
    """Leave bad results out, of which the first system has more; its good ones are better."""
    grades[:, :, 0] += 2.5 * (grades[:, :, 0] - grades[:, :, 0].mean(axis=1, keepdims=True))
    grades[(grades < 35) & (rng.random(grades.shape) < 0.6)] = NO
    return grades


def coarse(rng: np.random.Generator, grades: np.ndarray) -> np.ndarray:
    """Use three grades only, so that most are tied."""
    return np.round(grades / 50) * 50


def unjudged(system: int) -> Change:
    """Return a change by which nobody judges a system."""

    def change(rng: np.random.Generator, grades: np.ndarray) -> np.ndarray:
        grades[:, :, system] = NO
        return grades

    return change


def nobody(rng: np.random.Generator, grades: np.ndarray) -> np.ndarray:
    """Take all grades away."""
    return np.full(grades.shape, NO)


def equal(systems: int = 3, raters: int = 8, queries: int = 20, **other: object) -> Kind:
    """Return a kind of equal systems."""
    return Kind((0.0,) * systems, raters, queries, **other)  # type: ignore[arg-type]


def winner(systems: int = 3, raters: int = 8, queries: int = 20, **other: object) -> Kind:
    """Return a kind in which the second system is the best, and the others are equal."""
    worth = [0.0] * systems
    worth[1] = 20.0
    return Kind(tuple(worth), raters, queries, **other)  # type: ignore[arg-type]


EQUAL: dict[str, Kind] = {
    "2 equal": equal(2),
    "3 equal": equal(3),
    "8 equal": equal(8, 12, 30),
    "14 equal": equal(14, 8, 15),
    "equal, 30 raters": equal(4, 30, 12),
    "equal, 5 raters": equal(3, 5),
    "equal, 6 queries": equal(3, 12, 6),
    "equal, strong queries": equal(4, 12, 20, of_query=25.0),
    "equal, strong tastes": equal(3, 8, 20, tastes=strong(15)),
    "equal, strong tastes, 5 raters": equal(3, 5, 20, tastes=strong(15)),
    "equal, heavy queries": equal(3, 12, 15, of_query=12.0, heavy=True),
    "equal, lenient and harsh": equal(3, lenient=20.0),
    "two camps of 5": equal(2, 5, tastes=camps(12)),
    "two camps of 6": equal(2, 6, tastes=camps(12)),
    "two camps of 7": equal(2, 7, tastes=camps(12)),
    "two camps of 8": equal(3, 8, tastes=camps(12)),
    "two camps of 11": equal(4, 11, tastes=camps(12)),
    "two camps of 13": equal(2, 13, tastes=camps(12)),
    "two camps of 24": equal(4, 24, tastes=camps(12)),
    "one rater odd, equal": equal(3, 8, tastes=one_odd(40)),
    "careless raters, equal": equal(3, 10, change=careless(3)),
    "ties, equal": equal(3, change=coarse),
    "sparse, equal": equal(3, 12, 24, change=some_raters(3)),
    "skipped, equal": equal(3, 12, change=skipped(0.2)),
    "skipped by choice, equal": equal(2, 12, 30, change=skipped_by_choice),
    "ceiling, equal": equal(3, middle=98.0),
    "identical lists": equal(3, shared=True),
    "by nDCG, equal": equal(3, 12, 20, measure="ndcg"),
    "fixed comparisons, equal": equal(5, 12, fixed=((0, 1), (2, 3))),
    "rated lists, equal": equal(3, method="rating"),
    "rated lists, two camps": equal(2, 7, tastes=camps(12), method="rating"),
    "preferences, equal": equal(3, method="preference"),
    "preferences, sides": equal(3, method="preference", side=1.0),
    "preferences, two camps": equal(2, 8, tastes=camps(30), method="preference"),
}
"""No system is better than another: whatever is told apart is false."""

WINNER: dict[str, Kind] = {
    "winner of 2": winner(2),
    "winner of 3": winner(3),
    "winner of 8": winner(8, 12, 30),
    "winner of 14": winner(14, 12, 30),
    "winner, 5 raters": winner(3, 5),
    "winner, 30 raters": winner(3, 30, 12),
    "winner, one rater odd": winner(3, 10, tastes=one_odd(-40)),
    "winner, careless raters": winner(3, 12, 30, change=careless(2)),
    "winner, sparse": winner(3, 12, 40, change=some_raters(3)),
    "winner, skipped": winner(3, 12, change=skipped(0.04)),
    "winner, ties": winner(3, change=coarse),
    "winner, one unjudged": winner(4, change=unjudged(3)),
    "winner by nDCG": winner(3, 12, 20, measure="ndcg"),
    "winner, fixed comparisons": winner(5, 12, fixed=((0, 1), (1, 2))),
    "winner of rated lists": winner(3, method="rating"),
    "winner of preferences": Kind((0.0, 30.0, 0.0), 8, 30, method="preference"),
}
"""The second system is the best, and the others are equal."""

ORDERED: dict[str, Kind] = {
    "ears with labels": Kind((20, 14, 7, 0, -6, -13, -20), 12, 30),
    "ears against labels": Kind((-20, -13, -6, 0, 7, 14, 20), 12, 30),
    "ears apart from labels": Kind((0, -15, 15, 15, -15, 0), 12, 30),
    "slight winner of preferences": winner(3, 8, 30, method="preference"),
    "two clusters": Kind((0, 20, 0, 20), 12, 20),
}
"""Some differ; by the labels each is below the one before. In preferences the slight winner has
two thirds of the choices: how often it is named is measured, and not promised."""

HIDDEN: dict[str, Kind] = {
    "a minority of 6": equal(2, 6, tastes=camps(5, 0.8)),
    "a minority of 8": equal(2, 8, tastes=camps(5, 0.8)),
    "a minority of 12": equal(2, 12, tastes=camps(5, 0.8)),
    "a minority of 20": equal(2, 20, tastes=camps(5, 0.8)),
}
"""Equal to all raters together, and not to those drawn: a minority dislikes strongly."""


NEVER: dict[str, Kind] = {
    "4 queries and 3 raters": winner(3, 3, 4),
    "4 raters": winner(3, 4, 30),
    "1 rater": winner(3, 1, 30),
    "5 queries": winner(3, 12, 5),
    "1 query": winner(3, 12, 1),
    "nobody judged": winner(3, change=nobody),
    "still open": winner(3, 12, 20, tables=(("state", "open"),)),
    "one system": replace(equal(1), raters=6),
    "preferences of one rater": winner(3, 1, 30, method="preference"),
    "preferences, 4 queries": winner(3, 8, 4, method="preference"),
    "4 raters of rated lists": winner(3, 4, 30, method="rating"),
}
"""Too little to tell anything, however clear it looks."""
