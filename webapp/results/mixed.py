"""The mixed model of a study: fitted by a command, kept beside the study's files, shown by a page.

``studies/SLUG/mixed_model.json`` has one result for each facet, with and without screening.
"""

from dataclasses import asdict
from typing import Any

from embeddings.errors import InputError
from embeddings.files import read_json, write_json
from evaluation.analysis.system_scores import per_rater
from evaluation.statistics.mixed_model import FORMULA, mixed_model
from webapp.core.database import db
from webapp.models import Study
from webapp.results.cache import analysis_of, judgement_count
from webapp.study.lifecycle import study_folder

FILE = "mixed_model.json"


def fit_model(
    study: Study, facet: str | None = None, *, screened: bool | None = None
) -> dict[str, Any]:
    """Fit the mixed model to a study's mean grades, store the result and return it.

    Of the raters whom the protocol calls primary, unless told whether they are `screened`.

    Raises InputError where the study asks for lists, or has no such facet.
    """
    from statsmodels import __version__ as version

    if study.state == "draft" or study.terms.method != "graded":
        raise InputError(f"The mixed model is of single grades; the study {study.slug!r} has none.")
    count = judgement_count(study)
    analysis = analysis_of(study, facet, screened=screened)
    path = study_folder(study.slug) / FILE
    db.session.rollback()  # what follows takes a while, and must not hold the database
    scores = per_rater(analysis.ratings, "mean_grade")
    result = asdict(mixed_model(scores, analysis.ratings.systems)) | {
        "formula": FORMULA,
        "judgements": count,
        "statsmodels": version,
        "simulated": analysis.tables.simulated,
        "whose": analysis.whose,
    }
    every = read_json(path) if path.is_file() else {}
    write_json(path, every | {_key(analysis.facet.name, analysis.screened): result})
    return result


def stored_model(
    study: Study, facet: str | None = None, *, screened: bool | None = None
) -> dict[str, Any] | None:
    """Return the result that `fit_model` stored, None where there is none.

    Of the raters whom the protocol calls primary, unless told whether they are `screened`.

    Its "current" says whether nothing was judged since: False asks for another fit.
    """
    path = study_folder(study.slug) / FILE
    name = facet or study.terms.scale.facets[0].name
    screened = study.terms.analysis.screened if screened is None else screened
    found = read_json(path).get(_key(name, screened)) if path.is_file() else None
    return found and found | {"current": found["judgements"] == judgement_count(study)}


def stamp(study: Study) -> int:
    """Return a number that changes when another fit is stored: 0 for none."""
    path = study_folder(study.slug) / FILE
    return path.stat().st_mtime_ns if path.is_file() else 0


def _key(facet: str, screened: bool) -> str:
    return f"{facet}, screened" if screened else facet
