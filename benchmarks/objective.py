"""How fast a whole collection is ranked and scored, beside what else searches exactly.

    python -m benchmarks.objective                # to 50,000 clips, and the sweep
    python -m benchmarks.objective --quick        # FSD50K's size alone
    python -m benchmarks.objective --sizes 200000 # others
    python -m benchmarks.objective --profile      # where the time of "ranked" goes, by one thread

Everything has the same vectors, in one process, in turn, and the best of the repeats counts:

product        one clips x clips product in float32, in blocks: the least that any ranking costs
FAISS          its flat index of inner products, to rank 151 (the query finds itself)
torch          the product and ``topk``, in blocks
scikit-learn   ``NearestNeighbors``, brute force, by cosine
ranked         ours to rank 150: the same bytes on every machine
scored         ours with all scores of every query: AP@15, AP@150, R1 for each class and as a whole,
               averaged over classes, families and queries
same           as ranked, where all vectors are the same
nearly         as ranked, where all are the same but for 1e-4 of noise: a float32 product tells few
               of them apart

FAISS, torch and scikit-learn judge here and are not what the product ranks by; one that is not
installed, or is too slow for a size, is left out. Each size has a process of its own, so that its
peak memory is its own; that of the judges does not count.
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
BLOCK = 256
SIZES = (1000, 2000, 5000, CLIPS, 20_000, 50_000)
FRAMES, FRAME_DIM = 5, 512
SPREAD = 1e-4


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--quick", action="store_true", help="FSD50K's size alone")
    options.add_argument("--sizes", type=int, nargs="+", help="clips; in place of the usual ones")
    options.add_argument("--profile", action="store_true", help="the shares of ranking's parts")
    options.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options.add_argument("--sweep", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.one:
        print(json.dumps(_measure(given.one)))
        return
    if given.sweep:
        print(json.dumps(_measure_sweep()))
        return
    if given.profile:
        for clips in given.sizes or (CLIPS,):
            print(_profile(clips), flush=True)
        return
    print(f"{machine()}, {datetime.now(UTC):%Y-%m-%d}, numpy {np.__version__}")
    kernel = os.environ.get("OPENBLAS_CORETYPE")
    print(
        f"FSD50K's class sizes, {DIM} dimensions"
        + (f", OpenBLAS {kernel}" if kernel else "")
        + "\n"
    )
    named = " | ".join(JUDGES)
    print(
        f"| clips | {named} | ranked | x FAISS | scored | x FAISS | ns per pair | same | nearly | "
        "memory |"
    )
    print("|---" * (len(JUDGES) + 9) + "|")
    sizes = given.sizes or ((CLIPS,) if given.quick else SIZES)
    for clips in sizes:
        found = _child("--one", str(clips))
        faiss, pair = found.get("FAISS", np.nan), found["scored"] / clips**2 * 1e9
        judged = " | ".join(f"{found[one]:.2f} s" if one in found else "" for one in JUDGES)
        print(
            f"| {clips:,} | {judged} | {found['ranked']:.2f} s | {found['ranked'] / faiss:.2f} | "
            f"{found['scored']:.2f} s | {found['scored'] / faiss:.2f} | {pair:.1f} | "
            f"{found['same']:.2f} s | {found['nearly']:.2f} s | {found['memory']:.2f} GB |",
            flush=True,
        )
    if not given.quick and not given.sizes:
        found = _child("--sweep")
        print(
            f"\nSweep of {CLIPS:,} clips x {FRAMES} frames x {FRAME_DIM}: {found['sweep']:.0f} s "
            f"for 81 cells, 72 of them distinct; one system {found['one']:.1f} s; ratio "
            f"{found['sweep'] / found['one']:.0f}; peak memory {found['memory']:.2f} GB."
        )


def _measure(clips: int) -> dict[str, float]:
    """Return the seconds of each, those of the judges by name, and the peak memory in GB."""
    from embeddings.search.neighbours import top_neighbours
    from evaluation.objective.averages import score_system

    made = make(clips, DIM)
    vectors = made.vectors / np.linalg.norm(made.vectors, axis=1, keepdims=True)
    same = np.repeat(vectors[:1], clips, axis=0)
    noise = np.random.default_rng(1).standard_normal(vectors.shape, dtype=np.float32)
    nearly = same + np.float32(SPREAD) * noise
    ours = {
        "ranked": lambda: top_neighbours(vectors, "mcss", TOP),
        "scored": lambda: score_system(vectors, made.labels),
        "same": lambda: top_neighbours(same, "mcss", TOP),
        "nearly": lambda: top_neighbours(nearly, "mcss", TOP),
    }
    best = {name: _seconds(work) for name, work in ours.items()}
    memory = _memory()
    judges = {name: judge(vectors) for name, judge in JUDGES.items() if clips <= _MOST[name]}
    works = {name: work for name, work in judges.items() if work} | ours
    for _ in range(5 if clips <= 20_000 else 2 if clips <= CROWD else 1):
        for name, work in works.items():
            best[name] = min(best.get(name, np.inf), _seconds(work))
    return best | {"memory": memory}


def _profile(clips: int) -> str:
    """Return which shares of ranking's time its parts take, in one thread."""
    import cProfile
    import pstats

    from embeddings.search import neighbours

    neighbours.default_workers = lambda: 1
    made = make(clips, DIM)
    profile = cProfile.Profile()
    profile.runcall(neighbours.top_neighbours, made.vectors, "mcss", TOP)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    spent = {key[2]: cumulative for key, (*_, cumulative, _) in stats.items()}
    whole = spent["top_neighbours"]
    shares = {title: spent.get(name, 0) / whole for name, title in PARTS.items()}
    shares["the rest"] = 1 - sum(shares.values())
    told = ", ".join(f"{title} {share:.0%}" for title, share in shares.items())
    return f"{clips:,} clips ranked by one thread in {whole:.2f} s: {told}"


PARTS = {
    "similarity": "the product",
    "at_least": "the look at each similarity",
    "_sorted_rows": "sorting what is left",
    "close": "stating it in float64",
    "exact": "exact sums",
    "doubtful": "what is in doubt",
}
"""The functions of the search that take most of its time, and what they do."""


def _product(vectors: np.ndarray) -> Callable[[], object]:
    def work() -> None:
        for start in range(0, len(vectors), BLOCK):
            vectors[start : start + BLOCK] @ vectors.T

    return work


def _faiss(vectors: np.ndarray) -> Callable[[], object] | None:
    try:
        import faiss
    except ImportError:
        return None

    def work() -> object:
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(vectors)
        return index.search(vectors, TOP + 1)

    return work


def _torch(vectors: np.ndarray) -> Callable[[], object] | None:
    try:
        import torch
    except ImportError:
        return None
    corpus = torch.from_numpy(vectors)

    def work() -> None:
        for start in range(0, len(corpus), BLOCK):
            torch.topk(corpus[start : start + BLOCK] @ corpus.T, TOP + 1, dim=1)

    return work


def _scikit_learn(vectors: np.ndarray) -> Callable[[], object]:
    from sklearn.neighbors import NearestNeighbors

    return lambda: (
        NearestNeighbors(n_neighbors=TOP + 1, algorithm="brute", metric="cosine")
        .fit(vectors)
        .kneighbors(vectors)
    )


JUDGES: dict[str, Callable[[np.ndarray], Callable[[], object] | None]] = {
    "product": _product, "FAISS": _faiss, "torch": _torch, "scikit-learn": _scikit_learn,
}  # fmt: skip
"""What ours is compared with, by name: each is given the vectors and returns what is timed."""

CROWD = 50_000  # clips, of which one repeat is enough
_MOST = {"product": 10**6, "FAISS": 10**6, "torch": 20_000, "scikit-learn": 20_000}


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
