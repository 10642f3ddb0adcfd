"""Rankings as TREC runs and labels as TREC qrels, for trec_eval, ir_measures and their kin.

A topic is a query clip, to which what shares any label with it is relevant (``clip``); or a query
clip for one of its classes, ``CLIP|CLASS``, to which what carries the class is (``class``). White
space and % in a name are written as in addresses; see `embeddings.systems.trec_runs`.

Those tools divide AP@N by all relevant clips R, where this project divides by min(N, R): their
AP@N times R / min(N, R) is ours under the convention `corrected`. They order by score and then by
id, so that a run's score here counts down from the first rank: no tie, no other order.
"""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import numpy as np

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.files import whole_file
from embeddings.search.neighbours import group_codes
from embeddings.systems.rankings import groups_of
from embeddings.systems.store import Ranking
from embeddings.systems.trec_runs import fit_name, fit_topic

TOPICS = ("clip", "class")


def write_run(collection: Collection, ranking: Ranking, path: Path, topics: str = "clip") -> int:
    """Write ``topic Q0 clip rank score system`` for every result; return the number of lines.

    `topics` is "clip" or "class"; a name that ends in .gz is compressed.
    """
    _check_topics(topics)
    ids = [fit_name(clip.id) for clip in collection.clips]

    def lines() -> Iterator[str]:
        """Yield the lines of the file."""
        for row, own in enumerate(ranking.neighbours):
            found = [ids[place] for place in own[own >= 0]]
            for topic in _topics(collection, row, topics):
                for rank, name in enumerate(found, 1):
                    score = len(found) - rank + 1
                    yield f"{topic} Q0 {name} {rank} {score} {ranking.system}\n"

    return _write(path, lines())


def write_qrels(
    collection: Collection,
    path: Path,
    topics: str = "clip",
    exclude_same: str | None = None,
) -> int:
    """Write ``topic 0 clip 1`` for every relevant clip; return the number of lines.

    The query is never relevant to itself, nor, where `exclude_same` is "group", its group to it.
    """
    _check_topics(topics)
    ids = [fit_name(clip.id) for clip in collection.clips]
    rows = np.arange(len(ids))
    codes = group_codes(len(ids), groups_of(collection, rows, exclude_same))
    members = {label: np.array(collection.members(label)) for label in collection.class_counts}

    def lines() -> Iterator[str]:
        """Yield the lines of the file."""
        for row, clip in enumerate(collection.clips):
            sets = [members[label] for label in clip.labels]
            if topics == "clip":
                sets = [np.unique(np.concatenate(sets))] if sets else []
            for topic, others in zip(_topics(collection, row, topics), sets, strict=True):
                for other in others[codes[others] != codes[row]]:
                    yield f"{topic} 0 {ids[other]} 1\n"

    return _write(path, lines())


def _topics(collection: Collection, row: int, topics: str) -> list[str]:
    clip = collection.clips[row]
    if topics == "clip":
        return [fit_name(clip.id)]
    return [fit_topic(clip.id, label) for label in clip.labels]


def _check_topics(topics: str) -> None:
    if topics not in TOPICS:
        raise InputError(f"The topics must be one of {', '.join(TOPICS)}, not {topics!r}.")


def _write(path: Path, lines: Iterable[str]) -> int:
    if path.is_dir():
        raise InputError(f"{path} is a folder; -o must name a file.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no such folder to write to.")
    count = 0
    with whole_file(path) as raw, ExitStack() as closing:
        file: IO[bytes] | gzip.GzipFile = raw
        if path.suffix == ".gz":  # no name and no time inside: same content, same bytes
            file = closing.enter_context(gzip.GzipFile("", "wb", 6, raw, mtime=0))
        for line in lines:
            file.write(line.encode())
            count += 1
    return count
