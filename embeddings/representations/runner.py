"""From an audio file to a clip's vectors, by any representation, in any process."""

import importlib
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from embeddings.audio import read_audio


class Embedder(Protocol):
    """What an extraction calls for every clip; it travels to worker processes."""

    def __call__(self, path: Path, clip_id: str) -> np.ndarray:
        """Return float32 [dim] or [frames, dim]; raise with a sentence where that cannot be."""


@dataclass(frozen=True, slots=True)
class Representation:
    """One of the registry's representations, ready to embed; weights are loaded when first used.

    Attributes
    ----------
    module : the file in `embeddings.representations`
    kind, resampler : as on the card
    extraction : which way to extract
    weights : the checkpoint, None where there is none
    device : where a network runs, as PyTorch names it
    """

    module: str
    kind: str
    resampler: str
    extraction: str
    weights: Path | None
    device: str = "cpu"

    def __call__(self, path: Path, clip_id: str) -> np.ndarray:
        """Return the vectors of one clip, float32 [dim] or [frames, dim]."""
        module = importlib.import_module(f"embeddings.representations.{self.module}")
        if self.kind == "extractor":
            return module.extract(path, clip_id, self.extraction)
        network = loaded(self)
        if self.kind == "graph":
            return np.asarray(network.embed_file(path, clip_id), dtype=np.float32)
        samples, rate = read_audio(path)
        if module.SAMPLE_RATE is None:
            return network.embed(samples, clip_id, rate=rate)
        return network.embed(resampled(samples, rate, module.SAMPLE_RATE, self.resampler), clip_id)


def resampled(samples: np.ndarray, rate: int, target: int, how: str = "soxr") -> np.ndarray:
    """Return samples, float32 [frames, channels], at `target` Hz.

    `how` is "soxr" (its high quality, and zeros up to the length rounded up, as librosa does) or
    "sinc" (as torchaudio does).
    """
    if rate == target:
        return samples
    if how == "sinc":
        import torch

        from embeddings.representations.frontends import resample_sinc

        channels = [
            resample_sinc(torch.from_numpy(np.ascontiguousarray(one)), rate, target).numpy()
            for one in samples.T
        ]
        return np.stack(channels, axis=1)
    import soxr

    found = soxr.resample(samples, rate, target, quality="HQ")
    missing = math.ceil(len(samples) * (target / rate)) - len(found)
    return np.pad(found, ((0, max(missing, 0)), (0, 0)))


@lru_cache(maxsize=1)  # one network is in use at a time, and may be large
def loaded(representation: Representation) -> Any:
    """Return the network of a representation that has weights, loaded once a process."""
    module = importlib.import_module(f"embeddings.representations.{representation.module}")
    if representation.kind == "graph":
        return module.load(representation.weights, representation.device, representation.extraction)
    import torch

    from embeddings.representations.checkpoint import read_checkpoint

    if representation.device == "cpu":
        # One thread a process: processes share the cores, and the numbers do not depend on how.
        torch.set_num_threads(1)
    assert representation.weights is not None
    tensors = read_checkpoint(representation.weights)
    return module.load(tensors, representation.device, representation.extraction)
