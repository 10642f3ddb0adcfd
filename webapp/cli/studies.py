"""flask studies: create, open, invite, list, export."""

from pathlib import Path

import click
from flask.cli import AppGroup

from embeddings.errors import InputError
from embeddings.files import write_text
from evaluation.protocol import read_protocol
from webapp import database, studies
from webapp.cli.start import rater_link
from webapp.demo import SLUG as DEMO

group = AppGroup("studies")
commands = {"studies": group}


@group.command("create")
@click.argument("protocol", type=click.Path(path_type=Path))
def create_command(protocol: Path) -> None:
    """Create a study from the TOML file PROTOCOL, as a draft; a draft of that name is replaced."""
    database.prepare()
    terms = read_protocol(protocol)
    if terms.slug == DEMO:
        raise InputError(f"The name {DEMO!r} is kept for the demo; choose another slug.")
    study = studies.create_study(terms)
    click.echo(
        f"Created {study.slug}: {len(study.systems)} systems, {len(study.queries)} queries. "
        f"Next: flask studies open {study.slug}"
    )


@group.command("open")
@click.argument("slug")
def open_command(slug: str) -> None:
    """Freeze the study SLUG, make the sounds that raters hear, and let raters in."""
    database.prepare()
    study = studies.open_study(studies.find_study(slug))
    pools = [len(query.candidates) for query in study.queries]
    click.echo(
        f"Opened {slug}: {len(pools)} queries, {sum(pools)} candidates "
        f"({min(pools)} to {max(pools)} a query), protocol {study.protocol_sha256[:12]}. "
        f"Next: flask studies invite {slug} -n 3"
    )


@group.command("invite")
@click.argument("slug")
@click.option("-n", "count", type=int, default=1, show_default=True, help="How many raters.")
@click.option("--base", help="The address that raters can reach; base_url unless told.")
def invite_command(slug: str, count: int, base: str | None) -> None:
    """Invite raters to the study SLUG: prints a secret link for each."""
    database.prepare()
    for rater in studies.invite(studies.find_study(slug), count):
        click.echo(f"{rater.pseudonym}  {rater_link(rater, base)}")


@group.command("list")
def list_command() -> None:
    """List the studies with their state and progress."""
    database.prepare()
    for line in studies.overview():
        click.echo(
            f"{line.study.slug:24} {line.study.state:7} {line.queries:4} queries "
            f"{line.raters:4} raters {line.finished:5} blocks finished "
            f"{line.judgements:7} judgements"
        )


@group.command("remove")
@click.argument("slug")
def remove_command(slug: str) -> None:
    """Remove the study SLUG, if nobody has judged anything in it."""
    database.prepare()
    studies.remove_study(studies.find_study(slug))
    click.echo(f"Removed {slug}.")


@group.command("export")
@click.argument("slug")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="judgements.csv unless told; - prints it.",
)
def export_command(slug: str, output: Path | None) -> None:
    """Write the judgements of the study SLUG as CSV, a row a grade."""
    database.prepare()
    text = studies.export_judgements(studies.find_study(slug))
    if str(output) == "-":
        click.echo(text, nl=False)
        return
    path = output or Path("judgements.csv")
    if not path.parent.is_dir():
        raise InputError(f"{path.parent}: there is no such folder to write to.")
    write_text(path, text)
    click.echo(f"Wrote {path}: {text.count(chr(10)) - 1} judgements.")
