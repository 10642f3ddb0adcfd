"""The registry of representations: one card each, one small module per network."""

from embeddings.representations import freesound
from embeddings.representations.card import Card

CARDS: dict[str, Card] = {card.name: card for card in (freesound.CARD,)}
"""Every representation that can be computed here, by name."""

__all__ = ["CARDS", "Card"]
