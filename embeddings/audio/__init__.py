"""Sound files: reading them, and what is measured of each."""
