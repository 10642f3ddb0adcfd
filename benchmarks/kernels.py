"""How far each representation's vectors move between the kernels that processors have.

    python -m benchmarks.kernels FOLDER          # FOLDER holds the weights, under published names
    python -m benchmarks.kernels FOLDER CLAP2023 # one of them

Libraries choose their kernels by the processor. Told to choose as on another one, each setting in a
process of its own, they compute the vectors of one made sound, on one thread. A cell is the largest
difference from the vectors of this processor's own kernels, relative to their largest number;
"cosine" is the largest cosine distance in any setting. A setting whose process dies of an illegal
instruction cannot run here. A representation whose weights are not in FOLDER is left out, and said.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.objective import machine
from embeddings.representations import CARDS, Card

OLDEST = {
    "OPENBLAS_CORETYPE": "Prescott",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
}
"""Every library at its oldest kernels."""

SETTINGS: dict[str, dict[str, str]] = {
    "again": {},
    **{
        f"OpenBLAS {kind}": {"OPENBLAS_CORETYPE": kind}
        for kind in ("Haswell", "Zen", "SkylakeX", "Sandybridge", "Prescott")
    },
    **{f"{name}={value}": {name: value} for name, value in OLDEST.items() if "BLAS" not in name},
    "all of the oldest": OLDEST,
}
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
_RATE, _SECONDS = 44100, 3.0


def main() -> None:
    """Print a table of the representations whose weights are there."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("folder", type=Path, help="where the weights lie")
    options.add_argument("names", nargs="*", help="all unless told")
    options.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    cards = [CARDS[name] for name in given.names or CARDS]
    there = [card for card in cards if _weights(card, given.folder) != _MISSING]
    if given.one:
        np.savez(given.one, **{card.name: _vectors(card, given.folder) for card in there})
        return
    for card in cards:
        if card not in there:
            print(f"{card.name}: no {card.variations[0].file} in {given.folder}")
    print(f"{machine()}, a clip of {_SECONDS:.0f} s\n", flush=True)
    own = _computed(given.folder, there, {})
    assert own is not None
    _print_table(own, {name: _computed(given.folder, there, s) for name, s in SETTINGS.items()})


_MISSING = Path()


def _weights(card: Card, folder: Path) -> Path | None:
    """Return where a card's weights lie, None where it needs none, `_MISSING` where not here."""
    if not card.variations:
        return None
    path = folder / card.variations[0].file
    return path if path.is_file() else _MISSING


def _computed(
    folder: Path, cards: list[Card], setting: dict[str, str]
) -> dict[str, np.ndarray] | None:
    """Return name -> vectors as a process with this setting computes them; None: it cannot run."""
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as name:
        path = Path(name) / "vectors.npz"
        command = [sys.executable, "-m", "benchmarks.kernels", str(folder)]
        command += [*(card.name for card in cards), "--one", str(path)]
        environment = {**os.environ, **_ONE_THREAD, **setting}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if done.returncode == -signal.SIGILL:
            return None
        if done.returncode != 0:
            raise SystemExit(f"{setting}: {done.stderr}")
        with np.load(path) as stored:
            return dict(stored)


def _vectors(card: Card, folder: Path) -> np.ndarray:
    """Return the vectors of the made sound: noise that fades, and a tone that rises."""
    from embeddings.representations.runner import Representation, loaded

    times = np.arange(round(_SECONDS * _RATE)) / _RATE
    samples = 0.1 * np.exp(-times) * np.random.default_rng(1).standard_normal(len(times))
    samples += 0.3 * np.sin(2 * np.pi * (200 + 300 * times) * times)
    extraction = next(iter(card.extractions))
    embed = Representation(
        card.module, card.kind, card.resampler, extraction, _weights(card, folder)
    )
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as name:
        path = Path(name) / "sound.wav"
        soundfile.write(path, samples, _RATE)
        found = embed(path, "clip")
    loaded.cache_clear()
    return np.atleast_2d(found).astype(np.float64)


def _print_table(
    own: dict[str, np.ndarray], others: dict[str, dict[str, np.ndarray] | None]
) -> None:
    for name in [name for name, found in others.items() if found is None]:
        print(f"{name}: cannot run here\n")
    ran = {name: found for name, found in others.items() if found is not None}
    print(f"| representation | {' | '.join(ran)} | cosine |")
    print(f"|---|{'---|' * len(ran)}---|")
    for name, vectors in own.items():
        moved = [
            np.abs(found[name] - vectors).max() / np.abs(vectors).max() for found in ran.values()
        ]
        turned = max(_cosine_distance(found[name], vectors) for found in ran.values())
        cells = [f"{one:.1e}" if one else "0" for one in (*moved, turned)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _cosine_distance(found: np.ndarray, vectors: np.ndarray) -> float:
    """Return the largest cosine distance of two vectors of one frame, 0 where they are the same."""
    units = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (found, vectors)]
    return float(((units[0] - units[1]) ** 2).sum(axis=1).max() / 2)


if __name__ == "__main__":
    main()
