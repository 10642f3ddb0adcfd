"""studies that nobody judged"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables to this revision."""
    with op.batch_alter_table("study", recreate="never") as batch:
        batch.add_column(
            sa.Column("simulated", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    """Take the tables back to the revision before; what was simulated goes on as if it were not."""
    with op.batch_alter_table("study", recreate="never") as batch:
        batch.drop_column("simulated")
