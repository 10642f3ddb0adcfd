"""A notebook's way to :mod:`embeddings.systems.rankings`."""

from embeddings.systems.rankings import prepared_vectors

__all__ = ["prepared_vectors"]
