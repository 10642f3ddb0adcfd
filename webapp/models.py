"""The tables. Words as in the README's glossary; moments are UTC; judgements are append-only."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.protocol import Protocol, protocol_from_json
from webapp.database import UtcDateTime, db, now

STATES = ("draft", "open", "closed")


class Study(db.Model):
    """A listening test. Its protocol is frozen when it opens."""

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    protocol: Mapped[str]
    protocol_sha256: Mapped[str]
    state: Mapped[str] = mapped_column(default="draft")
    code_version: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    opened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    systems: Mapped[list["System"]] = relationship(order_by="System.id", back_populates="study")
    queries: Mapped[list["Query"]] = relationship(order_by="Query.id", back_populates="study")
    raters: Mapped[list["Rater"]] = relationship(order_by="Rater.number", back_populates="study")

    __table_args__ = (CheckConstraint("state IN ('draft', 'open', 'closed')", name="state"),)

    @property
    def terms(self) -> Protocol:
        """The protocol, parsed."""
        return protocol_from_json(self.protocol)


class System(db.Model):
    """One of the systems that a study compares: a ranking of its collection."""

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    ranking: Mapped[str]
    title: Mapped[str]
    provenance: Mapped[str]

    study: Mapped[Study] = relationship(back_populates="systems")

    __table_args__ = (UniqueConstraint("study_id", "ranking"),)


class Query(db.Model):
    """A clip that raters are asked about, and the class and family it stands for."""

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), index=True)
    clip: Mapped[str]
    query_class: Mapped[str] = mapped_column("class")
    family: Mapped[str]
    sound: Mapped[str] = mapped_column(default="")  # file name of the copy that raters hear

    study: Mapped[Study] = relationship(back_populates="queries")
    candidates: Mapped[list["Candidate"]] = relationship(
        order_by="Candidate.id", back_populates="query"
    )

    __table_args__ = (UniqueConstraint("study_id", "clip"),)


class Candidate(db.Model):
    """A clip in a query's pool: judged once, credited to every system that returned it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    query_id: Mapped[int] = mapped_column(ForeignKey("query.id"))
    clip: Mapped[str]
    kind: Mapped[str] = mapped_column(default="result")
    sound: Mapped[str]

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


class Rater(db.Model):
    """A person in a study, known by a secret token and shown by a number."""

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    number: Mapped[int]
    token: Mapped[str] = mapped_column(unique=True)
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    study: Mapped[Study] = relationship(back_populates="raters")
    assignments: Mapped[list["Assignment"]] = relationship(order_by="Assignment.id")

    __table_args__ = (UniqueConstraint("study_id", "number"),)

    @property
    def pseudonym(self) -> str:
        """The rater's name in exports, such as "rater-003"."""
        return f"rater-{self.number:03d}"


class Sitting(db.Model):
    """One session of a rater on one browser. Sounds have other addresses in each."""

    id: Mapped[int] = mapped_column(primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Assignment(db.Model):
    """A block, one query with its whole pool, given to one rater."""

    id: Mapped[int] = mapped_column(primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"))
    query_id: Mapped[int] = mapped_column(ForeignKey("query.id"), index=True)
    order_seed: Mapped[int]
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    query: Mapped[Query] = relationship()

    __table_args__ = (UniqueConstraint("rater_id", "query_id"),)


class Judgement(db.Model):
    """One grade of one candidate by one rater. A change of mind is a new row; the last counts."""

    id: Mapped[int] = mapped_column(primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"))
    candidate_id: Mapped[int] = mapped_column(ForeignKey("candidate.id"))
    grade: Mapped[int]
    client_uuid: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    listened_seconds: Mapped[float]
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    rater: Mapped[Rater] = relationship()
    candidate: Mapped[Candidate] = relationship()

    __table_args__ = (
        Index("ix_judgement_rater_id_candidate_id", "rater_id", "candidate_id"),
        CheckConstraint("grade BETWEEN 0 AND 100", name="grade"),
    )


class SigninLink(db.Model):
    """A link that signs the experimenter in, once. Only its digest is kept."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
