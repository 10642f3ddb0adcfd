"""The analyses of studies that this process has made: found again until something is judged.

An analysis computes each of its parts when it is first asked for, and keeps it. It is kept for as
long as what it was made of is the same: the judgements, reports, blocks and raters of the study,
and of the studies that it takes over judgements from, and its state.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import g, has_request_context

from evaluation.analysis.judgements import find_facet
from webapp.core.database import db
from webapp.core.kept import Kept, State
from webapp.models import (
    Assignment,
    CannotSay,
    Flag,
    Judgement,
    Preference,
    Query,
    Rater,
    Remark,
    Slot,
    Study,
    Withdrawal,
)

if TYPE_CHECKING:
    from evaluation.analysis.graded import Analysis
    from evaluation.analysis.preferred_lists import PreferenceAnalysis
    from evaluation.analysis.rated_lists import RatingAnalysis
    from evaluation.records.frames import StudyTables

MOST_ANALYSES = 8
MOST_TABLES = 4
MOST_SHOWN = 80  # a study's chapters, their sections and their answers, of some studies

_analyses, _tables, _shown = Kept(MOST_ANALYSES), Kept(MOST_TABLES), Kept(MOST_SHOWN)


def tables_of(study: Study) -> "StudyTables":
    """Return the tables of an open or closed study, with what an analysis reads of them."""
    from webapp.tables.study_tables import study_tables

    return _tables.get(_name(study), _state(study), lambda: study_tables(study, whole=False))


def analysis_of(
    study: Study,
    facet: str | None = None,
    *,
    screened: bool | None = None,
    alone: bool = False,
    seed: int = 1,
) -> "Analysis":
    """Return the analysis of an open or closed study with the method "graded".

    Of the raters whom the protocol calls primary, unless told whether they are `screened`. Raises
    InputError for a facet that the protocol does not have.
    """
    from evaluation.analysis.graded import Analysis

    name = find_facet(study.terms, facet).name
    screened = study.terms.analysis.screened if screened is None else screened
    return _analyses.get(
        (*_name(study), name, screened, alone, seed),
        _state(study),
        lambda: Analysis(tables_of(study), name, screened=screened, alone=alone, seed=seed),
    )


def lists_of(
    study: Study, *, alone: bool = False, seed: int = 1
) -> "PreferenceAnalysis | RatingAnalysis":
    """Return the analysis of an open or closed study with the method "preference" or "rating"."""
    from evaluation.analysis.preferred_lists import PreferenceAnalysis
    from evaluation.analysis.rated_lists import RatingAnalysis

    kind = PreferenceAnalysis if study.terms.method == "preference" else RatingAnalysis
    return _analyses.get(
        (*_name(study), alone, seed),
        _state(study),
        lambda: kind(tables_of(study), alone=alone, seed=seed),
    )


def shown_of(study: Study, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
    """Return what is made of a study's analyses to be shown, by a key of the caller's."""
    return _shown.get((*_name(study), *key), _state(study), make)


def forget() -> None:
    """Forget all analyses, as if the process had just begun."""
    for kept in (_analyses, _tables, _shown):
        kept.clear()


def judgement_count(study: Study) -> int:
    """Return how many grades and choices a study has, practice apart."""
    graded, _, chosen, *_ = _state(study)
    return graded + chosen


def _name(study: Study) -> tuple[Any, ...]:
    # A process can serve several databases, and a study can be removed and made again.
    return str(db.engine.url), study.slug, study.created_at


def _state(study: Study) -> State:
    """Return what changes whenever the results may change; a request asks once."""
    if not has_request_context():
        return _asked_state(study)
    states = g.setdefault("states_of_studies", {})
    if study.id not in states:
        states[study.id] = _asked_state(study)
    return states[study.id]


def _asked_state(study: Study) -> State:
    ours = Query.study_id == study.id, Query.practice.is_(False)
    graded = sa.select(sa.func.count(Judgement.id), sa.func.max(Judgement.id))
    graded = graded.join(Judgement.slot).join(Slot.assignment).join(Assignment.query).where(*ours)
    parts: list[Any] = list(db.session.execute(graded).one())
    unsaid = sa.select(sa.func.count(CannotSay.id), sa.func.max(CannotSay.id))
    unsaid = unsaid.join(CannotSay.slot).join(Slot.assignment).join(Assignment.query).where(*ours)
    for model in (Preference, Flag, Remark):
        events = sa.select(sa.func.count(model.id), sa.func.max(model.id))
        events = events.join(Assignment, model.assignment_id == Assignment.id)
        parts += db.session.execute(events.join(Assignment.query).where(*ours)).one()
    parts += db.session.execute(unsaid).one()
    given = sa.select(sa.func.count(Assignment.id), sa.func.count(Assignment.finished_at))
    parts += db.session.execute(given.join(Assignment.query).where(*ours)).one()
    moments = ("consented_at", "declined_at", "checked_at", "screened_at", "finished_at")
    people = sa.select(
        sa.func.count(Rater.id), *(sa.func.count(getattr(Rater, name)) for name in moments)
    )
    parts += db.session.execute(people.where(Rater.study_id == study.id)).one()
    gone = sa.select(sa.func.count(Withdrawal.id)).where(Withdrawal.study_id == study.id)
    parts += [db.session.scalar(gone), study.state, study.closed_at]
    if study.parent and not study.imported:
        parent = db.session.scalar(sa.select(Study).where(Study.slug == study.parent))
        parts += [_state(parent)] if parent else []
    return tuple(parts)
