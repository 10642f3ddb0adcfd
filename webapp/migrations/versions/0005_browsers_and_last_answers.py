"""browsers that hold a rater's place; the last answer of each sitting"""

import sqlalchemy as sa
from alembic import op

from webapp.core.database import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make two tables. Raters of before have no rows in them."""
    op.create_table(
        "browser",
        sa.Column("rater_id", sa.Integer(), nullable=False),
        sa.Column("secret_sha256", sa.String(), nullable=False),
        _rater("browser"),
        sa.PrimaryKeyConstraint("rater_id", "secret_sha256", name=op.f("pk_browser")),
    )
    op.create_index("ix_browser_secret_sha256", "browser", ["secret_sha256"])
    op.create_table(
        "last_answer",
        sa.Column("rater_id", sa.Integer(), nullable=False),
        sa.Column("sitting", sa.String(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        _rater("last_answer"),
        sa.PrimaryKeyConstraint("rater_id", "sitting", name=op.f("pk_last_answer")),
    )


def _rater(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_rater_id_rater")
    return sa.ForeignKeyConstraint(["rater_id"], ["rater.id"], name=name)
