"""the tables as 0.1.0 has them; what came before it is not read"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

from webapp.core.database import UtcDateTime

revision = "0003"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _create_study_tables()
    _create_rater_tables()
    _create_block_tables()
    _create_answer_tables()


def _create_study_tables() -> None:
    _create(
        "signin_link",
        *_text("token_sha256"),
        *_moment("made_at"),
        *_moment("used_at", nullable=True),
        _unique("signin_link", "token_sha256"),
    )
    _create(
        "study",
        *_text("slug", "title", "protocol", "protocol_sha256", "state", "code_version"),
        *_moment("created_at"),
        *_moment("opened_at", "closed_at", nullable=True),
        *_text("parent", "imported", usual=""),
        sa.Column("level", sa.Double(), nullable=True),
        *_text("tone", usual=""),
        *_text("trials", usual="[]"),
        *_no("simulated"),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name=op.f("ck_study_state")),
        _unique("study", "slug"),
    )
    _create(
        "query",
        *_whole("study_id"),
        *_text("clip", "class", "family", "sound"),
        sa.Column("weight", sa.Double(), nullable=False, server_default="1"),
        *_no("practice"),
        _unique("query", "study_id", "clip"),
        study_id="study",
        indexed=["study_id"],
    )
    _create(
        "system",
        *_whole("study_id"),
        *_text("ranking", "title", "provenance"),
        *_no("anchor"),
        _unique("system", "study_id", "ranking"),
        study_id="study",
    )
    _create(
        "candidate",
        *_whole("query_id"),
        *_text("clip", "kind", "sound"),
        *_no("reused"),
        _unique("candidate", "query_id", "clip", "kind"),
        query_id="query",
    )
    op.create_table(
        "candidate_source",
        *_whole("candidate_id", "system_id", "rank"),
        sa.Column("score", sa.Double(), nullable=False),
        _key("candidate_source", "candidate_id", "candidate"),
        _key("candidate_source", "system_id", "system"),
        sa.PrimaryKeyConstraint("candidate_id", "system_id", name=op.f("pk_candidate_source")),
    )


def _create_rater_tables() -> None:
    _create(
        "rater",
        *_whole("study_id", "number"),
        *_text("token"),
        *_moment("invited_at"),
        *_no("joined"),
        *_moment(
            "consented_at", "declined_at", "checked_at", "screened_at", "finished_at", nullable=True
        ),
        *_text("headphones", "before", "after", usual=""),
        _unique("rater", "study_id", "number"),
        _unique("rater", "token"),
        study_id="study",
    )
    _create(
        "sitting",
        *_whole("rater_id"),
        *_moment("started_at"),
        rater_id="rater",
        indexed=["rater_id"],
    )
    _create(
        "external_id",
        *_whole("study_id", "rater_id"),
        *_text("name", "value"),
        sa.Column("person", sa.Boolean(), nullable=False),
        study_id="study",
        rater_id="rater",
        indexed=["rater_id"],
    )
    op.create_index(
        "ix_external_id_person", "external_id", ["study_id", "name", "value"], unique=True,
        sqlite_where=sa.text("person"), postgresql_where=sa.text("person"),
    )  # fmt: skip
    _create(
        "withdrawal",
        *_whole("study_id", "judgements"),
        *_moment("withdrawn_at"),
        study_id="study",
        indexed=["study_id"],
    )


def _create_block_tables() -> None:
    _create(
        "block",
        *_whole("query_id", "number"),
        sa.Column("partial", sa.Boolean(), nullable=False),
        _unique("block", "query_id", "number"),
        query_id="query",
    )
    _create(
        "block_item",
        *_whole("block_id"),
        *_whole("candidate_id", "system_id", nullable=True),
        block_id="block",
        candidate_id="candidate",
        system_id="system",
        indexed=["block_id"],
    )
    _create(
        "assignment",
        *_whole("rater_id", "query_id", "block_id", "order_seed"),
        *_moment("assigned_at", "lease_until"),
        *_moment("finished_at", "repeated_at", nullable=True),
        _unique("assignment", "rater_id", "query_id"),
        rater_id="rater",
        query_id="query",
        block_id="block",
        indexed=["block_id"],
    )
    _create(
        "slot",
        *_whole("assignment_id", "page", "position"),
        sa.Column("repeat", sa.Boolean(), nullable=False),
        *_whole("candidate_id", "system_id", nullable=True),
        _unique("slot", "assignment_id", "position"),
        assignment_id="assignment",
        candidate_id="candidate",
        system_id="system",
        indexed=["candidate_id"],
    )


def _create_answer_tables() -> None:
    _create(
        "judgement",
        *_whole("slot_id"),
        *_text("facet"),
        *_whole("grade"),
        *_text("client_uuid"),
        sa.Column("listened_seconds", sa.Double(), nullable=False),
        sa.Column("heard", sa.Double(), nullable=True),
        *_moment("given_at", "received_at"),
        sa.CheckConstraint("grade BETWEEN 0 AND 100", name=op.f("ck_judgement_grade")),
        _unique("judgement", "client_uuid"),
        slot_id="slot",
        indexed=["slot_id"],
    )
    _create(
        "preference",
        *_whole("assignment_id"),
        *_text("choice", "client_uuid"),
        *_moment("given_at", "received_at"),
        sa.CheckConstraint("choice IN ('A', 'B', 'none')", name=op.f("ck_preference_choice")),
        _unique("preference", "client_uuid"),
        assignment_id="assignment",
        indexed=["assignment_id"],
    )
    heard = {"assignment_id": "assignment", "slot_id": "slot", "candidate_id": "candidate"}
    _create(
        "listen",
        *_whole("assignment_id"),
        *_whole("slot_id", "candidate_id", nullable=True),
        *_text("client_uuid"),
        sa.Column("seconds", sa.Double(), nullable=False),
        *_moment("started_at", "received_at"),
        _unique("listen", "client_uuid"),
        **heard,
        indexed=heard,
    )
    _create(
        "flag",
        *_whole("assignment_id"),
        *_whole("slot_id", "candidate_id", nullable=True),
        *_text("client_uuid"),
        *_moment("given_at", "received_at"),
        _unique("flag", "client_uuid"),
        **heard,
        indexed=heard,
    )


def _create(table: str, *parts: Any, indexed: Iterable[str] = (), **keys: str) -> None:
    """Create a table with its id and its keys: column="table whose id it has"."""
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        *parts,
        *(_key(table, column, other) for column, other in keys.items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    for column in indexed:
        op.create_index(f"ix_{table}_{column}", table, [column])


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{columns[0]}"))


def _whole(*names: str, nullable: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.Integer(), nullable=nullable) for name in names]


def _moment(*names: str, nullable: bool = False) -> list[sa.Column]:
    return [sa.Column(name, UtcDateTime(), nullable=nullable) for name in names]


def _text(*names: str, usual: str | None = None) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False, server_default=usual) for name in names]


def _no(*names: str) -> list[sa.Column]:
    return [
        sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()) for name in names
    ]
