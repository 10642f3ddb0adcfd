"""Backups, their way back, and databases of the other kind."""
