"""what was on when a grade was given; grades that were taken back"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: until now nothing was on, and no grade could be taken back."""
    way = sa.Column("way", sa.String(), nullable=False, server_default="")
    back = sa.Column("taken_back", sa.Boolean(), nullable=False, server_default=sa.false())
    for column in (way, back):
        op.add_column("judgement", column)
