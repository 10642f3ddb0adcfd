"""How long the ids by which other services know a study's raters are kept after it was closed."""

from datetime import timedelta

import sqlalchemy as sa
from flask import current_app

from embeddings.errors import InputError
from webapp.core.database import db, now
from webapp.logbook import record
from webapp.models import ExternalId, Study


def due(study: Study) -> str:
    """Return a sentence on the external ids of a closed study, "" where there is nothing to say."""
    kept = _kept(study)
    days = current_app.config["SETTINGS"]["external_ids_days"]
    if study.state != "closed" or study.closed_at is None or not kept or not days:
        return ""
    day = study.closed_at + timedelta(days=days)
    if day > now():
        return f"{kept} ids of raters are kept until {day:%Y-%m-%d}."
    return (
        f"{kept} ids of raters are due since {day:%Y-%m-%d}: flask studies forget-ids {study.slug}"
    )


def forget_ids(study: Study, *, early: bool = False) -> int:
    """Delete every external id of a closed study, and return how many went. The rest stays.

    Raises InputError where the study is not closed, or was closed less than `external_ids_days`
    ago, unless `early` says that this is meant.
    """
    if study.state != "closed" or study.closed_at is None:
        raise InputError(
            f"The study {study.slug!r} is {study.state}; ids are forgotten once it is closed: "
            "by them raters come back to their places."
        )
    day = study.closed_at + timedelta(days=current_app.config["SETTINGS"]["external_ids_days"])
    if day > now() and not early:
        raise InputError(
            f"The ids of {study.slug!r} are due on {day:%Y-%m-%d}; --early forgets them now."
        )
    kept = _kept(study)
    db.session.execute(sa.delete(ExternalId).where(ExternalId.study_id == study.id))
    record("forgot ids", study.slug, f"{kept} ids")
    db.session.commit()
    return kept


def _kept(study: Study) -> int:
    found = sa.select(sa.func.count(ExternalId.id)).where(ExternalId.study_id == study.id)
    return db.session.scalar(found) or 0
