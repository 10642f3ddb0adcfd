"""Pengi's audio encoder: the network of CLAP 2023 under its own weights, one vector a clip.

Deshmukh et al., "Pengi: An Audio Language Model for Audio Tasks", NeurIPS 2023. The vector is what
its language model is told of a sound: 1024 numbers, of length 1. The language model is left out.

Front end, and what `as-published` and `as-intended` do: see `clap2023`.
"""

import torch

from embeddings.representations import clap2023, htsat
from embeddings.representations.card import CHANNELS, TRANSFORMERS, Card, Variation
from embeddings.representations.checkpoint import Tensors

CARD = Card(
    module=__name__,
    name="Pengi",
    description="The ear of a language model that answers questions about sounds.",
    modality="A&L",
    objective="Question-answering",
    parameters="31M",
    training_data="3.4M pairs of sounds and texts",
    test_data="FSD50K's training part; its other sounds from Freesound may be others of FSD50K",
    frame_level=False,
    dim=1024,
    extractions=CHANNELS,
    variations=(
        Variation(
            name="base",
            address="https://zenodo.org/record/8387083/files/base.pth",
            licence="MIT",
            dim=1024,
        ),
    ),
    packages=TRANSFORMERS,
    code_licence="MIT (this project), Apache-2.0 (transformers)",
    citation="Deshmukh et al., Pengi: an audio language model for audio tasks, NeurIPS 2023",
)

SAMPLE_RATE: int | None = clap2023.SAMPLE_RATE
DIM = CARD.dim


class Pengi(clap2023.Clap2023):
    """Pengi's audio encoder with its weights loaded."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return float32 [batch, 1024], each of length 1."""
        return torch.nn.functional.normalize(super().forward(features), dim=-1)


def load(tensors: Tensors, device: str = "cpu", extraction: str = "as-published") -> Pengi:
    """Return Pengi's audio encoder with the tensors of a published checkpoint.

    Their names may begin with "module.". The language model's are left out, where they are there.
    Raises InputError where a key of the audio encoder is missing or misshapen, or one is unknown.
    """
    return Pengi(clap2023.load_encoder(tensors, htsat.wrapping(tensors)), device, extraction)
