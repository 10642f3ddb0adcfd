"""The page of a collection's maps."""
