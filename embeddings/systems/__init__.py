"""Embeddings and rankings on disk: stored, built, imported."""
