"""what was on when an answer was given; grades that were taken back"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: until now nothing was on, and no grade could be taken back."""
    for table in ("judgement", "preference"):
        way = sa.Column("way", sa.String(), nullable=False, server_default="")
        op.add_column(table, way)
    back = sa.Column("taken_back", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("judgement", back)
