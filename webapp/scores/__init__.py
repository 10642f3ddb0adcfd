"""The page of a collection's objective scores."""
