"""flask studies: design, open, invite, watch, close, export."""

from pathlib import Path

import click

from embeddings.errors import InputError
from embeddings.files import read_text, whole_file, write_text
from evaluation.protocol.reading import read_protocol, ready_protocols, template
from evaluation.records.bundle import write_bundle
from evaluation.records.codebook import TABLES
from webapp.bundles import export_import
from webapp.bundles.payments import payments_csv
from webapp.cli import Group
from webapp.cli.of_studies.joining import forget_ids_command, join_secret_command, reissue_command
from webapp.cli.of_studies.languages import languages_command
from webapp.cli.of_studies.mixed import model_command
from webapp.cli.of_studies.plans import plan_command
from webapp.cli.of_studies.reports import plan_lines, status_lines
from webapp.cli.of_studies.results import report_command
from webapp.cli.of_studies.take_in import take_in_command
from webapp.cli.report import check_target
from webapp.cli.start import rater_link
from webapp.core import database
from webapp.logbook import exported, record
from webapp.rating import assigning, people
from webapp.study import extending, lifecycle, opening, preview, rater_lines, rehearsing

group = Group("studies", help="Create, open and export listening tests.")
group.add_command(plan_command)
group.add_command(model_command)
group.add_command(report_command)
group.add_command(languages_command)
for command in (reissue_command, join_secret_command, forget_ids_command, take_in_command):
    group.add_command(command)
commands = (group,)


@group.command("template")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A new file; printed unless told."
)
@click.option(
    "--ready", type=click.Choice(list(ready_protocols())), help="One that comes with the app."
)
def template_command(output: Path | None, ready: str | None) -> None:
    """Write a protocol to begin from: every key explained, or a ready one."""
    text = read_text(ready_protocols()[ready]) if ready else template()
    if output is None or str(output) == "-":
        click.echo(text, nl=False)
        return
    path = check_target(output)
    if path.exists():
        raise InputError(f"{path} is there already, and stays as it is.")
    write_text(path, text)
    click.echo(f"Wrote {path}. Next: flask studies check {path}")


@group.command("check")
@click.argument("protocol", type=click.Path(path_type=Path))
def check_command(protocol: Path) -> None:
    """Check the TOML file PROTOCOL, compute its pools, and say what it will ask of raters."""
    terms = read_protocol(protocol)
    preview.check_name(terms)
    for what, much in plan_lines(preview.preview(terms)):
        click.echo(f"{what:12} {much}")
    click.echo(f"Nothing is stored. Next: flask studies create {protocol}")


@group.command("create")
@click.argument("protocol", type=click.Path(path_type=Path))
def create_command(protocol: Path) -> None:
    """Create a study from the TOML file PROTOCOL, as a draft; a draft of that name is replaced."""
    database.prepare()
    terms = read_protocol(protocol)
    preview.check_name(terms)
    study = lifecycle.create_study(terms)
    click.echo(
        f"Created {study.slug}: {len(study.systems)} systems, {len(study.queries)} queries. "
        f"Next: flask studies open {study.slug}"
    )


@group.command("open")
@click.argument("slug")
def open_command(slug: str) -> None:
    """Freeze the study SLUG, make the sounds that raters hear, and let raters in."""
    database.prepare()
    study = opening.open_study(lifecycle.find_study(slug))
    pools = [len(query.candidates) for query in study.queries]
    click.echo(
        f"Opened {slug}: {len(pools)} queries, {sum(pools)} candidates "
        f"({min(pools)} to {max(pools)} a query), protocol {study.protocol_sha256[:12]}. "
        f"Next: flask studies invite {slug} -n 3"
    )


@group.command("rehearse")
@click.argument("slug")
def rehearse_command(slug: str) -> None:
    """Make a rehearsal of the draft SLUG, with its sounds, in tables of its own.

    It is tried on the page of the draft, and dropped when the study is opened.
    """
    database.prepare()
    rehearsing.make_rehearsal(lifecycle.find_study(slug))
    click.echo(f"{slug} can be rehearsed: open its page and choose Try it.")


@group.command("invite")
@click.argument("slug")
@click.option("-n", "count", type=int, default=1, show_default=True, help="How many raters.")
@click.option("--base", help="The address that raters can reach; base_url unless told.")
@click.option(
    "--csv", "table", type=click.Path(path_type=Path), help="Write them to this file instead."
)
def invite_command(slug: str, count: int, base: str | None, table: Path | None) -> None:
    """Invite raters to the study SLUG: prints a secret link for each."""
    database.prepare()
    path = table and check_target(table)
    new = people.invite(lifecycle.find_study(slug), count)
    links = [(rater.pseudonym, rater_link(rater, base)) for rater in new]
    if path:
        write_text(path, "rater,link\n" + "".join(f"{name},{link}\n" for name, link in links))
        click.echo(f"Wrote {path}: the links of {len(links)} raters.")
        return
    for name, link in links:
        click.echo(f"{name}  {link}")


@group.command("list")
def list_command() -> None:
    """List the studies with their state and progress."""
    database.prepare()
    database.reads()
    for line in lifecycle.overview():
        click.echo(
            f"{line.study.slug:24} {line.study.state:7} {line.queries:4} queries "
            f"{line.raters:4} raters {line.finished:5} blocks finished "
            f"{line.judgements:7} judgements{' (simulated)' if line.study.simulated else ''}"
            f"{' (archived)' if line.study.archived else ''}"
        )


@group.command("status")
@click.argument("slug")
def status_command(slug: str) -> None:
    """Say how far the study SLUG is: each query, each rater, what was reported."""
    database.prepare()
    database.reads()
    for line in status_lines(lifecycle.find_study(slug)):
        click.echo(line)


@group.command("recall")
@click.argument("slug")
@click.argument("rater")
def recall_command(slug: str, rater: str) -> None:
    """Take the unfinished block back from RATER (rater-003, or 3), so that others get it."""
    database.prepare()
    found = rater_lines.find_numbered(lifecycle.find_study(slug), rater)
    assignment = rater_lines.kept_block(found, database.now())
    if assignment is None:
        raise InputError(f"No unfinished block is kept for {found.pseudonym}.")
    record("recalled", slug)
    assigning.recall(assignment)
    click.echo(f"Recalled the block of {found.pseudonym}. What was judged stays.")


@group.command("close")
@click.argument("slug")
def close_command(slug: str) -> None:
    """Close the study SLUG for good: raters can judge no more."""
    database.prepare()
    lifecycle.close_study(lifecycle.find_study(slug))
    click.echo(f"Closed {slug}. Next: flask studies export {slug}")


@group.command("extend")
@click.argument("slug")
@click.option("--systems", required=True, multiple=True, help="A system to add; again for more.")
@click.option("--slug", "new", default="", help="Name of the new version; SLUG-2 unless told.")
def extend_command(slug: str, systems: tuple[str, ...], new: str) -> None:
    """Make a new version of the study SLUG, with more systems, as a draft.

    What was judged is not asked again: only new pairs go out, and a tenth of the old ones to see
    whether raters judge as they did before.
    """
    database.prepare()
    study = extending.extend_study(lifecycle.find_study(slug), systems, new)
    click.echo(
        f"Created {study.slug}: {len(study.systems)} systems, {len(study.queries)} queries of "
        f"{slug}. Next: flask studies open {study.slug}"
    )


@group.command("remove")
@click.argument("slug")
def remove_command(slug: str) -> None:
    """Remove the study SLUG, if nobody has judged anything in it."""
    database.prepare()
    lifecycle.remove_study(lifecycle.find_study(slug))
    click.echo(f"Removed {slug}.")


@group.command("export")
@click.argument("slug")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write: SLUG.zip unless told; - prints one table.",
)
@click.option(
    "--table", type=click.Choice(list(TABLES)), help="One table alone, as CSV; with - judgements."
)
def export_command(slug: str, output: Path | None, table: str | None) -> None:
    """Write the study SLUG as one zip: every table, the protocol, a codebook, checksums."""
    database.prepare()
    database.reads()
    study = lifecycle.find_study(slug)
    if str(output) == "-":
        text = export_import.table_text(study, table or "judgements")
        exported(slug, f"{table or 'judgements'}.csv")
        click.echo(text, nl=False)
    elif table:
        path = check_target(output or Path(f"{table}.csv"))
        write_text(path, export_import.table_text(study, table))
        exported(slug, f"{table}.csv")
        click.echo(f"Wrote {path}.")
    else:
        path = check_target(output or Path(f"{slug}.zip"))
        files = export_import.bundle_files(study)
        with whole_file(path) as file:
            write_bundle(file, files)
        exported(slug, f"{slug}.zip")
        click.echo(f"Wrote {path}: {len(files)} files; CODEBOOK.md in it explains them.")
    if warning := export_import.formulas(study):
        click.echo(warning, err=True)


@group.command("import")
@click.argument("bundle", type=click.Path(path_type=Path))
def import_command(bundle: Path) -> None:
    """Rebuild a study from the zip BUNDLE: closed, without sounds; the collection is not needed."""
    database.prepare()
    study = export_import.import_study(bundle)
    click.echo(
        f"Imported {study.slug}: {len(study.systems)} systems, {len(study.queries)} queries, "
        f"{len(study.raters)} raters. It is closed, and has no sounds."
    )


@group.command("payments")
@click.argument("slug")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The file to write: payments.csv unless told; - prints it.",
)
def payments_command(slug: str, output: Path | None) -> None:
    """Write who came to the study SLUG under other services' ids, and each one's code."""
    database.prepare()
    database.reads()
    text = payments_csv(lifecycle.find_study(slug))
    if str(output) == "-":
        exported(slug, "payments.csv")
        click.echo(text, nl=False)
        return
    path = check_target(output or Path("payments.csv"))
    write_text(path, text)
    exported(slug, "payments.csv")
    click.echo(f"Wrote {path}: it ties pseudonyms to people, so keep it apart.")
