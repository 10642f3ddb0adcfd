"""How long each network takes for a 10-s clip, and how much memory.

    python -m benchmarks.extract FOLDER          # FOLDER holds the weights, under published names
    python -m benchmarks.extract FOLDER CLAP2023 # one of them

Each network runs in a process of its own on two threads; the best of three counts, after loading
and one clip to warm up: from samples at its own rate, as the reference was measured, and from a
file of 44.1 kHz, which is read and resampled, too. A representation whose weights are not in FOLDER
is left out, and said.
"""

import argparse
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.objective import machine
from embeddings.representations import CARDS, Card

REFERENCE = {
    "Freesound": 4.5, "VGGish": 0.03, "YAMNet": 0.03, "FSD-SINet": 0.09, "OpenL3": 0.26,
    "BEATs": 1.0, "CLAP2022": 0.41, "CLAP2023": 0.29, "Pengi": 0.28, "LAION-CLAP": 0.22,
    "Wav2CLIP": 0.24, "CAV-MAE": 0.65, "AudioCLIP": 0.95, "ImageBind": 0.90,
}  # fmt: skip
"""Seconds of the reference implementations on two threads, as measured with the parity kit."""

SECONDS = 10.0
THREADS = 2


def main() -> None:
    """Print a table of the representations whose weights are there."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("folder", type=Path, help="where the weights lie")
    options.add_argument("names", nargs="*", help="all unless told")
    options.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    cards = [CARDS[name] for name in given.names or CARDS]
    if given.one:
        print(json.dumps(_measure(cards[0], given.folder)))
        return
    print(f"{machine()}, {THREADS} threads, a clip of {SECONDS:.0f} s\n")
    print("| representation | seconds from samples | reference | from a file | peak memory |")
    print("|---|---|---|---|---|")
    for card in cards:
        if card.variations and not (given.folder / card.variations[0].file).is_file():
            print(f"| {card.name} | no {card.variations[0].file} in {given.folder} | | | |")
            continue
        command = [sys.executable, "-m", "benchmarks.extract", str(given.folder), card.name]
        done = subprocess.run([*command, "--one"], check=True, stdout=subprocess.PIPE, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        print(
            f"| {card.name} | {found['samples']:.2f} | {REFERENCE[card.name]:.2f} | "
            f"{found['file']:.2f} | {found['memory']:.2f} GB |"
        )


def _measure(card: Card, folder: Path) -> dict[str, float]:
    from embeddings.representations.runner import Representation, loaded

    weights = folder / card.variations[0].file if card.variations else None
    extraction = next(iter(card.extractions))
    embed = Representation(card.module, card.kind, card.resampler, extraction, weights)
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as name:
        path = Path(name) / "noise.wav"
        soundfile.write(path, 0.1 * rng.normal(size=round(SECONDS * 44100)), 44100)
        embed(path, "clip")
        if card.kind == "torch":
            import torch

            torch.set_num_threads(THREADS)
        whole = _best(lambda: embed(path, "clip"))
    alone = whole
    if card.kind != "extractor":
        module = importlib.import_module(card.module)
        network, rate = loaded(embed), module.SAMPLE_RATE or 44100
        samples = (0.1 * rng.normal(size=(round(SECONDS * rate), 1))).astype(np.float32)
        alone = _best(lambda: network.embed(samples, "clip"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"file": whole, "samples": alone, "memory": peak * 1024 / 1e9}


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main()
