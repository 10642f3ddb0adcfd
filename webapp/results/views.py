"""A study's results: what was rated, the systems, their differences, agreement, ears and labels."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from markupsafe import Markup

from embeddings.collection.clips import Collection
from webapp.core import catalogue
from webapp.core.database import db
from webapp.core.downloads import download
from webapp.core.figure_pages import figure_page
from webapp.core.security import opened_by
from webapp.logbook import exported
from webapp.models import Study
from webapp.results import result_files
from webapp.results.asked import Asked, read_asked
from webapp.twins import TableFile, twins

if TYPE_CHECKING:
    from evaluation.analysis.graded import Analysis
    from evaluation.figures.figure import Figure
    from evaluation.figures.shown import Section, Table
    from evaluation.findings.chapters import Chapter

    Part = Figure | Table

bp = Blueprint("results", __name__, url_prefix="/studies")


@bp.get("/<slug>/results", defaults={"chapter": ""})
@bp.get("/<slug>/results/<chapter>")
@figure_page
def page(slug: str, chapter: str) -> ResponseReturnValue:
    """Show a chapter of the results of a study: the first one where none is named."""
    asked = _asked(slug)
    shown = next((one for one in asked.chapters if one.name == chapter), None)
    if shown is None:
        abort(404)
    sounds = _collection(asked.study)
    return render_template(
        "results/page.html",
        study=asked.study,
        asked=asked,
        chapters=asked.chapters,
        chapter=shown,
        answer=asked.answer(shown),
        body=_body(asked, shown, sounds),
        facets=[one.name for one in asked.study.terms.scale.facets] if asked.facet else [],
        can_screen=asked.other is not None,
        can_speak=asked.results.enough_raters,
        sounds=sounds,
        address=_address,
        **_method(asked) if shown.name == "method" else {},
    )


def _body(asked: Asked, chapter: "Chapter", sounds: Collection | None) -> Markup:
    """Return the sections of a chapter as HTML; kept until something is judged."""
    heard = sounds.info["imported_at"] if sounds else ""

    def make() -> Markup:
        sections = asked.named(chapter.sections)
        return Markup(
            render_template(
                "results/_results.html", asked=asked, chapter=chapter, sections=sections,
                sounds=sounds, address=_address,
            )
        )  # fmt: skip

    return asked.kept(("page", chapter.name, str(get_locale()), heard), make)


def _method(asked: Asked) -> dict[str, Any]:
    """Return what the last chapter has: what the results are made of, and what words mean."""
    from evaluation.glossary import GLOSSARY

    return {"made_of": result_files.about(asked).rows(), "words": GLOSSARY}


@twins(bp, "/<slug>/results/figures/<name>", "results")
def figure(slug: str, name: str) -> TableFile:
    """Send the numbers of a figure, as they are and not as they are rounded."""
    return _part(slug, f"figure-{name}", name, lambda section: section.figures)


@twins(bp, "/<slug>/results/tables/<name>", "results")
def table(slug: str, name: str) -> TableFile:
    """Send a table, its numbers as they are and not as they are rounded."""
    return _part(slug, name, name, lambda section: section.tables)


@twins(bp, "/<slug>/results/judgements", "judgements")
def judgements(slug: str) -> TableFile:
    """Send every judgement with what is done with it."""
    from evaluation.analysis.unsaid import with_unsaid

    asked = _asked(slug)
    table = with_unsaid(_graded(asked).tidy, _graded(asked).tables)
    if asked.study.simulated:
        table = table.assign(judgements="simulated")
    return result_files.as_file(asked, table, "judgements")


@bp.get("/<slug>/results/ears.qrels")
@opened_by("results")
def qrels(slug: str) -> Response:
    """Send what every judged result is worth to the ears, as qrels with their mean grades."""
    from evaluation.analysis.relabelling import ears_qrels

    asked = _asked(slug)
    return _send(asked, ears_qrels(_graded(asked).ratings), "text/plain", "ears.qrels")


@bp.get("/<slug>/results/disagreements.qrels")
@opened_by("results")
def disagreements(slug: str) -> Response:
    """Send the results of which labels and ears say the opposite, as qrels with mean grades."""
    from evaluation.analysis.relabelling import ears_qrels

    asked = _asked(slug)
    graded = _graded(asked)
    text = ears_qrels(graded.ratings, graded.disagreements)
    return _send(asked, text, "text/plain", "disagreements.qrels")


@bp.get("/<slug>/results.json")
@opened_by("results")
def numbers(slug: str) -> Response:
    """Send every table and figure with its definitions, the seed and the versions, as JSON."""
    asked = _asked(slug)
    found = result_files.as_json(asked)
    text = json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1)
    return _send(asked, text, "application/json", "results.json")


@bp.get("/<slug>/results/report.html")
def report(slug: str) -> Response:
    """Send the results as one HTML file that needs neither a server nor a network."""
    asked = _asked(slug)
    return _send(asked, result_files.as_report(asked), "text/html", "report.html")


def _part(
    slug: str, file: str, name: str, kind: "Callable[[Section], Sequence[Part]]"
) -> TableFile:
    asked = _asked(slug)
    for chapter in asked.chapters:
        for section in asked.named(chapter.sections):
            for part in kind(section):
                if part.name == name:
                    return result_files.part_file(asked, part, file)
    abort(404)


def _send(asked: Asked, text: str, mimetype: str, file: str) -> Response:
    """Send a file that is made of judgements, and store who took it."""
    name = f"{asked.name}-{file}"
    exported(asked.study.slug, file)
    return download(text, mimetype, name)


def _asked(slug: str) -> Asked:
    study = db.session.scalar(sa.select(Study).where(Study.slug == slug))
    if study is None:
        abort(404)
    return read_asked(study, request.args)


def _graded(asked: Asked) -> "Analysis":
    """Return the analysis of single results; 404 of a study that asks for lists."""
    from evaluation.analysis.graded import Analysis

    if not isinstance(asked.results, Analysis):
        abort(404)
    return asked.results


def _collection(study: Study) -> Collection | None:
    """Return the collection whose sounds can be heard here; None of an imported study's."""
    name = study.terms.collection
    return catalogue.collection(name) if not study.imported and name in catalogue.names() else None


def _address(asked: Asked, endpoint: str = "results.page", **changes: Any) -> str:
    """Return an address of the same results, with some of what is asked changed."""
    own = {"facet", "raters", "speaks", "look"} & changes.keys()
    known = {key: value for key, value in asked.parameters.items() if key not in own}
    given = {key: value for key, value in changes.items() if value}
    return url_for(endpoint, slug=asked.study.slug, **known, **given)
