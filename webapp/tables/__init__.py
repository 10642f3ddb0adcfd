"""A study's tables from the database: the one source of its bundle and of its results."""
