"""flask studies take-in: the answers that raters' browsers kept, and saved as files."""

from collections import Counter
from pathlib import Path

import click
from flask.cli import with_appcontext

from embeddings.files import read_text
from embeddings.progress import progress
from webapp.core import database
from webapp.rating import taking_in
from webapp.rating.answer_files import read_answers
from webapp.rating.taking_in import counted
from webapp.study import lifecycle, rater_lines


@click.command("take-in")
@click.argument("slug")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--rater", "name", help="Who gave those whose link was replaced (rater-003, or 3).")
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A secret_key file of before, where the key was replaced; again for more.",
)
@click.option(
    "--after-closing", is_flag=True, help="Into a closed study: what was given before it closed."
)
@click.option("--dry-run", is_flag=True, help="Say what would be stored, and store nothing.")
@click.option("--yes", is_flag=True, help="Store without asking.")
@with_appcontext
def take_in_command(
    slug: str,
    files: tuple[Path, ...],
    name: str | None,
    keys: tuple[Path, ...],
    after_closing: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Take the answers in FILES, which raters' browsers kept, into the study SLUG, once each.

    Raters get such a file from their pages where something could not be stored. What it comes to is
    said first, with the reason of each answer that is not taken, and nothing is stored before you
    agree.
    """
    answers = read_answers(files)
    database.prepare()
    database.reads()
    study = lifecycle.find_study(slug)
    terms = taking_in.Terms(
        rater=rater_lines.find_numbered(study, name).pseudonym if name else "",
        keys=tuple(read_text(path).strip() for path in keys),
        after_closing=after_closing,
    )
    with progress(len(answers), "answer", "Checking") as bar:
        found = taking_in.plan(study, answers, terms, bar.update)
    _tell(found, len(answers), len(files))
    if not found.ready:
        click.echo("Nothing is to be stored.")
    elif dry_run:
        click.echo("Nothing was stored: this was a dry run.")
    elif yes or click.confirm(f"Store {counted(len(found.ready))} in {slug}?"):
        with progress(len(answers), "answer", "Storing") as bar:
            done = taking_in.take_in(study, answers, terms, bar.update)
        click.echo(f"Stored {counted(len(done.ready))} in {slug}; the log has it.")
    else:
        click.echo("Nothing was stored.")


def _tell(found: taking_in.Plan, answers: int, files: int) -> None:
    """Say what a plan comes to."""
    for where, why in found.refused:
        click.echo(f"not taken: {where}: {why}.")
    for rater, count in sorted(Counter(one.rater for one in found.ready).items()):
        click.echo(f"{rater}: {counted(count)} to store")
    click.echo(
        f"{counted(answers)} in {files} file{'s' if files > 1 else ''}: {len(found.ready)} to "
        f"store, {found.stored} stored already, {len(found.refused)} not taken."
    )
