"""Representations of one's own, good and bad."""

import os
import time
from pathlib import Path

import numpy as np
import soundfile

from embeddings.asking.sounds import UnreadableSound
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import extract_embedding, plan_own
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Embedding, Ranking
from tests.support.places import ROOT
from tests.support.small import RATE
from tests.support.waiting import PATIENCE

EXAMPLE = ROOT / "docs" / "examples" / "octave_energies.py"


def own_embedding(small: Collection, source: Path, name: str) -> Embedding:
    """Compute a representation of one's own of every clip."""
    return extract_embedding(small, plan_own(str(source), name), workers=0)


def say_pid(path: str) -> None:
    """Say which process this is, and go on for long."""
    Path(path).write_text(str(os.getpid()))
    time.sleep(10 * PATIENCE)


BAD = {
    "text": ("the audio cannot be read", UnreadableSound),
    "empty": ("the file is empty (0 bytes).", InputError),
    "no samples": ("the audio is empty (0 samples).", InputError),
    "silence": ("the sound is silent, so there is nothing to compare.", InputError),
    "silent beginning": ("the first 30 s are silent, so there is nothing to", InputError),
    "nan": ("sample 3 is not a finite number.", InputError),
    "rate": ("the sample rate may be at most 1,000,000 Hz, not 2,000,000.", InputError),
    "channels": ("a sound may have at most 64 channels, not 65.", InputError),
}


def write_bad(path: Path, kind: str) -> None:
    """Write a sound that cannot be asked with."""
    samples = np.ones(100)
    if kind in ("text", "empty"):
        path.write_text("not a sound" if kind == "text" else "")
        return
    if kind == "nan":
        samples[3:] = np.nan
    samples = {
        "no samples": np.zeros(0),
        "silence": np.zeros(RATE),
        "silent beginning": np.concatenate([np.zeros(31 * RATE), samples]),
        "channels": np.ones((100, 65)),
    }.get(kind, samples)
    rate = 2_000_000 if kind == "rate" else RATE
    soundfile.write(path, samples, rate, format="WAV", subtype="FLOAT")


def octaves(small: Collection, folder: Path) -> Ranking:
    """Rank by a representation of one's own, which waits for long while `folder`/slow is there."""
    slow = (
        f"    import os, time\n    if os.path.exists({str(folder / 'slow')!r}): time.sleep(6000)\n"
    )
    text = EXAMPLE.read_text().replace("    power =", f"{slow}    power =")
    (folder / "octaves.py").write_text(text)
    embedding = own_embedding(small, folder / "octaves.py", "Octaves")
    return build_ranking(small, embedding, Recipe("mean", "minmax", None), "nns")


def folders(data: Path) -> list[Path]:
    """Return the folders of the sounds that were brought."""
    return sorted((data / "own").glob("*"))
