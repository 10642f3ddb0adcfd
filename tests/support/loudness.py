"""How loud a written sound is, and what a folder has left."""

from pathlib import Path

from embeddings.audio.decoding import read_audio
from embeddings.audio.meter import integrated_loudness


def read_loudness(folder: Path, name: str) -> float:
    """What a meter reads of a file in LUFS."""
    loudness, _ = integrated_loudness(*read_audio(folder / name))
    assert loudness is not None
    return loudness


def left(folder: Path) -> list[Path]:
    """What lies in a folder, if it is there."""
    return list(folder.iterdir()) if folder.exists() else []
