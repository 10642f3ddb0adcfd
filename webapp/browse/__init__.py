"""The pages of a query and its lists, of a collection's sounds, and of one's own sound."""
