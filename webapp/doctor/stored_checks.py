"""What the studies need: their collections, their sounds."""

from collections.abc import Iterator

import sqlalchemy as sa

from embeddings.collection.clips import collection_names, open_collection
from embeddings.errors import InputError
from webapp.core import database
from webapp.core.database import db
from webapp.doctor.patient import Patient
from webapp.doctor.registry import Said, check, fault, ok, warning
from webapp.models import Candidate, Query, Study
from webapp.study.frozen import FROZEN
from webapp.study.lifecycle import sounds_folder, study_folder


@check("collections")
def collections(patient: Patient) -> Iterator[Said]:
    """Say which collections are damaged, or lack sounds; no file is read."""
    names = collection_names(patient.data)
    for name in names:
        try:
            found = open_collection(patient.data, name)
        except InputError as error:
            yield fault(str(error), f"Import {name} anew, or restore its folder from a backup.")
            continue
        if found.info.get("made_of"):
            continue  # of a shape alone: it never had sounds
        gone = [clip.id for clip in found.clips if not found.audio_path(clip).is_file()]
        if gone:
            yield fault(
                f"{name} lacks {len(gone)} of {len(found.clips)} sounds, such as {gone[0]}.",
                f"Put them back where they were; flask collections check {name} lists them.",
            )
    yield ok(f"{len(names)} were looked at.")


@check("studies")
def studies(patient: Patient) -> Iterator[Said]:
    """Say which studies lack sounds that raters hear, or what was frozen when they opened."""
    if not patient.is_made:
        return
    there, newest = database.revisions(patient.app)
    if there != newest:
        return  # "migrations" says so
    with patient.app.app_context():
        database.reads()
        found = db.session.execute(sa.select(Study.slug, Study.state)).all()
        for slug, state in found:
            if state != "draft":
                yield from _study(slug, state)
        yield ok(f"{len(found)} were looked at.")


def _study(slug: str, state: str) -> Iterator[Said]:
    restore = f"Restore {study_folder(slug)} from a backup."
    gone = [name for name in FROZEN if not (study_folder(slug) / name).is_file()]
    if gone:
        yield fault(f"{slug} has lost {', '.join(gone)}.", restore)
    if state != "open":
        return
    of_study = sa.select(Query.id).where(Query.study_id == Study.id, Study.slug == slug)
    names = {
        *db.session.scalars(sa.select(Query.sound).where(Query.id.in_(of_study))),
        *db.session.scalars(sa.select(Candidate.sound).where(Candidate.query_id.in_(of_study))),
    } - {""}
    missing = sorted(name for name in names if not (sounds_folder(slug) / name).is_file())
    if missing:
        yield fault(f"{slug} is open and lacks {len(missing)} of {len(names)} sounds.", restore)
    if not names:
        yield warning(f"{slug} is open and has no sounds.", "Look at it: flask studies list")
