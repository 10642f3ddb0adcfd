"""second copies of clips that are met twice, and headphone tests that are drawn for each rater"""

import sqlalchemy as sa
from alembic import op

from webapp.core.database import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_AS_BEFORE = "[0, 1, 2, 3, 4, 5]"


def upgrade() -> None:
    """Add the columns; who is at the headphone test now goes on with the one that was shown.

    A sitting begins with the page of the sound check or of the headphone test, or later.
    """
    usual = sa.text("''")
    op.add_column(
        "candidate", sa.Column("again", sa.String(), nullable=False, server_default=usual)
    )
    op.add_column("rater", sa.Column("drawn", sa.String(), nullable=False, server_default=usual))
    op.add_column("rater", sa.Column("drawn_at", UtcDateTime(), nullable=True))
    op.execute(
        f"UPDATE rater SET drawn = '{_AS_BEFORE}', drawn_at = invited_at "
        "WHERE screened_at IS NULL AND finished_at IS NULL "
        "AND id IN (SELECT rater_id FROM sitting)"
    )
