"""What an extraction will take, from some of its clips: hours, memory, disk.

Some clips are computed as the extraction would compute them, by as many processes, and thrown away.
How long a clip takes, and how much it comes to, is fitted as a part that each clip has and a part
that grows with its length; summed over all clips that gives the whole. The first clip of a process
loads the network, too, which it does once. Each clip counts by itself: batches are not measured.
"""

import os
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from embeddings.collection.clips import Clip, Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import Task, clips_to_do
from embeddings.files import read_lines
from embeddings.progress import progress
from embeddings.representations.runner import Embedder, Job
from embeddings.tasks import Engine, Failure, Workers, engine

LEAST = 3
"""Clips that each process computes at least, however long they take."""
_STATUS = Path("/proc/self/status")
_SAMPLE = 2000  # clips at most
_SEED = 1


@dataclass(frozen=True, slots=True)
class Cost:
    """What computing a representation of the clips that lack it will take.

    Attributes
    ----------
    representation : its name
    clips : that are to be computed
    measured, failed : clips that were computed to know this, and those that could not be
    hours : until all are computed, by this many `workers`
    memory : bytes, of all processes together; those that they share count several times
    disk : bytes, while the vectors are put together
    stays : bytes of the vectors of all clips, which stay
    """

    representation: str
    clips: int
    measured: int
    failed: int
    workers: int
    hours: float
    memory: float
    disk: float
    stays: float


@dataclass(frozen=True, slots=True)
class _Measured:
    """One clip: which process computed it, as its how manyth, and what that took."""

    process: int
    number: int
    seconds: float
    size: int
    peak: int


def estimate(
    collection: Collection, task: Task, *, workers: Workers = None, seconds: float = 60.0
) -> Cost:
    """Compute some clips for about so many seconds, and return what all of them will cost.

    Nothing is stored. What an earlier run has computed already is not counted.

    Raises
    ------
    InputError
        None of the clips that were tried could be computed.
    """
    on_gpu = getattr(task.embedder, "device", "cpu") != "cpu"
    by = engine(1 if on_gpu else workers)
    todo = clips_to_do(collection, task)
    at_once = max(1, min(by.at_once, len(todo)))
    if not todo:
        return Cost(task.representation, 0, 0, 0, at_once, 0.0, 0.0, 0.0, 0.0)
    drawn = np.random.default_rng(_SEED).permutation(len(todo))[:_SAMPLE]
    some = [todo[at] for at in drawn]
    found, failed = _compute(collection, task, some, by, seconds)
    if not found:
        raise InputError(f"{task.representation}: none of {len(failed)} clips could be computed; "
                         f"the first: {failed[0]}")  # fmt: skip
    measured = [one for _, one in found]
    own = np.array([clip.seconds for clip, _ in found])
    every = np.array([clip.seconds for clip in todo])
    settled = np.array([one.number > 1 for one in measured])
    if settled.sum() < LEAST:  # hardly a clip after the first ones: loading counts with each
        settled[:] = True
    taken = np.array([one.seconds for one in measured])
    fitted = _fitted(own[settled], taken[settled], own)
    loading = max([0.0, *(taken - fitted)[~settled]])
    sizes = np.array([float(one.size) for one in measured])
    whole = np.array([clip.seconds for clip in collection.clips])
    vectors, coming = (float(_fitted(own, sizes, of).sum()) for of in (whole, every))
    return Cost(
        representation=task.representation,
        clips=len(todo),
        measured=len(found),
        failed=len(failed),
        workers=at_once,
        hours=(_fitted(own[settled], taken[settled], every).sum() / at_once + loading) / 3600,
        memory=max(one.peak for one in measured) * at_once + vectors,
        disk=coming + vectors,
        stays=vectors,
    )


def _compute(
    collection: Collection, task: Task, clips: Sequence[Clip], by: Engine, seconds: float
) -> tuple[list[tuple[Clip, _Measured]], list[str]]:
    """Return the clips that were computed until the time was over, and why others could not be."""
    by_id = {clip.id: clip for clip in clips}
    jobs: list[Job] = [(clip.id, collection.audio_path(clip)) for clip in clips]
    until = time.time() + seconds  # which other processes can read, too
    found, failed = [], []
    with progress(len(jobs), "clip", f"Measuring {task.representation}") as bar:
        work = partial(_measured, task.embedder, until)
        for (clip_id, _), result in by.run(work, jobs):
            if isinstance(result, Failure):
                failed.append(result.reason)
            elif result is not None:
                found.append((by_id[clip_id], result))
            bar.update()
    return found, failed


_computed = 0  # clips, by this process


def _measured(embedder: Embedder, until: float, job: Job) -> _Measured | None:
    """Compute a clip, and return what it took; None where the time is over."""
    global _computed
    if time.time() > until and _computed >= LEAST:
        return None
    _computed += 1
    clip_id, path = job
    start = time.perf_counter()
    vectors = embedder(path, clip_id)
    took = time.perf_counter() - start
    return _Measured(os.getpid(), _computed, took, vectors.nbytes, _peak())


def _peak() -> int:
    """Return the most bytes of memory that this process had."""
    if _STATUS.is_file():  # which begins with the process: what it inherits does not count
        lines = (line.split() for line in read_lines(_STATUS))
        return next(int(words[1]) * 1024 for words in lines if words[:1] == ["VmHWM:"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)


def _fitted(seconds: np.ndarray, values: np.ndarray, every: np.ndarray) -> np.ndarray:
    """Return what is expected of clips of so many seconds: a + b x seconds, neither below zero."""
    from scipy.optimize import nnls

    (each, growing), _ = nnls(np.column_stack([np.ones(len(seconds)), seconds]), values)
    return each + growing * every
