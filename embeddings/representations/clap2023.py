"""CLAP 2023's audio encoder: HTS-AT and a projection, one vector a clip.

Elizalde et al., "Natural Language Supervision for General-Purpose Audio Representations", ICASSP
2024 (Microsoft's second CLAP). HTS-AT hears the sound (see `htsat`); the vector is the
projection's, 1024 numbers, not normalised. The text encoder is left out.

Front end, at 44100 Hz: exactly 7 s. A clip of up to 7 s is repeated until it fills them, of a
longer one 7 s are cut out at random, by the clip's own seed. Power spectrogram (centred
1024-sample Hann windows every 320 samples), 64 mel filters (Slaney's scale and norm), 10 log10 with
a floor of -100 dB: 965 windows x 64 filters, which the network stretches to 1024 windows. The
filters are those from 50 to 14000 Hz at 32 kHz, HTS-AT's own setting, and so lie 1.38 times
higher: from 69 to 19294 Hz.

- `as-published`: several channels are heard one after the other, as a single longer clip.
- `as-intended`: the mean of the channels. The seeded random cut is the same in both: it is how the
  encoder's authors treat long clips.
"""

import numpy as np
import torch
from torch import nn

from embeddings.representations import htsat
from embeddings.representations.card import CHANNELS, TRANSFORMERS, Card, Variation
from embeddings.representations.checkpoint import Tensors, load_strict, without_first_weights
from embeddings.representations.msclap import Projection, fixed_length
from embeddings.representations.network import Network

CARD = Card(
    module=__name__,
    name="CLAP2023",
    description="Sound and its caption brought together; a Swin transformer hears the sound.",
    modality="A&L",
    objective="Contrastive alignment",
    parameters="31M",
    training_data="4.6M pairs of sounds and captions",
    test_data="FSD50K, which part is not said; WavCaps's sounds from Freesound may be others of it",
    frame_level=False,
    dim=1024,
    extractions=CHANNELS,
    variations=(
        Variation(
            name="2023",
            address="https://huggingface.co/microsoft/msclap/resolve/main/CLAP_weights_2023.pth",
            licence="MS-PL",
            dim=1024,
        ),
    ),
    packages=TRANSFORMERS,
    code_licence="MIT (this project), Apache-2.0 (transformers)",
    citation=(
        "Elizalde et al., Natural language supervision for general-purpose audio representations,"
        " ICASSP 2024"
    ),
)

SAMPLE_RATE: int | None = 44100
DIM = CARD.dim

_SECONDS = 7
_HOP = 320
_FILTERS_RATE = 32000


class Clap2023(Network):
    """CLAP 2023's audio encoder with its weights; `embed` returns float32 [1024]."""

    def features(self, samples: np.ndarray, clip_id: str) -> torch.Tensor:
        """Return the log mel spectrogram in dB of 7 s of a clip, [1, 1, 965 windows, 64 bands]."""
        heard = fixed_length(samples, _SECONDS, clip_id, self.extraction)
        filters = htsat.mel_filters(_FILTERS_RATE, "slaney")
        return htsat.log_mel(heard, _HOP, filters)[None, None]


def load(tensors: Tensors, device: str = "cpu", extraction: str = "as-published") -> Clap2023:
    """Return CLAP 2023's audio encoder with the tensors of a published checkpoint.

    The text encoder's tensors are left out, where they are there.
    Raises InputError where a key of the audio encoder is missing or misshapen, or one is unknown.
    """
    return Clap2023(load_encoder(tensors), device, extraction)


def load_encoder(tensors: Tensors, wrapping: str = "") -> nn.Module:
    """Return the network behind the front end, [batch, 1, windows, 64] in dB -> [batch, 1024].

    Of the tensors it takes those whose name begins with `wrapping` and "audio_encoder.".
    """
    with without_first_weights():
        encoder = _AudioEncoder()
    load_strict(encoder, tensors, prefix=f"{wrapping}audio_encoder.", ignore=htsat.IGNORED)
    return encoder


class _AudioEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.base = nn.ModuleDict({"htsat": htsat.HTSAT()})
        self.projection = Projection(htsat.DIM, DIM)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.projection(self.base["htsat"](features))
