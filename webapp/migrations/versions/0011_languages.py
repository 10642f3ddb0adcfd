"""the language of the page that each answer was given on"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: until now every page was in English."""
    for table in ("judgement", "preference"):
        column = sa.Column("language", sa.String(), nullable=False, server_default="en")
        op.add_column(table, column)
