"""What a study asks of its raters, before it opens: judgements, minutes, people."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean, median

from embeddings.errors import InputError
from evaluation.design.lists import preference_pairs, rating_blocks
from evaluation.design.pooling import split_pool
from evaluation.protocol.terms import Protocol

DECISION_SECONDS = 4.0  # to decide on one grade, or between two lists
QUERY_SECONDS = 20.0  # of each page, for hearing the query, again and again
ANCHOR_LISTS = 2  # on each page where lists are rated
WISE_RATERS = 12
"""So many raters or more are recommended (METRICS 0b)."""
HIDES = "a minority with another taste can hide among fewer"
"""Why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a study asks of its raters.

    Attributes
    ----------
    queries, blocks : how many there are; a block is what one rater is given at once
    smallest, median, largest : what is judged in a block, repeats not counted: candidates with
        identity and distractors, or lists with the two anchors
    judgements : grades and choices that are wanted in all; None where everybody who comes judges
    block_minutes : of a block, on average
    rater_blocks : how many blocks a rater is given at most
    rater_judgements : of a rater who does all of them, on average
    rater_minutes : of such a rater, without consent, sound check, practice and questionnaire
    raters : how many such raters are needed at least; None where everybody who comes judges
    """

    queries: int
    blocks: int
    smallest: int
    median: float
    largest: int
    judgements: int | None
    block_minutes: float
    rater_blocks: int
    rater_judgements: float
    rater_minutes: float
    raters: int | None

    @property
    def better(self) -> int | None:
        """How many raters are recommended instead; None where so many are needed anyway."""
        return WISE_RATERS if self.raters is None or self.raters < WISE_RATERS else None


@dataclass(frozen=True, slots=True)
class _Block:
    """What one block asks: things to judge, pages, grades, and clips that are heard."""

    things: int
    pages: int
    grades: int
    clips: int


def plan(
    protocol: Protocol,
    pool_sizes: Sequence[int],
    seconds: float | Sequence[float],
) -> Plan:
    """Return what a study asks of its raters.

    The time of a block is an assumption, not a measurement::

        QUERY_SECONDS * pages + seconds * clips heard + DECISION_SECONDS * grades

    where every sound of a block, those that are asked again and all sounds of all lists among
    them, is heard once to its end, and repeats are a page of their own. A rater gets at most one
    block of a query. So the raters needed are what the blocks take, each the wanted number of
    times, at so many blocks a rater; and at least enough different people for the query that has
    most blocks.

    Parameters
    ----------
    pool_sizes : of each query, how many candidates its pool has, controls not counted
    seconds : the mean length of the clips, or of each query's clips

    Raises
    ------
    InputError
        There is no query, a pool is empty, or there are not as many lengths as queries.
    """
    lengths = [seconds] * len(pool_sizes) if isinstance(seconds, int | float) else list(seconds)
    if not pool_sizes or min(pool_sizes) < 1 or len(lengths) != len(pool_sizes):
        raise InputError(
            "A plan needs at least one query, each with at least one candidate and one length, "
            f"not {len(pool_sizes)} queries with {min(pool_sizes, default=0)} candidates or more "
            f"and {len(lengths)} lengths."
        )
    queries = [_blocks(protocol, size) for size in pool_sizes]
    blocks = [block for parts in queries for block in parts]
    minutes = [
        (QUERY_SECONDS * block.pages + length * block.clips + DECISION_SECONDS * block.grades) / 60
        for parts, length in zip(queries, lengths, strict=True)
        for block in parts
    ]
    things = [block.things for block in blocks]
    grades = sum(block.grades for block in blocks)
    given = min(protocol.sitting or len(queries), len(queries))
    wanted = protocol.raters_per_query
    most = max(len(parts) for parts in queries)
    return Plan(
        queries=len(queries),
        blocks=len(blocks),
        smallest=min(things),
        median=median(things),
        largest=max(things),
        judgements=grades * wanted if wanted else None,
        block_minutes=fmean(minutes),
        rater_blocks=given,
        rater_judgements=given * grades / len(blocks),
        rater_minutes=given * fmean(minutes),
        raters=max(ceil(len(blocks) * wanted / given), most * wanted) if wanted else None,
    )


def _blocks(protocol: Protocol, pool_size: int) -> list[_Block]:
    """Return the blocks of one query."""
    if protocol.method == "preference":
        pairs = preference_pairs(len(protocol.systems))
        return [_Block(2, pages=1, grades=1, clips=2 * protocol.depth) for _ in pairs]
    if protocol.method == "rating":
        parts = rating_blocks(len(protocol.systems), protocol.page - ANCHOR_LISTS)
        lists = [len(part) + ANCHOR_LISTS for part in parts]
        return [_Block(count, 1, count, count * protocol.depth) for count in lists]
    parts_of_pool = split_pool(pool_size, protocol.largest_block)
    return [_graded(protocol, len(part)) for part in parts_of_pool]


def _graded(protocol: Protocol, candidates: int) -> _Block:
    controls = protocol.controls
    things = candidates + controls.identity + controls.distractors
    repeats = min(controls.repeats, candidates)
    pages = ceil(things / protocol.page) + (repeats > 0)
    heard = things + repeats
    return _Block(things, pages, heard * len(protocol.scale.facets), heard)
