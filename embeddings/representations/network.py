"""What every network has in common: samples to features to one vector or several."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch


class Network(ABC):
    """One representation with its weights loaded.

    Attributes
    ----------
    module : the network behind the front end, in evaluation mode on `device`
    device : where it runs, as PyTorch names it
    extraction : "as-published", with what the paper's extraction did, or "as-intended"
    """

    def __init__(self, module: torch.nn.Module, device: str, extraction: str) -> None:
        self.module = module.eval().to(device).requires_grad_(False)
        self.device = device
        self.extraction = extraction

    @abstractmethod
    def features(self, samples: np.ndarray, clip_id: str) -> torch.Tensor:
        """Return the front end's output for one clip, with a batch axis first.

        Parameters
        ----------
        samples : float32 [frames, channels], about [-1, 1], at the representation's sample rate
        clip_id : seeds what is random: crops, chunks
        """

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return float32 [batch, dim] or [batch, frames, dim] for features of `features`."""
        return self.module(features)

    def embed(self, samples: np.ndarray, clip_id: str = "") -> np.ndarray:
        """Return the embedding of one clip, float32 [dim] or [frames, dim]; see `features`."""
        with torch.inference_mode():
            return self.vectors([self.features(samples, clip_id)])[0]

    def vectors(self, features: Sequence[torch.Tensor]) -> list[np.ndarray]:
        """Return the embedding of every clip, each float32 [dim] or [frames, dim].

        Clips whose features are of one shape go through the network together; what else is in the
        batch moves the last bits of a vector, and no more.

        Parameters
        ----------
        features : what `features` returned for each clip
        """
        alike: dict[torch.Size, list[int]] = {}
        for place, one in enumerate(features):
            alike.setdefault(one.shape, []).append(place)
        found: dict[int, np.ndarray] = {}
        with torch.inference_mode():
            for places in alike.values():
                batch = torch.cat([features[place] for place in places]).to(self.device)
                found |= zip(places, self.forward(batch).cpu().numpy(), strict=True)
        return [found[place] for place in range(len(features))]


def mono(samples: np.ndarray) -> torch.Tensor:
    """Return the mean of the channels of float32 [frames, channels], as a tensor [frames]."""
    return torch.from_numpy(np.ascontiguousarray(samples.mean(axis=1, dtype=np.float32)))


def seed_of(clip_id: str) -> int:
    """Return the seed of what is random about a clip: 0 for no id, else by its SHA-256."""
    if not clip_id:
        return 0
    return int.from_bytes(hashlib.sha256(clip_id.encode()).digest()[:4], "big")
