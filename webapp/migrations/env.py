"""Runs the migrations on the app's own database, or by a connection that the caller hands over."""

from contextlib import nullcontext

from alembic import context
from flask import current_app

db = current_app.extensions["migrate"].db

given = context.config.attributes.get("connection")

with db.engine.connect() if given is None else nullcontext(given) as connection:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_as_batch=True,  # SQLite changes a table by making it anew
    )
    with context.begin_transaction():
        context.run_migrations()
