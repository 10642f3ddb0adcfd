"""The registry of representations: a card for each, and a small module that computes it."""

from embeddings.representations.card import Card, Variation, read_cards

CARDS: dict[str, Card] = read_cards()
"""The fourteen representations of the paper, by name."""

__all__ = ["CARDS", "Card", "Variation"]
