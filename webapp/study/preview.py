"""What a study will ask of its raters, from pools that are really computed. Nothing is stored."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean, median

import sqlalchemy as sa

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.listening.copies import LOSSY, is_lossy
from embeddings.listening.reachable import Reachable, reachable_level
from evaluation.design.sampling import draw_queries
from evaluation.design.workload import Plan, plan
from evaluation.protocol.terms import Protocol
from webapp.core import catalogue
from webapp.core.database import db
from webapp.core.kept import of_app, stamps
from webapp.models import Block, BlockItem, Candidate, Query, Study
from webapp.study import opening
from webapp.study.lifecycle import subject

KEPT = {"demo": "the demo", "new": "the form that makes one"}
"""Names that no study may have, and what they are kept for."""

_REMEMBERED = 16  # previews that a process keeps


@dataclass(frozen=True, slots=True)
class Preview:
    """What opening a study makes.

    Attributes
    ----------
    plan : what it asks of its raters
    pools : how many results each query has, in the order of the draw
    sounds : how many copies of sounds would be made for raters; None where that is done
    asked : (query, its results) as rows of the collection, in the order of the draw
    reachable : the level that the sounds can be brought to; None where they stay as they are, or
        nothing is known of their loudness
    coded_twice : how many sounds have lost something to a codec and would lose more, since raters
        are sent MP3 or Opus
    """

    plan: Plan
    pools: list[int]
    sounds: int | None = None
    asked: Sequence[tuple[int, list[int]]] = ()
    reachable: Reachable | None = None
    coded_twice: int = 0

    @property
    def middle(self) -> float:
        """The median size of the pools."""
        return median(self.pools)


def check_name(protocol: Protocol) -> None:
    """Raise InputError where a protocol has a name that is kept for something else."""
    check_name_of(protocol.slug)


def check_name_of(slug: str) -> None:
    """Raise InputError for a name that is kept for something else."""
    if slug in KEPT:
        raise InputError(f"The name {slug!r} is kept for {KEPT[slug]}; choose another slug.")


def preview(protocol: Protocol) -> Preview:
    """Return what opening a study of `protocol` would make; nothing is stored.

    It is kept in memory until the collection or a ranking changes.

    Raises
    ------
    InputError
        As `webapp.study.lifecycle.create_study` and `webapp.study.opening.open_study`, but for
        sounds that cannot be copied and a name that is taken.
    """
    folder = catalogue.data() / "collections" / protocol.collection
    files = [folder / "collection.json"]
    files += [folder / "rankings" / system / "meta.json" for system in protocol.systems]
    kept = of_app("sounding_board_previews", _REMEMBERED)
    return kept.get((protocol.sha256(),), stamps(files), lambda: _preview(protocol))


def opened(study: Study) -> Preview | None:
    """Return the plan of a study that was opened; None where its collection is not here."""
    name = study.terms.collection
    pools: dict[int, list[str]] = {}
    for query, clip in db.session.execute(_asked(study)):
        pools.setdefault(query, []).append(clip)
    if name not in catalogue.names() or not pools:
        return None
    try:
        collection = catalogue.collection(name)
        seconds = [
            _mean_seconds(collection, [collection.index[clip] for clip in pool])
            for pool in pools.values()
        ]
    except (InputError, KeyError):
        return None
    sizes = [len(pool) for pool in pools.values()]
    return Preview(plan(study.terms, sizes, seconds), sizes)


def _preview(protocol: Protocol) -> Preview:
    collection, rankings = subject(protocol)
    study = Study(
        slug=protocol.slug,
        protocol=protocol.as_json(),
        queries=[
            Query(clip=collection.clips[one.row].id, query_class=one.label, family=one.family)
            for one in draw_queries(
                collection, protocol.queries, rankings, protocol.listening.leave_out
            )
        ],
    )
    pools = opening.study_pools(study, collection, rankings)
    heard = set(chain.from_iterable(one.rows for one in pools))
    asked = [one for one in pools if not one.practice]
    sizes = [len(one.found) for one in asked]
    seconds = [_mean_seconds(collection, [found.row for found in one.found]) for one in asked]
    copies = len(heard) + len(opening.met_twice(pools, protocol))
    listening = protocol.listening
    reachable = listening.level and reachable_level(
        collection, sorted(heard), listening.loudness, listening.format
    )
    return Preview(
        plan(protocol, sizes, seconds),
        sizes,
        copies,
        [(one.query, [found.row for found in one.found]) for one in asked],
        reachable or None,
        _coded_twice(collection, heard) if listening.format in LOSSY else 0,
    )


def _coded_twice(collection: Collection, rows: Iterable[int]) -> int:
    return sum(is_lossy(collection.audio_path(collection.clips[row])) for row in rows)


def _asked(study: Study) -> sa.Select:
    """Select (query, clip) of everything that is asked, controls left out."""
    rows = sa.select(Query.id, Candidate.clip).where(
        Query.study_id == study.id, Query.practice.is_(False), Candidate.kind == "result"
    )
    if study.terms.method == "graded":
        asked = rows.join(Block, Block.query_id == Query.id).join(BlockItem)
        rows = asked.join(Candidate, BlockItem.candidate_id == Candidate.id)
    else:
        rows = rows.join(Candidate, Candidate.query_id == Query.id)
    return rows.distinct().order_by(Query.id)


def _mean_seconds(collection: Collection, rows: Sequence[int]) -> float:
    return fmean(collection.clips[row].seconds for row in rows) if rows else 0.0
