"""What CLAP2022, CLAP2023 and Pengi share: clips of one length, and the last projection."""

import math
import random

import numpy as np
import torch
from torch import nn

from embeddings.representations.network import mono, seed_of

RATE = 44100


def fixed_length(samples: np.ndarray, seconds: int, clip_id: str, extraction: str) -> torch.Tensor:
    """Return exactly `seconds` of a clip, float32 [frames].

    A shorter clip is repeated, of a longer one a stretch is taken that `clip_id` seeds. Several
    channels are put one after the other as published, and averaged as intended.
    """
    one_after_other = torch.from_numpy(samples.T.reshape(-1).copy())
    heard = mono(samples) if extraction == "as-intended" else one_after_other
    length = seconds * RATE
    if len(heard) <= length:
        return heard.repeat(math.ceil(length / len(heard)))[:length]
    start = random.Random(seed_of(clip_id)).randrange(len(heard) - length)
    return heard[start : start + length]


class Projection(nn.Module):
    """An encoder's vector, [batch, size], to the space shared with text, [batch, dim]."""

    def __init__(self, size: int, dim: int) -> None:
        super().__init__()
        self.linear1 = nn.Linear(size, dim, bias=False)
        self.linear2 = nn.Linear(dim, dim, bias=False)
        self.layer_norm = nn.LayerNorm(dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Project."""
        first = self.linear1(x)
        return self.layer_norm(first + self.linear2(nn.functional.gelu(first)))
