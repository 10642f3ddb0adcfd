"""A notebook's way to :mod:`embeddings.systems.store`."""

from embeddings.systems.store import open_embedding, open_ranking

__all__ = ["open_embedding", "open_ranking"]
