"""tokens by which scripts read"""

import sqlalchemy as sa
from alembic import op

from webapp.core.database import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "access_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("name", "token_sha256", "scopes", "study")
        ),
        *(sa.Column(name, UtcDateTime(), nullable=False) for name in ("made_at", "expires_at")),
        *(sa.Column(name, UtcDateTime(), nullable=True) for name in ("used_at", "revoked_at")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_access_token_account_id_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("name", name=op.f("uq_access_token_name")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_access_token_token_sha256")),
    )
    op.create_index("ix_access_token_account_id", "access_token", ["account_id"])
