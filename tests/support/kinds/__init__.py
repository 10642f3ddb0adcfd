"""Sound files of every kind."""
