"""flask report: a collection's scores as one file."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from embeddings.collection.clips import CONVENTIONS, open_collection
from embeddings.errors import InputError
from embeddings.files import write_text
from webapp.cli import Command
from webapp.core.assets import assets


@click.command("report", cls=Command, short_help="Write a collection's scores as one HTML file.")
@click.argument("collection")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="report.html", show_default=True,
    help="The file to write.",
)  # fmt: skip
@click.option(
    "--convention", type=click.Choice(CONVENTIONS), help="The collection's own unless told."
)
@click.option(
    "--compare", nargs=2, metavar="A B", help="Two systems; the best two of one kind unless told."
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@with_appcontext
def report_command(
    collection: str,
    output: Path,
    convention: str | None,
    compare: tuple[str, str] | None,
    force: bool,
) -> None:
    """Write the scores of COLLECTION as one HTML file: tables, figures, CSV files.

    It opens in any browser without a server or a network. The same scores give the same file.
    """
    from evaluation.reports.scores_report import report

    sounds = open_collection(current_app.config["DATA"], collection)
    check_target(output, force)
    write_text(output, report(sounds, convention or sounds.convention, assets(), compare))
    megabytes = output.stat().st_size / 1e6
    click.echo(f"Wrote {output}: {megabytes:.1f} MB, convention {convention or sounds.convention}.")


def check_target(path: Path, force: bool = True) -> Path:
    """Return where to write; raise InputError where that cannot be, or is there without `force`."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; -o must name a file.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path}: there is no such folder to write to.")
    if path.exists() and not force:
        raise InputError(f"{path} is there already, and stays as it is; --force replaces it.")
    return path


commands = (report_command,)
