"""Run in a process of its own, under a processor's kernels: digests of what search computes.

    python -m tests.support.kernels RAW.npz OUT.npz

`RAW.npz` holds prepared vectors, raw vectors and a fitted recipe; a digest of everything that is
the same bytes everywhere is printed, and `OUT.npz` gets what comes out of a fit of its own.
"""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings.search.backends import TorchBackend
from embeddings.search.neighbours import SEARCHES, search_corpus, top_neighbours
from embeddings.search.processing import Recipe, fit, prepare
from embeddings.search.refitting import refit_bound
from evaluation.objective.averages import average
from evaluation.objective.per_query import score_queries

ROOT = Path(__file__).resolve().parents[2]
KERNELS = {
    "default": {},
    "Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "Zen": {"OPENBLAS_CORETYPE": "Zen"},
    "SkylakeX": {"OPENBLAS_CORETYPE": "SkylakeX"},
    "Sandybridge": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "Prescott": {"OPENBLAS_CORETYPE": "Prescott"},
    "numpy without AVX2": {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3"},
    "one thread": {"OPENBLAS_NUM_THREADS": "1"},
}
TORCH = {
    "torch": {},
    "torch without AVX": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
}
"""PyTorch instead of numpy; its products are those of MKL or oneDNN."""


def run(name: str, raw: Path, out: Path) -> str:
    """Return what the child prints under the kernels `name`; skip the test where it cannot run."""
    settings = (KERNELS | TORCH)[name]
    command = [sys.executable, "-m", "tests.support.kernels", str(raw), str(out)]
    if name in TORCH:
        pytest.importorskip("torch", reason="PyTorch is not installed")
        command.append("torch")
    environment = os.environ | settings
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode == -signal.SIGILL:
        pytest.skip(f"this processor cannot run {name}'s kernels")
    assert done.returncode == 0, done.stderr
    return done.stdout


def main() -> None:
    """Print a line for each thing that must be the same bytes everywhere."""
    raw, out = map(Path, sys.argv[1:3])
    if sys.argv[3:] == ["torch"]:
        from embeddings.search import comparison

        comparison.find_backend = lambda corpus, device: TorchBackend(corpus, "cpu")
    with np.load(raw) as stored:
        given = dict(stored)
    labels = [[str(row % 7), *(["often"] if row % 2 else [])] for row in range(len(given["few"]))]
    groups = [f"group {row % 50}" if row % 3 else "" for row in range(len(labels))]
    for search in SEARCHES:
        for vectors, block in ((given["few"], 700), (given["few"], 9), (given["many"], 64)):
            found = top_neighbours(vectors, search, 40, block=block)
            _say(search, vectors.shape, *found)
            _say(search, "outside", *search_corpus(vectors[:5] + vectors[7], vectors, search, 40))
        scored = score_queries(given["few"], labels, search=search, cutoffs=(15, 40), groups=groups)
        _say(search, "scored", scored.precision_sum, scored.first_rank)
        for convention in ("cbmi2024", "corrected"):
            means = average(scored, {"All": [str(one) for one in range(7)]}, convention)
            _say(search, convention, repr((means.macro, means.micro)).encode())
    recipe = {key.removeprefix("fitted."): given[key] for key in given if key[:7] == "fitted."}
    _say("prepared", prepare(given["raw"], recipe))
    _say("l2", prepare(given["raw"], {"normalise": np.array("l2")}))
    own = fit(given["raw"], Recipe(), [str(row) for row in range(len(given["raw"]))])
    prepared = prepare(given["raw"], own)
    refitted = {}
    for search in SEARCHES:
        refitted[f"{search}.bound"] = np.array(refit_bound(given["raw"], own, prepared, search))
        refitted[f"{search}.rows"], refitted[f"{search}.scores"] = top_neighbours(
            prepared, search, len(prepared) - 1
        )
    np.savez(out, **refitted)


def _say(*facts: object) -> None:
    """Print names as they are, and a digest of the arrays' bytes."""
    names = [fact for fact in facts if not isinstance(fact, np.ndarray | bytes)]
    digest = hashlib.sha256()
    for fact in facts:
        if isinstance(fact, np.ndarray | bytes):
            digest.update(fact if isinstance(fact, bytes) else fact.tobytes())
    print(*names, digest.hexdigest()[:16])


if __name__ == "__main__":
    main()
