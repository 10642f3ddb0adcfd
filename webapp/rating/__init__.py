"""A rater's way, from the link to the thanks: the blind wall stands around this package."""
