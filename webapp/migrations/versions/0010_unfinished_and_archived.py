"""studies that are being written, and studies that are put away"""

import sqlalchemy as sa
from alembic import op

from webapp.core.database import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; no study is put away yet."""
    op.create_table(
        "unfinished",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("toml", sa.String(), nullable=False),
        sa.Column("edited", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_unfinished")),
    )
    op.add_column(
        "study", sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false())
    )
