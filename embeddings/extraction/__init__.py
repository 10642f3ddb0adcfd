"""A representation of a whole collection: computed in parallel, resumable, by verified weights."""
