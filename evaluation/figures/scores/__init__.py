"""The figures of a collection's objective scores."""
