"""Nothing lost: a backup in one file, the way back, and a database from one kind to the other."""

from flask import Flask

from webapp.core.database import BEFORE_MIGRATION


def init_app(app: Flask) -> None:
    """Have a copy of the database kept before its tables are changed."""

    def keep(revision: str | None) -> None:
        from webapp.backups.before_migration import before_migration

        before_migration(revision)

    app.extensions[BEFORE_MIGRATION] = keep
