"""payments.csv: who came, under the names that other services know, and what each is paid for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa

from evaluation.records.frames import table_csv
from evaluation.records.table_columns import Named
from webapp.core.database import db
from webapp.models import ExternalId, Study
from webapp.study.rater_lines import rater_lines


@dataclass(frozen=True, slots=True)
class Payment:
    """One rater; `ids` maps the names of other services' ids to the ids."""

    rater: Annotated[str, "the rater's pseudonym"]
    stage: Annotated[
        str,
        "invited, begun (before the practice), practice, judging, done, declined, or "
        "screened (failed the headphone test)",
    ]
    finished_at: Annotated[datetime | None, "when the rater came to the end, UTC; empty: did not"]
    blocks: Annotated[int, "how many blocks the rater finished"]
    code: Annotated[str, "the code that the rater was shown; empty where none was"]
    ids: Annotated[
        Mapping[str, str],
        Named(
            "id.",
            "what the rater brought as {}, such as PROLIFIC_PID; behind an apostrophe, to be taken "
            "off, where a spreadsheet would run it",
        ),
    ]


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
    return table_csv(Payment, payments, {"ids": joining.ids}, for_people=True)
