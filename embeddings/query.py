"""A notebook's way to :mod:`embeddings.asking.answering`."""

from embeddings.asking.answering import answers

__all__ = ["answers"]
