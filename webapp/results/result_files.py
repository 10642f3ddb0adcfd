"""A study's results as files: made by `evaluation.findings`, of what an address asks for."""

from typing import TYPE_CHECKING, Any

from webapp.core.assets import assets
from webapp.results.asked import Asked

if TYPE_CHECKING:
    from evaluation.reports.study_report import About


def about(asked: Asked) -> "About":
    """Return what the results are made of."""
    from evaluation.reports.study_report import About

    study = asked.study
    words = [asked.facet] if asked.facet else []
    graded = study.terms.method == "graded"
    words.append(asked.results.whose if graded else "all raters")  # type: ignore[union-attr]
    words += ["intervals for these raters alone"] if asked.alone else []
    return About(
        slug=study.slug,
        file=asked.name,
        title=study.title,
        state=study.imported or study.state,
        protocol_sha256=study.protocol_sha256,
        code_version=study.code_version,
        asked=", ".join(words),
        seed=asked.results.seed,
        simulated=study.simulated,
    )


def as_json(asked: Asked) -> dict[str, Any]:
    """Return every table and figure as JSON has them."""
    from evaluation.reports.study_report import results_json

    return results_json(asked.sections(), about(asked), asked.summary())


def as_report(asked: Asked) -> str:
    """Return the results as one HTML document."""
    from evaluation.reports.study_report import Part, study_report

    parts = [
        Part(one.name, one.title, one.question, asked.answer(one), asked.named(one.sections))
        for one in asked.chapters
    ]
    return study_report(parts, about(asked), assets("results.css"))
