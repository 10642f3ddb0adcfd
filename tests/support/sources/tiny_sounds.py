"""Sounds of a tenth of a second, for what is about where files lie and not about what they hold."""

import io
from pathlib import Path

import numpy as np
import soundfile

RATE = 8000
SECONDS = 0.1


def tiny_bytes(seed: int = 0, form: str = "WAV") -> bytes:
    """Return the content of a sound file; each seed gives another sound."""
    content = io.BytesIO()
    samples = 0.1 * np.random.default_rng(seed).standard_normal(round(SECONDS * RATE))
    soundfile.write(content, samples, RATE, format=form)
    return content.getvalue()


def write_tiny(path: Path, seed: int = 0) -> Path:
    """Write a sound file, its folder too, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tiny_bytes(seed))
    return path


def write_lines(path: Path, *lines: str) -> Path:
    """Write a text file of these lines, its folder too, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
