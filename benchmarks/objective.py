"""How fast a whole collection is ranked and scored, next to the least that any ranking costs.

    python -m benchmarks.objective                # FSD50K's size, n to 50,000, the sweep
    python -m benchmarks.objective --quick        # FSD50K's size alone

The bare limit is one clips x clips product in float32, in the same blocks, and ``argpartition`` of
every row to 150. Ours is the ranking to 150 and all scores of every query: AP@15, AP@150, R1 for
each class and as a whole, averaged over classes, families and queries. Both run in one process, in
turn, and the best of the repeats counts. Each size has a process of its own, so that its peak
memory is its own.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.made import make
from embeddings.simulation.fsd50k_shape import CLIPS

DIM = 100
TOP = 150
SIZES = (1000, 2000, 5000, CLIPS, 20_000, 50_000)
FRAMES, FRAME_DIM = 5, 512


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--quick", action="store_true", help="FSD50K's size alone")
    options.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options.add_argument("--sweep", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        print(json.dumps(_measure(given.one)))
        return
    if given.sweep:
        print(json.dumps(_measure_sweep()))
        return
    print(f"{machine()}, {datetime.now(UTC):%Y-%m-%d}, numpy {np.__version__}")
    print(f"FSD50K's class sizes, {DIM} dimensions, ranked to {TOP}, all scores\n")
    print("| clips | bare limit | ranked and scored | ratio | ns per pair | peak memory |")
    print("|---|---|---|---|---|---|")
    for clips in (CLIPS,) if given.quick else SIZES:
        found = _child("--one", str(clips))
        pair = found["ours"] / clips**2 * 1e9
        print(
            f"| {clips:,} | {found['bare']:.2f} s | {found['ours']:.2f} s | "
            f"{found['ours'] / found['bare']:.2f} | {pair:.1f} | {found['memory']:.2f} GB |"
        )
    if not given.quick:
        found = _child("--sweep")
        print(
            f"\nSweep of {CLIPS:,} clips x {FRAMES} frames x {FRAME_DIM}: {found['sweep']:.0f} s "
            f"for 81 cells, 72 of them distinct; one system {found['one']:.1f} s; ratio "
            f"{found['sweep'] / found['one']:.0f}; peak memory {found['memory']:.2f} GB."
        )


def _measure(clips: int) -> dict[str, float]:
    """Return the seconds of the bare limit and of ours, and the peak memory in GB."""
    from embeddings.search.neighbours import BLOCK
    from evaluation.objective.averages import score_system

    made = make(clips, DIM)
    vectors = made.vectors / np.linalg.norm(made.vectors, axis=1, keepdims=True)

    def bare() -> None:
        for start in range(0, clips, BLOCK):
            similarity = vectors[start : start + BLOCK] @ vectors.T
            np.argpartition(similarity, clips - TOP, axis=1)

    def ours() -> None:
        score_system(vectors, made.labels)

    repeats = 5 if clips <= 20_000 else 2
    found = [(_seconds(bare), _seconds(ours)) for _ in range(repeats)]
    limit, own = np.min(found, axis=0)
    return {"bare": limit, "ours": own, "memory": _memory()}


def _measure_sweep() -> dict[str, float]:
    """Return the seconds of a sweep and of one system of the same frames, and the peak memory."""
    from embeddings.collection.clips import Clip, open_collection, write_collection
    from embeddings.search.processing import Recipe, aggregate, fit, prepare
    from embeddings.systems.store import open_embedding, write_embedding
    from evaluation.objective.averages import score_system
    from evaluation.objective.sweep import sweep

    with tempfile.TemporaryDirectory(prefix="sounding-board-") as name:
        made = make(CLIPS, FRAME_DIM, FRAMES)
        ids = [str(row) for row in range(CLIPS)]
        clips = [
            Clip(one, "none.wav", own, 1.0, 16000, 1)
            for one, own in zip(ids, made.labels, strict=True)
        ]
        info = {"name": "made", "title": "Made", "convention": "corrected"}
        folder = Path(name) / "collections" / "made"
        write_collection(folder, info, clips, {}, np.zeros((CLIPS, 200)))
        collection = open_collection(Path(name), "made")
        meta = {"provenance": "simulated", "representation": "Made"}
        frames = np.arange(CLIPS + 1) * FRAMES
        write_embedding(collection, "made", made.vectors, meta, frames=frames)
        embedding = open_embedding(collection, "made")
        labels = [clip.labels for clip in clips]
        del made

        def one() -> None:
            vectors = aggregate(embedding.vectors, embedding.frames, "mean")
            fitted = fit(vectors, Recipe("mean", "l2", 100), ids)
            score_system(prepare(vectors, fitted), labels)

        system = min(_seconds(one) for _ in range(3))
        all_cells = _seconds(lambda: sweep(collection, embedding))
        return {"one": system, "sweep": all_cells, "memory": _memory()}


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _memory() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


def _child(*arguments: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.objective", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def machine() -> str:
    """Return the processor's name and how many cores there are."""
    name = platform.processor() or platform.machine()
    described = Path("/proc/cpuinfo")
    if described.is_file():
        lines = described.read_text(encoding="utf-8").splitlines()
        name = next((line.split(":")[1].strip() for line in lines if "model name" in line), name)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores"


if __name__ == "__main__":
    main()
