"""accounts by name, their sessions, and a log that nobody rewrites

A sign-in link from before names no account. It was good for an hour, and goes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from webapp.core.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _create(
        "account",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'viewer')", name=op.f("ck_account_role")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.drop_table("signin_link")
    _create(
        "signin_link",
        *_of_account("signin_link", "token_sha256"),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
    )
    _create(
        "signin_session",
        *_of_account("signin_session", "secret_sha256"),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
    )
    op.create_index("ix_signin_session_account_id", "signin_session", ["account_id"])
    _create(
        "log_entry",
        sa.Column("at", UtcDateTime(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("who", "what")),
        *(
            sa.Column(name, sa.String(), nullable=False, server_default="")
            for name in ("study", "note")
        ),
    )
    op.create_index("ix_log_entry_study", "log_entry", ["study"])
    for statement in _APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


_APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER log_entry_no_{what.lower()} BEFORE {what} ON log_entry "
        "BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        for what in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION log_entry_stays() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$",
        "CREATE TRIGGER log_entry_stays BEFORE UPDATE OR DELETE ON log_entry "
        "FOR EACH ROW EXECUTE FUNCTION log_entry_stays()",
    ],
}
"""Dialect -> what makes the database refuse to change or remove an entry."""


def _create(table: str, *parts: Any) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _of_account(table: str, digest: str) -> list[Any]:
    """Return the columns of what belongs to an account and is found by a digest."""
    return [
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column(digest, sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f(f"fk_{table}_account_id_account")
        ),
        sa.UniqueConstraint(digest, name=op.f(f"uq_{table}_{digest}")),
    ]
