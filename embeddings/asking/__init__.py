"""Asking a collection's systems with a sound that is not in it."""
