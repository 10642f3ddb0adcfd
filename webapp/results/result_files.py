"""A study's results as files: made by `evaluation.findings`, of what an address asks for."""

from typing import TYPE_CHECKING, Any

from webapp.core.assets import assets
from webapp.results.asked import Asked
from webapp.twins import TableFile

if TYPE_CHECKING:
    import pandas as pd

    from evaluation.figures.figure import Figure
    from evaluation.figures.shown import Table
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


def as_file(asked: Asked, table: "pd.DataFrame", name: str, title: str = "") -> TableFile:
    """Return a table of the results, to leave as CSV or JSON, with what it is made of."""
    known = about(asked)
    facts = {"title": title} if title else {}
    facts |= {
        "study": known.slug,
        "state": known.state,
        "judgements": "simulated" if known.simulated else "by raters",
        "shown": known.asked,
        "seed": known.seed,
        "protocol_sha256": known.protocol_sha256,
        "opened_by": known.code_version,
    }
    simulated = known.simulated or "simulated" in set(table.get("provenance", ()))
    return TableFile(table, name, simulated, facts, whose=asked.name, study=asked.study.slug)


def part_file(asked: Asked, part: "Figure | Table", name: str) -> TableFile:
    """Return a table or the numbers of a figure on the page, to leave as CSV or JSON."""
    from evaluation.figures.shown import Table

    table = part.data if isinstance(part, Table) else part.table
    return as_file(asked, table, name, part.title)


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
