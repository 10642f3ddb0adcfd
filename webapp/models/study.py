"""A study, and all that is fixed when it opens: systems, queries, pools, blocks."""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.protocol.reading import protocol_from_json
from evaluation.protocol.terms import Protocol
from webapp.core.database import UtcDateTime, db, now

KINDS = ("result", "identity", "distractor")
"""What a candidate is in its pool: a system's result, or one of two controls."""


class Study(db.Model):
    """A listening test. Its protocol is frozen when it opens.

    `level` is the loudness in LUFS that its sounds were brought to, None where they were not;
    `tone`, `beeps` and `trials` are the files of the sound check. `parent` is the slug of the
    study that it extends, "" for none. `imported` is the state that a study from a bundle had
    where it was exported, "" for our own; here it is closed, and has no sounds. `simulated` says
    that nobody judged: its judgements are made (`webapp.demo.made_raters`). One that is
    `archived` is left out of the list unless asked for; nothing else changes.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    protocol: Mapped[str]
    protocol_sha256: Mapped[str]
    state: Mapped[str] = mapped_column(default="draft")
    code_version: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    parent: Mapped[str] = mapped_column(default="")
    imported: Mapped[str] = mapped_column(default="")
    simulated: Mapped[bool] = mapped_column(default=False)
    level: Mapped[float | None]
    tone: Mapped[str] = mapped_column(default="")
    beeps: Mapped[str] = mapped_column(default="[]", server_default="[]")  # [[file, count], ...]
    trials: Mapped[str] = mapped_column(default="[]")  # JSON: [[file, the quietest tone], ...]
    archived: Mapped[bool] = mapped_column(default=False)

    systems: Mapped[list["System"]] = relationship(order_by="System.id", back_populates="study")
    queries: Mapped[list["Query"]] = relationship(
        primaryjoin="and_(Query.study_id == Study.id, Query.practice.is_(False))",
        order_by="Query.id",
        back_populates="study",
    )
    raters: Mapped[list["Rater"]] = relationship(order_by="Rater.number", back_populates="study")  # type: ignore[name-defined]  # noqa: F821

    __table_args__ = (CheckConstraint("state IN ('draft', 'open', 'closed')", name="state"),)

    @property
    def terms(self) -> Protocol:
        """The protocol, parsed."""
        return terms_of(self.protocol)


class Unfinished(db.Model):
    """A study that is being written, and is no draft yet: its TOML, right or wrong.

    `key` names it in addresses. `edited` is the slug of the draft that it changes, "" for none;
    `who` the name of the account that wrote last.
    """

    key: Mapped[str] = mapped_column(primary_key=True)
    toml: Mapped[str]
    edited: Mapped[str] = mapped_column(default="")
    who: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)


@lru_cache(maxsize=64)
def terms_of(protocol: str) -> Protocol:
    """Return a study's protocol, parsed; those of the studies that are at hand are kept."""
    return protocol_from_json(protocol)


class System(db.Model):
    """One of the systems that a study compares, or an anchor: a list that is no system's."""

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    ranking: Mapped[str]
    title: Mapped[str]
    provenance: Mapped[str]
    anchor: Mapped[bool] = mapped_column(default=False)

    study: Mapped[Study] = relationship(back_populates="systems")

    __table_args__ = (UniqueConstraint("study_id", "ranking"),)


class Query(db.Model):
    """A clip that raters are asked about, and the class and family it stands for.

    `weight` is one over its probability of having been drawn; `sound` the file of the copy that
    raters hear. A practice query is shown first and counts nowhere; it is not in `Study.queries`.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), index=True)
    clip: Mapped[str]
    query_class: Mapped[str] = mapped_column("class")
    family: Mapped[str]
    weight: Mapped[float] = mapped_column(default=1.0)
    practice: Mapped[bool] = mapped_column(default=False)
    sound: Mapped[str] = mapped_column(default="")

    study: Mapped[Study] = relationship(back_populates="queries")
    candidates: Mapped[list["Candidate"]] = relationship(
        order_by="Candidate.id", back_populates="query"
    )
    blocks: Mapped[list["Block"]] = relationship(order_by="Block.number", back_populates="query")

    __table_args__ = (UniqueConstraint("study_id", "clip"),)


class Candidate(db.Model):
    """A clip in a query's pool: judged once, credited to every system that returned it.

    `sound` is the file of the copy that raters hear, and `again` that of another one, for who is
    asked about it once more; "" where the first one serves. `reused` says that the study which this
    one extends has its judgements.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    query_id: Mapped[int] = mapped_column(ForeignKey("query.id"))
    clip: Mapped[str]
    kind: Mapped[str] = mapped_column(default="result")
    sound: Mapped[str]
    again: Mapped[str] = mapped_column(default="")
    reused: Mapped[bool] = mapped_column(default=False)

    query: Mapped[Query] = relationship(back_populates="candidates")
    sources: Mapped[list["CandidateSource"]] = relationship(order_by="CandidateSource.system_id")

    __table_args__ = (UniqueConstraint("query_id", "clip", "kind"),)


class CandidateSource(db.Model):
    """That a system returned a candidate, at a rank from one, with a score."""

    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"), primary_key=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("system.id"), primary_key=True)
    rank: Mapped[int]
    score: Mapped[float]

    system: Mapped[System] = relationship()


class Block(db.Model):
    """What is given to one rater at once: a query with its pool, or lists of it.

    `partial` says that it holds a part of the query's pool, not the whole.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    query_id: Mapped[int] = mapped_column(ForeignKey("query.id"))
    number: Mapped[int] = mapped_column(default=1)
    partial: Mapped[bool] = mapped_column(default=False)

    query: Mapped[Query] = relationship(back_populates="blocks")
    items: Mapped[list["BlockItem"]] = relationship(order_by="BlockItem.id")

    __table_args__ = (UniqueConstraint("query_id", "number"),)


class BlockItem(db.Model):
    """One thing to be judged in a block: a candidate, or a system's list."""

    id: Mapped[int] = mapped_column(primary_key=True)
    block_id: Mapped[int] = mapped_column(ForeignKey("block.id"), index=True)
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"))
    system_id: Mapped[int | None] = mapped_column(ForeignKey("system.id"))

    candidate: Mapped[Candidate | None] = relationship()
    system: Mapped[System | None] = relationship()
