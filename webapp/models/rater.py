"""Raters, what they are given, and what they give."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    bindparam,
    false,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from evaluation.protocol.languages import ENGLISH
from webapp.core.database import UtcDateTime, db, now
from webapp.models.study import Block, Candidate, Query, Study, System


def pseudonym(number: int, simulated: bool = False) -> str:
    """Return a rater's name in exports: "rater-003", or "simulated-003" of one who is none."""
    return f"{'simulated' if simulated else 'rater'}-{number:03d}"


class Rater(db.Model):
    """A person in a study, known by a secret token and shown by a number.

    `before` and `after` hold the answers to the questionnaire, `headphones` those to the
    headphone test, `hearing` whether the beeps of the sound check were counted right (1) or not
    (0), at each try, the last one at `hearing_at`, as JSON; "" where there are none. `drawn` is the
    order in which the trials of the headphone test are heard in the try at hand, as JSON, and
    `drawn_at` when it was drawn; "" and None where there is none.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    number: Mapped[int]
    token: Mapped[str] = mapped_column(unique=True)
    joined: Mapped[bool] = mapped_column(default=False)  # came by /join, not by a personal link
    invited_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    consented_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    declined_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # the sound check
    screened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)  # failed the headphone test
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    headphones: Mapped[str] = mapped_column(default="")
    hearing: Mapped[str] = mapped_column(default="", server_default="")
    hearing_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    drawn: Mapped[str] = mapped_column(default="")
    drawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    before: Mapped[str] = mapped_column(default="")
    after: Mapped[str] = mapped_column(default="")

    study: Mapped[Study] = relationship(back_populates="raters")
    assignments: Mapped[list["Assignment"]] = relationship(
        order_by="Assignment.id", back_populates="rater"
    )

    __table_args__ = (UniqueConstraint("study_id", "number"),)

    @property
    def pseudonym(self) -> str:
        """The rater's name in exports, as `pseudonym` makes it."""
        return pseudonym(self.number, self.study.simulated)

    @property
    def blocks_done(self) -> int:
        """How many blocks the rater finished, practice apart."""
        return db.session.scalar(_DONE, {"rater": self.id}) or 0


class ExternalId(db.Model):
    """What another service calls a rater. It leaves the database in payments.csv only.

    `person` marks the one that says who it is; the others (a study's, a session's) come along.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"))
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"), index=True)
    name: Mapped[str]
    value: Mapped[str]
    person: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        Index(
            "ix_external_id_person", "study_id", "name", "value", unique=True,
            sqlite_where=text("person"), postgresql_where=text("person"),
        ),
    )  # fmt: skip


class Withdrawal(db.Model):
    """What stays of a rater who withdrew: when, and how many judgements went."""

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("study.id"), index=True)
    withdrawn_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    judgements: Mapped[int]


class Browser(db.Model):
    """That a browser holds a secret by which it reaches a rater's place; its digest is kept.

    Who joined before there were such secrets has none here, and the first browser that comes back
    gets the place.
    """

    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"), primary_key=True)
    secret_sha256: Mapped[str] = mapped_column(primary_key=True, index=True)


class LastAnswer(db.Model):
    """When a rater gave the last answer that came from one sitting, by the server's clock."""

    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"), primary_key=True)
    sitting: Mapped[str] = mapped_column(primary_key=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Sitting(db.Model):
    """One session of a rater on one browser, as 0.1.0 stored it; there are no new ones.

    The tokens that it gave out are found by it (`webapp.rating.old_tokens`).
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Assignment(db.Model):
    """A block given to one rater, who keeps it until `lease_until` and longer if nobody needs it.

    `finished_at` is when the block itself was done, `repeated_at` when its repeats were, too.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("rater.id"))
    query_id: Mapped[int] = mapped_column(ForeignKey("query.id"))
    block_id: Mapped[int] = mapped_column(ForeignKey("block.id"), index=True)
    order_seed: Mapped[int]
    assigned_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    repeated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    rater: Mapped[Rater] = relationship(back_populates="assignments")
    query: Mapped[Query] = relationship()
    block: Mapped[Block] = relationship()
    slots: Mapped[list["Slot"]] = relationship(
        order_by="Slot.position", back_populates="assignment"
    )

    __table_args__ = (UniqueConstraint("rater_id", "query_id"),)


_DONE = (
    select(func.count())
    .select_from(Assignment)
    .join(Assignment.query)
    .where(
        Assignment.rater_id == bindparam("rater"),
        Assignment.finished_at.is_not(None),
        Query.practice.is_(False),
    )
)


class Slot(db.Model):
    """One place in an assignment: what is judged there, on which page, at which position."""

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"))
    page: Mapped[int]
    position: Mapped[int]
    repeat: Mapped[bool] = mapped_column(default=False)
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"), index=True)
    system_id: Mapped[int | None] = mapped_column(ForeignKey("system.id"))

    assignment: Mapped[Assignment] = relationship(back_populates="slots")
    candidate: Mapped[Candidate | None] = relationship()
    system: Mapped[System | None] = relationship()

    __table_args__ = (UniqueConstraint("assignment_id", "position"),)


class Judgement(db.Model):
    """One grade of one thing by one rater. A change of mind is a new row; the last counts.

    `heard` is the share of the sound, in [0, 1], that the rater had heard by then, `language` that
    of the page, `way` what of `evaluation.protocol.pace.WAYS` was on. One that is `taken_back` says
    that the rater took back this grade, the last one: then the place has none.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"), index=True)
    facet: Mapped[str] = mapped_column(default="relevance")
    grade: Mapped[int]
    client_uuid: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str] = mapped_column(default=ENGLISH, server_default=ENGLISH)
    way: Mapped[str] = mapped_column(default="", server_default="")
    taken_back: Mapped[bool] = mapped_column(default=False, server_default=false())
    listened_seconds: Mapped[float]
    heard: Mapped[float | None]
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    slot: Mapped[Slot] = relationship()

    __table_args__ = (CheckConstraint("grade BETWEEN 0 AND 100", name="grade"),)


class Preference(db.Model):
    """Which of two lists a rater prefers: "A", "B" or "none". The last one counts."""

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), index=True)
    choice: Mapped[str]
    language: Mapped[str] = mapped_column(default=ENGLISH, server_default=ENGLISH)
    way: Mapped[str] = mapped_column(default="", server_default="")
    client_uuid: Mapped[str] = mapped_column(unique=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    assignment: Mapped[Assignment] = relationship()

    __table_args__ = (CheckConstraint("choice IN ('A', 'B', 'none')", name="choice"),)


class Listen(db.Model):
    """One stretch of listening to a slot's sound, or to the query's where `slot_id` is None.

    `candidate_id` says which sound it was where the slot is a list.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), index=True)
    slot_id: Mapped[int | None] = mapped_column(ForeignKey("slot.id"), index=True)
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"), index=True)
    client_uuid: Mapped[str] = mapped_column(unique=True)
    seconds: Mapped[float]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Flag(db.Model):
    """That a rater reported a sound as broken; it is told as in `Listen`."""

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), index=True)
    slot_id: Mapped[int | None] = mapped_column(ForeignKey("slot.id"), index=True)
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"), index=True)
    client_uuid: Mapped[str] = mapped_column(unique=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class CannotSay(db.Model):
    """That a rater could not grade what is in a slot: an answer, and never a grade.

    Of such answers and the judgements of one slot and facet, the last one to come counts.
    """

    id: Mapped[int] = mapped_column(primary_key=True)
    slot_id: Mapped[int] = mapped_column(ForeignKey("slot.id"), index=True)
    facet: Mapped[str]
    language: Mapped[str] = mapped_column(default=ENGLISH)
    client_uuid: Mapped[str] = mapped_column(unique=True)
    listened_seconds: Mapped[float]
    heard: Mapped[float | None]
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)

    slot: Mapped[Slot] = relationship()


class Remark(db.Model):
    """What a rater wrote of a sound, told as in `Listen`; the last one counts, "" takes it back."""

    id: Mapped[int] = mapped_column(primary_key=True)
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignment.id"), index=True)
    slot_id: Mapped[int | None] = mapped_column(ForeignKey("slot.id"), index=True)
    candidate_id: Mapped[int | None] = mapped_column(ForeignKey("candidate.id"), index=True)
    text: Mapped[str]
    client_uuid: Mapped[str] = mapped_column(unique=True)
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
