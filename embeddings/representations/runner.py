"""From an audio file to a clip's vectors, by any representation, in any process."""

import importlib
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from embeddings.audio.decoding import read_audio

if TYPE_CHECKING:
    import torch

Job = tuple[str, Path]
"""A clip's id, and where its audio lies."""


class Embedder(Protocol):
    """What an extraction calls for every clip; it travels to worker processes."""

    def __call__(self, path: Path, clip_id: str) -> np.ndarray:
        """Return float32 [dim] or [frames, dim]; raise with a sentence where that cannot be."""


@runtime_checkable
class BatchEmbedder(Embedder, Protocol):
    """An embedder that can compute several clips at once, where it says so."""

    @property
    def takes_batches(self) -> bool:
        """Whether `together` gains anything over one clip at a time."""

    def together(self, jobs: Sequence[Job]) -> list[np.ndarray | None]:
        """Return each clip's vectors, None where that clip alone failed; raise where all did."""


@dataclass(frozen=True, slots=True)
class Representation:
    """One of the registry's representations, ready to embed; weights are loaded when first used.

    Attributes
    ----------
    module, kind, resampler : as on the card
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
        module = importlib.import_module(self.module)
        if self.kind == "extractor":
            return module.extract(path, clip_id, self.extraction)
        network = loaded(self)
        if self.kind == "graph":
            return np.asarray(network.embed_file(path, clip_id), dtype=np.float32)
        return network.vectors([self._features(network, path, clip_id)])[0]

    @property
    def takes_batches(self) -> bool:
        """Whether several clips can go through the network at once."""
        return self.kind == "torch"

    def together(self, jobs: Sequence[Job]) -> list[np.ndarray | None]:
        """Return the vectors of several clips that went through a torch network at once.

        None stands for a clip that its front end did not get through: the clip, computed alone,
        tells why. Raises what the network raises, out of memory for one.
        """
        network = loaded(self)
        features: dict[int, torch.Tensor] = {}
        for place, (clip_id, path) in enumerate(jobs):
            with suppress(Exception):
                features[place] = self._features(network, path, clip_id)
        vectors = dict(zip(features, network.vectors(list(features.values())), strict=True))
        return [vectors.get(place) for place in range(len(jobs))]

    def _features(self, network: Any, path: Path, clip_id: str) -> "torch.Tensor":
        """Return what a torch network's front end makes of an audio file."""
        import torch

        module = importlib.import_module(self.module)
        samples, rate = read_audio(path)
        with torch.inference_mode():
            if module.SAMPLE_RATE is None:
                return network.features(samples, clip_id, rate=rate)
            heard = resampled(samples, rate, module.SAMPLE_RATE, self.resampler)
            return network.features(heard, clip_id)


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
    module = importlib.import_module(representation.module)
    if representation.kind == "graph":
        return module.load(representation.weights, representation.extraction)
    import torch

    from embeddings.representations.checkpoint import read_checkpoint

    if representation.device == "cpu":
        # One thread a process: processes share the cores, and the numbers do not depend on how.
        torch.set_num_threads(1)
    assert representation.weights is not None
    tensors = read_checkpoint(representation.weights)
    return module.load(tensors, representation.device, representation.extraction)
