"""Real databases for tests: PostgreSQL from the system's own packages, beside SQLite."""
