"""A study as typed tables: its facts and events, their codebook, its bundle."""
