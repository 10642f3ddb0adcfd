"""A notebook's way to :mod:`embeddings.asking.sounds`."""

from embeddings.asking.sounds import take_sound

__all__ = ["take_sound"]
