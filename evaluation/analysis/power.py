"""Planning by simulation: how many queries and raters it takes to find a difference.

Studies are drawn from what is assumed of them, and analysed by the very code that analyses real
ones (`evaluation.statistics.significance.estimate`). What raters make of systems is described by
standard deviations, in grades, of the score that one rater gives one system in one query.

Blocks are given out as they are in a study: to each rater as many as a sitting has, the queries
that the fewest were given first. A block is taken for a whole query.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from embeddings.errors import InputError
from embeddings.progress import progress
from embeddings.tasks import Here, Workers, engine, result_of
from evaluation.analysis.rater_effects import Generalizability
from evaluation.protocol.terms import Protocol
from evaluation.statistics.significance import FEW_RATERS, LEVEL, estimate

TYPICAL = {"query_system": 0.12, "rater_system": 0.04, "noise": 0.15}
"""Standard deviations as shares of the scale, for a study without a pilot. They are a guess, that
no study stands behind: a pilot of a few queries and raters is better."""

EFFECT = 0.1
"""The difference between two systems that is looked for unless told, as a share of the scale."""

_CHUNK = 250  # studies at a time
_MANY = 20_000  # studies, two seconds or so, are worth the start of processes


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a planned study is assumed to be like.

    Attributes
    ----------
    effect : by how many grades one system is better than the other
    query_system : by how much what a query does to a system varies, standard deviation in grades
    rater_system : by how much raters differ in which system they like
    noise : what is left: one rater, one query, one system
    lapses : the share of blocks that a rater grades without listening, in [0, 1)
    span : the scale's range, in grades: a lapse is anywhere on it
    """

    effect: float
    query_system: float
    rater_system: float
    noise: float
    lapses: float = 0.0
    span: float = 100.0

    def __post_init__(self) -> None:
        for name in ("query_system", "rater_system", "noise"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} must be at least 0 grades, not {getattr(self, name):g}.")
        if not 0 <= self.lapses < 1:
            raise InputError(f"lapses must be a share from 0 to below 1, not {self.lapses:g}.")


def typical(effect: float, span: float, lapses: float = 0.0) -> Assumptions:
    """Return assumptions for a scale of `span` grades without a pilot; see `TYPICAL`."""
    parts = {name: share * span for name, share in TYPICAL.items()}
    return Assumptions(effect, **parts, lapses=lapses, span=span)


def comparisons(terms: Protocol) -> int:
    """Return how many pairs of systems are tested: the protocol's, or else all."""
    named = terms.analysis.fixed(terms.systems)
    return len(named) or len(list(combinations(terms.systems, 2)))


def of_pilot(
    effect: float, pilot: Generalizability, span: float, lapses: float = 0.0
) -> Assumptions:
    """Return assumptions with the variance components of a study; raise InputError for none."""
    if not pilot.parts:
        raise InputError(f"The pilot's variances cannot be told: {pilot.reason}.")
    deviation = {name: value**0.5 for name, value in pilot.parts.items()}
    return Assumptions(
        effect, deviation["query+system"], deviation["rater+system"],
        deviation["query+rater+system"], lapses, span,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Power:
    """How often a difference is found.

    Attributes
    ----------
    raters, queries : how many there are
    per_query : how many raters are to judge each query
    found : the share of the simulated studies in which p passes the level, in [0, 1]
    error : the standard error of that share
    half_width : the median half width of the 95 % interval of the difference, in grades; None
        where no study had one
    each : how many raters judge a query on average, as sittings allow
    filled : whether raters are many enough, and sittings long enough, for what is wanted
    """

    raters: int
    queries: int
    per_query: int
    found: float
    error: float
    half_width: float | None
    each: float
    filled: bool

    @property
    def alone(self) -> bool:
        """Whether what so few raters find speaks for them alone: others are not reckoned with."""
        return self.raters < FEW_RATERS


def power(
    assumed: Assumptions,
    raters: int,
    queries: int,
    per_query: int = 0,
    *,
    sitting: int = 0,
    comparisons: int = 1,
    runs: int = 500,
    seed: int = 1,
) -> Power:
    """Simulate studies of one size here, and return how often the difference is found in them.

    See `powers`.
    """
    size = (raters, queries)
    return powers(assumed, [size], per_query, sitting=sitting, comparisons=comparisons, runs=runs,
                  seed=seed, workers=0)[0]  # fmt: skip


def powers(
    assumed: Assumptions,
    sizes: Sequence[tuple[int, int]],
    per_query: int = 0,
    *,
    sitting: int = 0,
    comparisons: int = 1,
    runs: int = 500,
    seed: int = 1,
    workers: Workers = None,
) -> list[Power]:
    """Simulate studies of each size, and return how often the difference is found in them.

    Parameters
    ----------
    sizes : (raters, queries)
    per_query : how many raters are to judge each query; 0: all of them
    sitting : how many queries a rater is given at most; 0: all of them
    comparisons : among how many the difference is tested; by Holm's rule the first one that passes
        needs p <= 5 % / comparisons, which is what is asked here
    runs : studies of each size
    workers : see `embeddings.tasks.engine`; the calling process unless told where studies are few

    Raises
    ------
    InputError
        A number is below what a study needs.
    """
    chunks = [chunk for size in sizes for chunk in _chunks(*size, per_query, sitting, runs, seed)]
    by = engine(workers, Here() if len(sizes) * runs < _MANY else None)
    drawn: dict[_Chunk, _Drawn] = {}
    with progress(len(sizes) * runs, "study", "Simulating") as bar:
        for chunk, found in by.run(partial(_simulated, assumed, LEVEL / comparisons), chunks):
            drawn[chunk] = result_of(found)
            bar.update(chunk.runs)
    return [_power([chunk for chunk in chunks if chunk.size == size], drawn) for size in sizes]


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some studies of one size, the `number`th of them; from its numbers it has its seed."""

    raters: int
    queries: int
    judging: int
    longest: int
    runs: int
    seed: int
    number: int

    @property
    def size(self) -> tuple[int, int]:
        """Raters and queries."""
        return self.raters, self.queries


@dataclass(frozen=True, slots=True)
class _Drawn:
    """In how many studies of a chunk it was found, half of each interval, all that was judged."""

    found: int
    widths: list[float]
    judged: int


def _chunks(
    raters: int, queries: int, per_query: int, sitting: int, runs: int, seed: int
) -> list[_Chunk]:
    """Return the studies of one size in parts that do not depend on who simulates them."""
    for what, value, least in (("raters", raters, 1), ("queries", queries, 2), ("runs", runs, 1)):
        if value < least:
            raise InputError(f"The number of {what} must be at least {least}, not {value}.")
    judging, longest = min(per_query or raters, raters), min(sitting or queries, queries)
    return [
        _Chunk(raters, queries, judging, longest, min(_CHUNK, runs - start), seed, number)
        for number, start in enumerate(range(0, runs, _CHUNK))
    ]


def _simulated(assumed: Assumptions, level: float, chunk: _Chunk) -> _Drawn:
    """Draw the studies of a chunk, and analyse each."""
    of_size = [chunk.seed, chunk.raters, chunk.queries, chunk.judging]
    rng = np.random.default_rng(np.random.SeedSequence(of_size, spawn_key=(chunk.number,)))
    given = _given(chunk.raters, chunk.queries, chunk.judging, chunk.longest, chunk.runs, rng)
    found, widths = 0, []
    for own in given:
        table = np.where(own, _difference(assumed, chunk.raters, chunk.queries, rng), np.nan)
        result = estimate(table)
        if result.p is not None and result.low is not None and result.high is not None:
            found += result.p <= level
            widths.append((result.high - result.low) / 2)
    return _Drawn(found, widths, int(given.sum()))


def _power(chunks: list[_Chunk], drawn: dict[_Chunk, _Drawn]) -> Power:
    """Return what all studies of one size come to."""
    raters, queries, judging, longest = (
        getattr(chunks[0], name) for name in ("raters", "queries", "judging", "longest")
    )
    runs = sum(chunk.runs for chunk in chunks)
    share = sum(drawn[chunk].found for chunk in chunks) / runs
    widths = [width for chunk in chunks for width in drawn[chunk].widths]
    return Power(
        raters, queries, judging, share, (share * (1 - share) / runs) ** 0.5,
        float(np.median(widths)) if widths else None,
        sum(drawn[chunk].judged for chunk in chunks) / (runs * queries),
        raters * longest >= queries * judging,
    )  # fmt: skip


def _difference(
    assumed: Assumptions, raters: int, queries: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw by how much each rater prefers one system to another in each query."""
    twice = 2**0.5  # each of the two systems has its own part
    shape = (raters, queries)
    table = rng.normal(assumed.effect, twice * assumed.noise, shape)
    table += rng.normal(0, twice * assumed.query_system, queries)
    table += rng.normal(0, twice * assumed.rater_system, (raters, 1))
    lapsed = rng.random(shape) < assumed.lapses
    anywhere = rng.uniform(-0.5, 0.5, shape) + rng.uniform(-0.5, 0.5, shape)
    return np.where(lapsed, assumed.span * anywhere, table)


def _given(
    raters: int, queries: int, judging: int, longest: int, runs: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw who is given what in each study: bool [runs, raters, queries].

    Raters are there at the same time and take one query after the other, each time one that the
    fewest were given, and chance decides among equals (`webapp.rating.assigning`); until they
    had the `longest` sitting, or each query has `judging` raters.
    """
    given = np.zeros((runs, raters, queries), dtype=bool)
    if judging == raters and longest == queries:
        return ~given
    counts, run = np.zeros((runs, queries)), np.arange(runs)
    for _ in range(longest):
        turns = rng.permuted(np.tile(np.arange(raters), (runs, 1)), axis=1)
        for rater in turns.T:
            shut = given[run, rater] | (counts >= judging)
            query = np.where(shut, np.inf, counts + rng.random(counts.shape)).argmin(axis=1)
            taken = ~shut[run, query]
            given[run[taken], rater[taken], query[taken]] = True
            counts[run[taken], query[taken]] += 1
    return given
