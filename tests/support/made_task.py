"""An extraction by a made representation, which can be slow, fail or die."""

import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.audio.decoding import read_audio
from embeddings.errors import InputError
from embeddings.extraction.extract import Task
from embeddings.representations.runner import Job


def describe_clip(path: Path, clip_id: str) -> np.ndarray:
    """Return three numbers of a sound; a hiss fails while a file "broken" is beside it."""
    if clip_id.startswith("hiss") and (path.parent / "broken").exists():
        raise InputError(f"{path}: not now")
    samples, _ = read_audio(path)
    return np.array([samples.mean(), samples.std(), len(samples)], dtype=np.float32)


@dataclass(frozen=True)
class Batches:
    """Describes several clips at a time, notes what it does, and has trouble with hiss-3."""

    notes: Path
    trouble: str = ""
    device: str = "cpu"
    takes_batches: bool = True

    def __call__(self, path: Path, clip_id: str) -> np.ndarray:
        if clip_id == "hiss-3" and self.trouble == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if clip_id == "hiss-3" and self.trouble == "unreadable":
            raise InputError(f"{path}: cannot be read")
        if self.trouble == "slow":
            time.sleep(0.1)
        self.note(clip_id)
        return describe_clip(path, clip_id)

    def together(self, jobs: Sequence[Job]) -> list[np.ndarray | None]:
        self.note(f"{len(jobs)} together")
        if self.trouble == "large":
            raise MemoryError("too large")
        bad = "hiss-3" if self.trouble == "unreadable" else ""
        return [None if clip_id == bad else self(path, clip_id) for clip_id, path in jobs]

    def note(self, line: str) -> None:
        with self.notes.open("a") as file:
            file.write(line + "\n")

    def noted(self) -> Counter[str]:
        return Counter(self.notes.read_text().splitlines())


TASK = Task("Three", "three", 3, describe_clip, {"package": "numpy"})
