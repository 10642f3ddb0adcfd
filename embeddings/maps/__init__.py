"""Embeddings in two dimensions: laid out, and stored."""
