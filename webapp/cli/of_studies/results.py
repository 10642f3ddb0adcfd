"""flask studies report: a study's results as one file, or as a paper's tables and figures."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from embeddings.errors import InputError
from embeddings.files import write_text
from evaluation.protocol.terms import ALL, PASSED
from webapp.cli.report import check_target
from webapp.core import database
from webapp.logbook import exported
from webapp.results import result_files
from webapp.results.asked import THESE, YES, Asked, read_asked
from webapp.study import lifecycle


@click.command("report")
@click.argument("slug")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="SLUG-report.html unless told."
)
@click.option(
    "--paper",
    type=click.Path(path_type=Path),
    help="Write LaTeX tables and vector figures to this new folder instead.",
)
@click.option("--facet", help="One of the facets; the first one unless told.")
@click.option(
    "--screened/--all-raters", default=None,
    help="Without or with raters who do not pass; as the protocol has it unless told.",
)  # fmt: skip
@click.option(
    "--these-raters", is_flag=True, help="Intervals speak for these raters alone, not for others."
)
@click.option("--look", is_flag=True, help="Test differences although the study still runs.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@with_appcontext
def report_command(
    slug: str,
    output: Path | None,
    paper: Path | None,
    facet: str | None,
    screened: bool | None,
    these_raters: bool,
    look: bool,
    force: bool,
) -> None:
    """Write the results of the study SLUG as one HTML file: tables, figures, CSV files.

    It opens in any browser without a server or a network. The same judgements give the same file.
    """
    database.prepare()
    database.reads()
    if paper and output:
        raise InputError("Give -o for a report or --paper for a paper's files, not both.")
    words = {
        "facet": facet or "",
        "raters": {True: PASSED, False: ALL, None: ""}[screened],
        "speaks": THESE if these_raters else "",
        "look": YES if look else "",
    }
    asked = read_asked(lifecycle.find_study(slug), words)
    if paper:
        _write_paper(paper, asked)
        exported(slug, "paper")
        return
    path = output or Path(f"{slug}-report.html")
    check_target(path, force)
    write_text(path, result_files.as_report(asked))
    exported(slug, "report.html")
    whose = dict(result_files.about(asked).rows())["Shown"]
    click.echo(f"Wrote {path}: {path.stat().st_size / 1e6:.1f} MB. Shown: {whose}.")


def _write_paper(folder: Path, asked: Asked) -> None:
    from evaluation.reports.paper import write_paper

    about = dict(result_files.about(asked).rows())
    written = write_paper(folder, asked.sections(), about, summary=asked.summary())
    click.echo(f"Wrote {folder}: {len(written)} files. Next: pdflatex paper.tex in there, twice.")
