"""Labelled clips: their layouts on disk, read, imported and checked."""

from embeddings.collection.clips import open_collection

__all__ = ["open_collection"]
