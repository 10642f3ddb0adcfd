"""The registry of representations: a module each, with its card and what computes it.

A module here that has a `CARD` is a representation; the others are what several share.
"""

from pathlib import Path

from embeddings.representations.card import Card, Variation, find_cards

_TABLE = (
    "Freesound",
    "VGGish",
    "YAMNet",
    "FSD-SINet",
    "BEATs",
    "OpenL3",
    "CAV-MAE",
    "CLAP2022",
    "LAION-CLAP",
    "CLAP2023",
    "Pengi",
    "AudioCLIP",
    "Wav2CLIP",
    "ImageBind",
)
"""The paper's representations (Araz et al., CBMI 2024), in the order of its Table I."""

CARDS: dict[str, Card] = find_cards(Path(__file__).parent, __name__, _TABLE)
"""Every representation by name: the fourteen, then others."""

FOURTEEN: dict[str, Card] = {name: CARDS[name] for name in _TABLE}
"""The paper's representations by name: those that anything was published of."""

__all__ = ["CARDS", "FOURTEEN", "Card", "Variation"]
