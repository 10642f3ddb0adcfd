"""Blocks of samples on their way to a whole sound, within what a clip may be."""

from pathlib import Path

import numpy as np

from embeddings.audio.speakers import Layout
from embeddings.errors import InputError

FASTEST_RATE = 2_000_000
"""Hz: beyond what any recorder has, a header is wrong."""
MOST_VALUES = 1800 * 48000 * 2
"""Samples of all channels together: as many as half an hour of stereo at 48 kHz has, 691 MB."""


class Gathering:
    """The samples of one file, block after block; more than a clip may have is an InputError.

    Attributes
    ----------
    rate, channels : of the sound
    layout : which loudspeaker each channel is for, see `embeddings.audio.speakers`
    frames : how many have come so far
    """

    layout: Layout = ()

    def __init__(
        self, path: Path, rate: int, channels: int, longest: float, beginning: float | None
    ) -> None:
        if not 0 < rate <= FASTEST_RATE:
            raise InputError(
                f"{path}: its header says a sample rate of {rate:,} Hz; "
                f"it must be from 1 to {FASTEST_RATE:,} Hz."
            )
        self.rate, self.channels, self.frames = rate, channels, 0
        self._path, self._longest = path, longest
        self._most = None if beginning is None else round(beginning * rate)
        self._blocks: list[np.ndarray] = []
        self._kept = 0

    def expect(self, frames: int) -> None:
        """Refuse a sound of `frames`, if it is more than a clip may have, before it is decoded."""
        if self._most is None:
            self._check(frames)

    @property
    def wanted(self) -> int:
        """How many frames are still to be kept; -1 for all that there are."""
        return -1 if self._most is None else self._most - self._kept

    @property
    def full(self) -> bool:
        """Whether only the beginning is wanted, and there."""
        return self._most is not None and self._kept >= self._most

    def add(self, block: np.ndarray) -> None:
        """Take `block`, float32 [frames, channels], as what follows."""
        self.frames += len(block)
        if self._most is not None:
            block = block[: self._most - self._kept]
        else:
            self._check(self.frames)
        if len(block):
            self._blocks.append(block)
            self._kept += len(block)

    def cut(self, frames: int) -> None:
        """Drop what comes after the first `frames`."""
        samples = self.samples()[:frames]
        self._blocks, self._kept, self.frames = [samples], len(samples), min(self.frames, frames)

    def samples(self) -> np.ndarray:
        """Return what is kept, float32 [frames, channels]."""
        if not self._blocks:
            return np.zeros((0, self.channels), np.float32)
        if len(self._blocks) > 1:
            self._blocks = [np.concatenate(self._blocks)]
        return self._blocks[0]

    def _check(self, frames: int) -> None:
        if frames > self._longest * self.rate:
            more = "more than " if frames == self.frames else ""
            raise InputError(
                f"{self._path}: the audio is {more}{frames / self.rate:.0f} s long; "
                f"a clip may have at most {self._longest:.0f} s."
            )
        if frames * self.channels > MOST_VALUES:
            raise InputError(
                f"{self._path}: the audio has {frames * self.channels:,} values or more "
                f"({self.channels} channels at {self.rate:,} Hz); a clip may have at most "
                f"{MOST_VALUES:,}."
            )
