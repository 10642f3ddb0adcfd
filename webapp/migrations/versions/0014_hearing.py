"""beeps that are counted in the sound check"""

import sqlalchemy as sa
from alembic import op

from webapp.core.database import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: a study that is open keeps its sound check, which asks for a volume."""
    beeps = sa.Column("beeps", sa.String(), nullable=False, server_default="[]")
    op.add_column("study", beeps)
    hearing = sa.Column("hearing", sa.String(), nullable=False, server_default="")
    op.add_column("rater", hearing)
    op.add_column("rater", sa.Column("hearing_at", UtcDateTime(), nullable=True))
