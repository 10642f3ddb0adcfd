"""A rehearsal of a draft: opened as it would be, in tables of its own, and dropped at the opening.

Who rehearses goes a rater's way. Nothing of it is a judgement: it is in no result, no export and no
backup. A preview is a rehearsal of one query of which no answer is stored at all.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from embeddings.errors import InputError
from embeddings.tasks import Workers
from webapp.core.database import db
from webapp.core.machines import rehearsal_tables
from webapp.models import Study
from webapp.study.lifecycle import create_study, find_study
from webapp.study.opening import open_study


def make_rehearsal(study: Study, workers: Workers = None) -> None:
    """Open a draft in tables of its own, with the sounds that raters would hear.

    What an earlier rehearsal of it held is dropped. Raises InputError as `open_study`, and leaves
    no rehearsal behind.
    """
    if study.state != "draft":
        raise InputError(
            f"The study {study.slug!r} is {study.state}; only a draft can be rehearsed."
        )
    slug, terms = study.slug, study.terms
    db.session.rollback()  # it takes a while, and must not keep others from writing
    rehearsal_tables.make(db, slug)
    try:
        with rehearsal_tables.rehearsing(db, slug):
            open_study(create_study(terms), workers)
        if find_study(slug).state != "draft":
            raise InputError(f"The study {slug!r} was opened while its rehearsal was made.")
    except BaseException:
        rehearsal_tables.drop(db, slug)
        raise


def is_ready(study: Study) -> bool | None:
    """Return whether there is a rehearsal of a draft as it is; None where there is none at all."""
    slug, sha256 = study.slug, study.protocol_sha256
    if not rehearsal_tables.is_there(slug):
        return None
    with rehearsal_tables.rehearsing(db, slug):
        found = db.session.scalar(sa.select(Study).where(Study.slug == slug))
        if found is None or found.state != "open":
            return None  # somebody is making it, or was stopped at it
        return found.protocol_sha256 == sha256


@contextmanager
def rehearsing(slug: str) -> Iterator[Study]:
    """Give the study as it is rehearsed; all that is done in the block is done there.

    Raises InputError where it is not rehearsed.
    """
    if not rehearsal_tables.is_there(slug):
        raise InputError(f"The study {slug!r} has no rehearsal.")
    with rehearsal_tables.rehearsing(db, slug):
        yield find_study(slug)
