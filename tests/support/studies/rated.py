"""Made ratings for tests: pools, systems of known quality, raters of known kinds."""

import numpy as np

from evaluation.analysis.ratings import Ratings


def ratings(
    table: list[list[float]], lists: list[list[list[int]]], query_of: list[int], top: float = 100
) -> Ratings:
    """Return ratings written out by hand: None stands for NaN in `table`."""
    grades = np.array(table, dtype=np.float64)
    queries = max(query_of) + 1
    return Ratings(
        raters=tuple(f"r{one}" for one in range(len(grades))),
        queries=tuple(f"q{one}" for one in range(queries)),
        classes=("Bark",) * queries,
        families=("Animal",) * queries,
        systems=tuple(f"s{one}" for one in range(len(lists))),
        query_of=np.array(query_of),
        clips=tuple(f"c{one}" for one in range(len(query_of))),
        table=grades,
        lists=np.array(lists),
        lowest=0,
        highest=top,
    )


def simulated(
    systems: int = 4,
    queries: int = 20,
    raters: int = 8,
    *,
    depth: int = 5,
    pool: int = 20,
    missing: float = 0.0,
    noise: float = 15.0,
    seed: int = 0,
) -> Ratings:
    """Return a study whose systems are worse from the first to the last.

    Each result has a true worth; a system orders the pool by the worth and an error of its own
    size; raters grade the worth with noise, a bias of their own, in steps of 5.
    """
    rng = np.random.default_rng(seed)
    worth = rng.normal(50, 20, (queries, pool))
    lists = [
        np.argsort(-(worth + rng.normal(0, 5 + 15 * one, worth.shape)), axis=1)[:, :depth]
        for one in range(systems)
    ]
    places = np.stack(lists) + (np.arange(queries) * pool)[:, None]
    table = worth.ravel() + rng.normal(0, noise, (raters, queries * pool))
    table = np.clip(np.round((table + rng.normal(0, 5, (raters, 1))) / 5) * 5, 0, 100)
    if missing:
        absent = rng.random((raters, queries)) < missing
        table[np.repeat(absent, pool, axis=1)] = np.nan
    own = ratings([[0.0]], [[[0]]], [0])
    families = ("Animal", "Music", "Natural_sounds", "")
    return Ratings(
        raters=tuple(f"r{one:02}" for one in range(raters)),
        queries=tuple(f"q{one:03}" for one in range(queries)),
        classes=tuple(f"class-{one % 7}" for one in range(queries)),
        families=tuple(families[one % 4] for one in range(queries)),
        systems=tuple(f"s{one}" for one in range(systems)),
        query_of=np.repeat(np.arange(queries), pool),
        clips=tuple(f"c{one:04}" for one in range(queries * pool)),
        table=table,
        lists=places,
        lowest=own.lowest,
        highest=own.highest,
    )
