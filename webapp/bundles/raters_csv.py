"""The raters of a study as tables: raters.csv, which has pseudonyms, and payments.csv."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from evaluation.records.csv_tables import read_table, table_csv
from evaluation.records.facts import RaterRecord
from webapp.bundles.rater_records import reused_records
from webapp.core.database import db
from webapp.models import ExternalId, Study
from webapp.study import frozen
from webapp.study.rater_lines import rater_lines, trust_columns

PAYMENT_COLUMNS: dict[str, str] = {
    "rater": "the rater's pseudonym",
    "stage": "invited, begun (before the practice), practice, judging, done, declined, or screened "
    "(failed the headphone test)",
    "finished_at": "when the rater came to the end, UTC; empty: did not",
    "blocks": "how many blocks the rater finished",
    "code": "the code that the rater was shown; empty where none was",
}


@dataclass(frozen=True, slots=True)
class Payment:
    """One row of payments.csv; see `PAYMENT_COLUMNS`.

    `ids` maps the names of other services' ids to the ids.
    """

    rater: str
    stage: str
    finished_at: datetime | None
    blocks: int
    code: str
    ids: Mapping[str, str] = field(
        metadata={"prefix": "id.", "about": "what the rater brought as {}, such as PROLIFIC_PID"}
    )


def rater_records(study: Study) -> Iterator[RaterRecord]:
    """Yield every rater of a study, with what the controls say and the verdict."""
    for line in rater_lines(study):
        rater = line.rater
        yield RaterRecord(
            rater=rater.pseudonym,
            joined=rater.joined,
            invited_at=rater.invited_at,
            consented_at=rater.consented_at,
            declined_at=rater.declined_at,
            checked_at=rater.checked_at,
            screened_at=rater.screened_at,
            finished_at=rater.finished_at,
            headphones=";".join(map(str, json.loads(rater.headphones or "[]"))),
            **trust_columns(line.report, line.verdict),
            before=json.loads(rater.before or "{}"),
            after=json.loads(rater.after or "{}"),
        )


def reused_raters(study: Study) -> list[RaterRecord]:
    """Return those raters of earlier studies whose judgements a study uses again.

    Of their way and their answers nothing is told; `webapp.bundles.rater_records.reused_records`
    has the names.
    """
    if study.imported:
        text = frozen.read(study, frozen.REUSED_RATERS).decode()
        found = read_table(RaterRecord, text, frozen.REUSED_RATERS) if text else []
        return [record for _, record in found]
    parent = db.session.scalar(sa.select(Study).where(Study.slug == study.parent))
    if parent is None:
        return []
    wanted = {record.rater for record in reused_records(study)}
    own = (
        replace(
            one, rater=f"{parent.slug}/{one.rater}", joined=False, invited_at=None,
            consented_at=None, declined_at=None, checked_at=None, screened_at=None,
            finished_at=None, headphones="", before={}, after={},
        )
        for one in rater_records(parent)
    )  # fmt: skip
    return [one for one in (*reused_raters(parent), *own) if one.rater in wanted]


def payments_csv(study: Study) -> str:
    """Return who came, under the names that other services know, and what each is to be paid for.

    This is the one table that ties pseudonyms to people. It is in no bundle.
    """
    joining = study.terms.joining
    ids: dict[int, dict[str, str]] = {}
    for one in db.session.scalars(sa.select(ExternalId).where(ExternalId.study_id == study.id)):
        ids.setdefault(one.rater_id, {})[one.name] = one.value
    codes = {
        "done": joining.completion_code,
        "screened": joining.screen_out_code,
        "declined": joining.no_consent_code,
    }
    payments = [
        Payment(
            rater=line.rater.pseudonym,
            stage=line.stage,
            finished_at=line.rater.finished_at,
            blocks=line.finished,
            code=codes.get(line.stage, ""),
            ids=ids.get(line.rater.id, {}),
        )
        for line in rater_lines(study)
    ]
    return table_csv(Payment, payments, {"ids": joining.ids})
