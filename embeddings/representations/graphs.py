"""TensorFlow graphs that Essentia runs: what VGGish, YAMNet, FSD-SINet and OpenL3 have in common.

A graph is one frozen file, as published on Essentia's model pages. It takes patches (stretches of
a mel spectrogram) and gives one vector for each. Essentia's own algorithms compute the mel bands
of every frame; cutting frames and patches is done here, by the rules of Essentia's FrameCutter.
That cutter adds unseeded noise to silent frames (uniform, at most 1e-10 of full scale), so two runs
over a clip with digital silence differ. Here the same noise is seeded by the clip id instead.

The paper loaded audio by Essentia's EasyLoader: mono, at the network's rate, at most 30 s. Told a
replay gain of 0 dB, EasyLoader adds 6 dB and clips at full scale. "as-published" keeps that;
"as-intended" takes the audio at its own level. Clips shorter than 1 s get zeros up to 1 s.
"""

import hashlib
import os
import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import soundfile

from embeddings.audio.decoding import decode
from embeddings.errors import InputError

REPLAY_GAIN = {"as-published": 0.0, "as-intended": -6.0}
"""What EasyLoader is told, in dB, by extraction; it adds 6 dB to it."""

LONGEST_SECONDS = 30.0

_BATCH = 64
_MOST_CHANNELS = 2
_SILENCE = 1e-10
"""The mean square of a frame below which Essentia takes it for silent."""
_NOISE = np.float32(1e-10)


@dataclass(frozen=True, slots=True)
class Layout:
    """What a published graph takes and gives.

    Attributes
    ----------
    file : its published file name
    input, output : the names of its nodes
    patch : the shape of one patch as Essentia takes it, three sizes
    dim : numbers in a vector
    sample_rate : of the audio, in Hz
    squeeze : whether the graph wants the patch without its sizes of 1
    """

    file: str
    input: str
    output: str
    patch: tuple[int, int, int]
    dim: int
    sample_rate: int
    squeeze: bool = False


class Graph(ABC):
    """One representation with its graph loaded.

    TensorFlow chooses by itself what it runs on.

    Attributes
    ----------
    layout : what the graph takes and gives
    extraction : "as-published" or "as-intended"; see this module
    """

    layout: ClassVar[Layout]

    def __init__(self, path: Path, extraction: str = "as-published") -> None:
        """Load the graph file at `path`: this is what a graph's module calls `load`.

        Raises
        ------
        InputError
            The file is missing, is no graph, or is one of another network.
        """
        self.extraction = extraction
        self._gain = REPLAY_GAIN[extraction]
        self._predict = _load(path, self.layout)
        self._check(path)

    @abstractmethod
    def patches(self, mono: np.ndarray, clip_id: str) -> np.ndarray:
        """Return float32 [patches, *layout.patch] of float32 [frames], 1 s of them or more."""

    def features(self, samples: np.ndarray, clip_id: str = "") -> np.ndarray:
        """Return the front end's output for one clip, float32 [patches, *layout.patch].

        Parameters
        ----------
        samples : float32 [frames, channels], about [-1, 1], at the network's rate
        clip_id : seeds the noise in silent frames
        """
        mono = samples.mean(axis=1, dtype=np.float32)
        return self.patches(np.pad(mono, (0, max(0, self.layout.sample_rate - len(mono)))), clip_id)

    def forward(self, patches: np.ndarray) -> np.ndarray:
        """Return float32 [patches, dim] for patches of `features`."""
        import essentia

        vectors = []
        for start in range(0, len(patches), _BATCH):
            pool = essentia.Pool()
            pool.set(self.layout.input, np.ascontiguousarray(patches[start : start + _BATCH]))
            given = self._predict(pool)[self.layout.output]
            vectors.append(np.array(given, dtype=np.float32).reshape(len(given), -1))
        return np.concatenate(vectors)

    def embed(self, samples: np.ndarray, clip_id: str = "") -> np.ndarray:
        """Return one vector a patch, float32 [patches, dim], without any gain; see `features`."""
        return self.forward(self.features(samples, clip_id))

    def embed_file(self, path: Path, clip_id: str = "") -> np.ndarray:
        """Return one vector a patch of an audio file's first 30 s, float32 [patches, dim].

        Raises
        ------
        InputError
            The audio cannot be read.
        """
        samples = load_audio(path, self.layout.sample_rate, self._gain)
        return self.embed(samples[:, None], clip_id)

    def _check(self, path: Path) -> None:
        layout = self.layout
        try:
            vectors = self.forward(np.zeros((1, *layout.patch), dtype=np.float32))
        except RuntimeError as error:
            size = " x ".join(str(size) for size in layout.patch if size > 1)
            raise InputError(
                f"{path}: the graph does not take patches of {size} at its node "
                f"{layout.input!r} ({_reason(error)}); {layout.file} is wanted."
            ) from error
        if vectors.shape != (1, layout.dim):
            raise InputError(
                f"{path}: the graph's node {layout.output!r} gives {vectors.size} numbers for a "
                f"patch, not {layout.dim}; {layout.file} is wanted."
            )


@cache
def essentia_standard() -> Any:
    """Return the module essentia.standard, imported without its and TensorFlow's greetings."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # must be set before the import
    import essentia

    essentia.log.infoActive = False
    essentia.log.warningActive = False
    import essentia.standard

    return essentia.standard


def load_audio(path: Path, rate: int, replay_gain: float) -> np.ndarray:
    """Return the first 30 s of an audio file as EasyLoader gives them, float32 [frames], mono.

    Parameters
    ----------
    path : the audio file, of any number of channels
    rate : of the samples returned, in Hz
    replay_gain : in dB; EasyLoader adds 6 to it, and clips at full scale

    Raises
    ------
    InputError
        The audio cannot be read.
    """
    sound = decode(path)
    many = sound.samples.shape[1] > _MOST_CHANNELS
    if not many and not sound.by_ffmpeg:
        return _easy_load(path, rate, replay_gain)
    # Essentia brings an FFmpeg of its own, of other years: it gets what was imported
    samples = sound.samples.mean(axis=1) if many else sound.samples
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as folder:
        decoded = Path(folder) / "decoded.wav"
        soundfile.write(decoded, samples, sound.rate, subtype="FLOAT")
        return _easy_load(decoded, rate, replay_gain)


def cut_frames(samples: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Return frames around every multiple of `hop`, float32 [frames, size].

    The first is centred on sample 0, the last is the first that is centred on the end or later
    (and still has a sample of the clip in it); outside the clip there are zeros.

    Parameters
    ----------
    samples : float32 [n], n at least 1
    size, hop : in samples, `size` even
    """
    half = size // 2
    count = min(-(-len(samples) // hop) + 1, -(-(len(samples) + half) // hop))
    padded = np.pad(samples, (half, size + hop))
    return np.lib.stride_tricks.sliding_window_view(padded, size)[::hop][:count].copy()


def noisy_frames(samples: np.ndarray, size: int, hop: int, clip_id: str) -> np.ndarray:
    """Return the frames of `cut_frames`, with noise in the silent ones that the id seeds."""
    frames = cut_frames(samples, size, hop)
    silent = np.flatnonzero(np.square(frames).mean(axis=1) < _SILENCE)
    seed = int.from_bytes(hashlib.sha256(clip_id.encode()).digest()[:8], "big")
    noise = np.random.default_rng(seed).random((len(silent), size), dtype=np.float32)
    for row, hiss in zip(silent.tolist(), noise, strict=True):
        # Essentia puts what begins before the clip later by as much, which empties the first frame.
        before = max(0, size // 2 - row * hop)
        frames[row, before:] = frames[row, : size - before]
        frames[row] += _NOISE * (2 * hiss - 1)
    return frames


def cut_patches(bands: np.ndarray, length: int, hop: int) -> np.ndarray:
    """Return every whole patch, float32 [patches, length, bands], of bands [frames, bands]."""
    windows = np.lib.stride_tricks.sliding_window_view(bands, length, axis=0)
    return windows[::hop].transpose(0, 2, 1)


def _load(path: Path, layout: Layout) -> Any:
    try:
        path.open("rb").close()  # TensorFlow crashes on a folder
    except OSError as error:
        reason = "there is no such file" if not path.exists() else "the file cannot be read"
        raise InputError(f"{path}: {reason}; the graph {layout.file} is wanted.") from error
    try:
        return essentia_standard().TensorflowPredict(
            graphFilename=str(path),
            inputs=[layout.input],
            outputs=[layout.output],
            squeeze=layout.squeeze,
        )
    except RuntimeError as error:
        for node in (layout.input, layout.output):
            if f"'{node}' is not a valid node name" in str(error):
                raise InputError(
                    f"{path}: the graph has no node {node!r}; {layout.file} is wanted."
                ) from error
        raise InputError(
            f"{path}: this is no TensorFlow graph ({_reason(error)}); {layout.file} is wanted."
        ) from error


def _easy_load(path: Path, rate: int, replay_gain: float) -> np.ndarray:
    try:
        return essentia_standard().EasyLoader(
            filename=str(path),
            sampleRate=rate,
            endTime=LONGEST_SECONDS,
            replayGain=replay_gain,
        )()
    except RuntimeError as error:
        raise InputError(f"{path}: Essentia cannot read the audio ({_reason(error)}).") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rpartition("TensorflowPredict: ")[2].rstrip(".")
