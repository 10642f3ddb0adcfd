"""the listening test: blocks, slots, preferences, listens, and the rater's way"""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from alembic import op

from webapp.core.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LEASE = timedelta(hours=4)


def upgrade() -> None:
    """Bring the tables to this revision. Every judgement moves to the slot it was given in."""
    assignments, judgements = _rows("assignment"), _rows("judgement")
    pools: dict[int, list[int]] = defaultdict(list)
    for candidate in _rows("candidate"):
        pools[candidate["query_id"]].append(candidate["id"])
    for table in ("judgement", "assignment"):
        op.drop_table(table)
    for table, columns in _added().items():
        with op.batch_alter_table(table, recreate="never") as batch:
            for column in columns:
                batch.add_column(column)
    _create_block_tables()
    _create_rater_tables()

    blocks = {query: number for number, query in enumerate(sorted(pools), 1)}
    _insert("block", [{"id": block, "query_id": query, "number": 1, "partial": False}
                      for query, block in blocks.items()])  # fmt: skip
    _insert("block_item", [{"block_id": blocks[query], "candidate_id": one}
                           for query in blocks for one in pools[query]])  # fmt: skip
    _insert("assignment", [
        one | {"block_id": blocks[one["query_id"]], "lease_until": one["assigned_at"] + _LEASE,
               "repeated_at": one["finished_at"]}
        for one in assignments
    ])  # fmt: skip
    slots = {}
    for one in assignments:
        pool = pools[one["query_id"]]
        order = np.random.default_rng(one["order_seed"]).permutation(len(pool))
        for position, place in enumerate(order, 1):
            slots[one["rater_id"], pool[place]] = {
                "id": len(slots) + 1, "assignment_id": one["id"], "page": 1,
                "position": position, "repeat": False, "candidate_id": pool[place],
            }  # fmt: skip
    _insert("slot", list(slots.values()))
    for one in judgements:
        one |= {"slot_id": slots[one.pop("rater_id"), one.pop("candidate_id")]["id"]}
        one |= {"facet": "relevance", "heard": None}
        del one["position"]  # the slot has it
    _insert("judgement", judgements)


def downgrade() -> None:
    """Take the tables back to the revision before; what that one cannot hold is lost."""
    slots = {one["id"]: one for one in _rows("slot")}
    assignments = {one["id"]: one for one in _rows("assignment")}
    kept = []
    for one in _rows("judgement"):
        slot = slots[one.pop("slot_id")]
        if slot["candidate_id"] is None or slot["repeat"]:
            continue
        del one["facet"], one["heard"]
        rater = assignments[slot["assignment_id"]]["rater_id"]
        place = {"candidate_id": slot["candidate_id"], "position": slot["position"]}
        kept.append(one | place | {"rater_id": rater})
    for table in (
        "flag", "listen", "preference", "judgement", "slot", "assignment", "block_item", "block",
        "withdrawal", "external_id",
    ):  # fmt: skip
        op.drop_table(table)
    for table, columns in _added().items():
        with op.batch_alter_table(table, recreate="never") as batch:
            for column in columns:
                batch.drop_column(column.name)
    _create_first_tables()
    columns = ("id", "rater_id", "query_id", "order_seed", "assigned_at", "finished_at")
    rows = [{name: one[name] for name in columns} for one in assignments.values()]
    _insert("assignment", rows)
    _insert("judgement", kept)


def _added() -> dict[str, list[sa.Column]]:
    """Return the columns that are added to tables which stay as they are."""
    return {
        "study": [
            sa.Column("closed_at", UtcDateTime(), nullable=True),
            sa.Column("parent", sa.String(), nullable=False, server_default=""),
            sa.Column("imported", sa.String(), nullable=False, server_default=""),
            sa.Column("level", sa.Double(), nullable=True),
            sa.Column("tone", sa.String(), nullable=False, server_default=""),
            sa.Column("trials", sa.String(), nullable=False, server_default="[]"),
        ],
        "system": [sa.Column("anchor", sa.Boolean(), nullable=False, server_default=sa.false())],
        "query": [
            sa.Column("weight", sa.Double(), nullable=False, server_default="1"),
            sa.Column("practice", sa.Boolean(), nullable=False, server_default=sa.false()),
        ],
        "candidate": [sa.Column("reused", sa.Boolean(), nullable=False, server_default=sa.false())],
        "rater": [
            sa.Column("joined", sa.Boolean(), nullable=False, server_default=sa.false()),
            sa.Column("consented_at", UtcDateTime(), nullable=True),
            sa.Column("declined_at", UtcDateTime(), nullable=True),
            sa.Column("checked_at", UtcDateTime(), nullable=True),
            sa.Column("screened_at", UtcDateTime(), nullable=True),
            sa.Column("finished_at", UtcDateTime(), nullable=True),
            sa.Column("headphones", sa.String(), nullable=False, server_default=""),
            sa.Column("before", sa.String(), nullable=False, server_default=""),
            sa.Column("after", sa.String(), nullable=False, server_default=""),
        ],
    }


def _table(name: str) -> sa.Table:
    table = sa.Table(name, sa.MetaData(), autoload_with=op.get_bind(), resolve_fks=False)
    for column in table.columns:  # SQLite's reflection knows no zones
        if isinstance(column.type, sa.DateTime):
            column.type = UtcDateTime()
    return table


def _rows(name: str) -> list[dict[str, Any]]:
    table = _table(name)
    found = op.get_bind().execute(sa.select(table).order_by(table.c.id))
    return [dict(row) for row in found.mappings()]


def _insert(name: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    bind = op.get_bind()
    bind.execute(sa.insert(_table(name)), rows)
    if bind.dialect.name == "postgresql":  # its counters do not see ids that were given
        counter = f"pg_get_serial_sequence('\"{name}\"', 'id')"
        bind.execute(sa.text(f'SELECT setval({counter}, max(id)) FROM "{name}"'))


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}")
    )


def _create(table: str, *parts: Any, keys: dict[str, str]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        *parts,
        *(_key(table, column, other) for column, other in keys.items()),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _whole(*names: str, nullable: bool = False) -> list[sa.Column]:
    return [sa.Column(name, sa.Integer(), nullable=nullable) for name in names]


def _moment(*names: str, nullable: bool = False) -> list[sa.Column]:
    return [sa.Column(name, UtcDateTime(), nullable=nullable) for name in names]


def _text(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_{table}_{column}", table, [column])


def _create_block_tables() -> None:
    _create(
        "block",
        *_whole("query_id", "number"),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("query_id", "number", name=op.f("uq_block_query_id")),
        keys={"query_id": "query"},
    )
    _create(
        "block_item",
        *_whole("block_id"),
        *_whole("candidate_id", "system_id", nullable=True),
        keys={"block_id": "block", "candidate_id": "candidate", "system_id": "system"},
    )
    _index("block_item", "block_id")
    _create(
        "assignment",
        *_whole("rater_id", "query_id", "block_id", "order_seed"),
        *_moment("assigned_at", "lease_until"),
        *_moment("finished_at", "repeated_at", nullable=True),
        sa.UniqueConstraint("rater_id", "query_id", name=op.f("uq_assignment_rater_id")),
        keys={"rater_id": "rater", "query_id": "query", "block_id": "block"},
    )
    _index("assignment", "block_id")
    _create(
        "slot",
        *_whole("assignment_id", "page", "position"),
        sa.Column("repeat", sa.Boolean(), nullable=False),
        *_whole("candidate_id", "system_id", nullable=True),
        sa.UniqueConstraint("assignment_id", "position", name=op.f("uq_slot_assignment_id")),
        keys={"assignment_id": "assignment", "candidate_id": "candidate", "system_id": "system"},
    )
    _index("slot", "candidate_id")


def _create_rater_tables() -> None:
    _create(
        "external_id",
        *_whole("study_id", "rater_id"),
        *_text("name", "value"),
        sa.Column("person", sa.Boolean(), nullable=False),
        keys={"study_id": "study", "rater_id": "rater"},
    )
    _index("external_id", "rater_id")
    op.create_index(
        "ix_external_id_person", "external_id", ["study_id", "name", "value"], unique=True,
        sqlite_where=sa.text("person"), postgresql_where=sa.text("person"),
    )  # fmt: skip
    _create(
        "withdrawal",
        *_whole("study_id", "judgements"),
        *_moment("withdrawn_at"),
        keys={"study_id": "study"},
    )
    _index("withdrawal", "study_id")
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
        sa.UniqueConstraint("client_uuid", name=op.f("uq_judgement_client_uuid")),
        keys={"slot_id": "slot"},
    )
    _index("judgement", "slot_id")
    _create(
        "preference",
        *_whole("assignment_id"),
        *_text("choice", "client_uuid"),
        *_moment("given_at", "received_at"),
        sa.CheckConstraint("choice IN ('A', 'B', 'none')", name=op.f("ck_preference_choice")),
        sa.UniqueConstraint("client_uuid", name=op.f("uq_preference_client_uuid")),
        keys={"assignment_id": "assignment"},
    )
    _index("preference", "assignment_id")
    _create(
        "listen",
        *_whole("assignment_id"),
        *_whole("slot_id", "candidate_id", nullable=True),
        *_text("client_uuid"),
        sa.Column("seconds", sa.Double(), nullable=False),
        *_moment("started_at", "received_at"),
        sa.UniqueConstraint("client_uuid", name=op.f("uq_listen_client_uuid")),
        keys={"assignment_id": "assignment", "slot_id": "slot", "candidate_id": "candidate"},
    )
    for column in ("assignment_id", "slot_id", "candidate_id"):
        _index("listen", column)
    _create(
        "flag",
        *_whole("assignment_id"),
        *_whole("slot_id", "candidate_id", nullable=True),
        *_text("client_uuid"),
        *_moment("given_at", "received_at"),
        sa.UniqueConstraint("client_uuid", name=op.f("uq_flag_client_uuid")),
        keys={"assignment_id": "assignment", "slot_id": "slot", "candidate_id": "candidate"},
    )
    for column in ("assignment_id", "slot_id", "candidate_id"):
        _index("flag", column)


def _create_first_tables() -> None:
    """The two tables as the revision before has them."""
    _create(
        "assignment",
        *_whole("rater_id", "query_id", "order_seed"),
        *_moment("assigned_at"),
        *_moment("finished_at", nullable=True),
        sa.UniqueConstraint("rater_id", "query_id", name=op.f("uq_assignment_rater_id")),
        keys={"rater_id": "rater", "query_id": "query"},
    )
    _index("assignment", "query_id")
    _create(
        "judgement",
        *_whole("rater_id", "candidate_id", "grade"),
        *_text("client_uuid"),
        *_whole("position"),
        sa.Column("listened_seconds", sa.Double(), nullable=False),
        *_moment("given_at", "received_at"),
        sa.CheckConstraint("grade BETWEEN 0 AND 100", name=op.f("ck_judgement_grade")),
        sa.UniqueConstraint("client_uuid", name=op.f("uq_judgement_client_uuid")),
        keys={"rater_id": "rater", "candidate_id": "candidate"},
    )
    op.create_index("ix_judgement_rater_id_candidate_id", "judgement", ["rater_id", "candidate_id"])
