"""Sounds that lie inside a source's tables, as files for as long as an import lasts."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from embeddings.collection.sources import Source
from embeddings.progress import progress


@contextmanager
def at_hand(source: Source, folder: Path) -> Iterator[Source]:
    """Give the source with every sound in a file of its own.

    Those that lie inside its tables are written under `folder`, one after the other, so that
    memory stays flat. `folder` is gone when the block ends, however it ends; what a process that
    was killed left there is replaced.
    """
    if source.unpack is None:
        yield source
        return
    shutil.rmtree(folder, ignore_errors=True)
    try:
        inside = sum(clip.inside for clip in source.clips)
        bar = progress(inside, "clip", "Unpacking", items=source.unpack(folder, None))
        files = {clip.id: clip for clip in bar}
        yield replace(source, clips=[files.get(clip.id, clip) for clip in source.clips])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
