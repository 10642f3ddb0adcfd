"""what raters say besides a grade: that they cannot say, and remarks"""

import sqlalchemy as sa
from alembic import op

from webapp.core.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "cannot_say",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slot_id", sa.Integer(), nullable=False),
        sa.Column("facet", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("client_uuid", sa.String(), nullable=False),
        sa.Column("listened_seconds", sa.Double(), nullable=False),
        sa.Column("heard", sa.Double(), nullable=True),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cannot_say")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("fk_cannot_say_slot_id_slot")),
        sa.UniqueConstraint("client_uuid", name=op.f("uq_cannot_say_client_uuid")),
    )
    op.create_index(op.f("ix_cannot_say_slot_id"), "cannot_say", ["slot_id"])
    of_sounds = ("assignment", "slot", "candidate")
    op.create_table(
        "remark",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(f"{one}_id", sa.Integer(), nullable=one != "assignment") for one in of_sounds),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("client_uuid", sa.String(), nullable=False),
        sa.Column("given_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remark")),
        *(
            sa.ForeignKeyConstraint(
                [f"{one}_id"], [f"{one}.id"], name=op.f(f"fk_remark_{one}_id_{one}")
            )
            for one in of_sounds
        ),
        sa.UniqueConstraint("client_uuid", name=op.f("uq_remark_client_uuid")),
    )
    for one in of_sounds:
        op.create_index(op.f(f"ix_remark_{one}_id"), "remark", [f"{one}_id"])
