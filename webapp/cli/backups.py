"""flask backup and flask restore: nothing is lost."""

import sys
from pathlib import Path

import click
from flask.cli import with_appcontext

from embeddings.errors import InputError
from webapp.cli import Command


@click.command("backup", cls=Command, short_help="Write a backup, also while raters judge.")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--into", "folder", type=click.Path(path_type=Path),
    help="Write it into this folder, named by the moment (UTC).",
)  # fmt: skip
@click.option(
    "--keep", type=click.IntRange(0), default=14, show_default=True,
    help="With --into: how many such backups stay there, the newest; 0 means all.",
)  # fmt: skip
@click.option(
    "--collections", multiple=True, metavar="NAME",
    help="A collection to add with its embeddings and rankings, or all; again for more.",
)  # fmt: skip
@click.option("--replace", is_flag=True, help="Replace a FILE that is there.")
@with_appcontext
def backup_command(
    file: Path | None, folder: Path | None, keep: int, collections: tuple[str, ...], replace: bool
) -> None:
    """Write all that must not be lost to the new zip FILE (- for standard output).

    That is the database, the studies with their sounds, the experimenter's kept sounds, the
    settings and the secret key; and collections, where they are named. Nobody has to wait while it
    is written, and all rows are of one moment. It holds whatever ties pseudonyms to people.
    """
    from webapp.backups.making import back_up, back_up_into, note_made, write_backup

    if (file is None) == (folder is None):
        raise InputError("Say where to: a FILE, or --into a folder.")
    if str(file) == "-":
        if sys.stdout.isatty():
            raise InputError("A backup is no text: send it on (flask backup - | ssh ...).")
        write_backup(sys.stdout.buffer, collections)
        sys.stdout.buffer.flush()
        note_made()
        return
    if folder:
        file, made = back_up_into(folder, collections, keep)
    else:
        assert file
        made = back_up(file, collections, replace=replace)
    click.echo(
        f"Wrote {file}: {sum(made.rows.values())} rows, {made.files} files, "
        f"{len(made.studies)} studies, {len(made.collections)} collections, "
        f"{file.stat().st_size / 1e6:.1f} MB."
    )
    for name, sounds in made.elsewhere.items():
        click.echo(
            f"Of the collection {name}, {sounds} sounds lie outside the data folder, and are not "
            "in it.", err=True,
        )  # fmt: skip


@click.command("restore", cls=Command, short_help="Restore a backup where nothing is yet.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--check", "only", is_flag=True, help="Verify every byte, and store nothing.")
@with_appcontext
def restore_command(file: Path, only: bool) -> None:
    """Restore the backup FILE into an empty data folder and an empty database, of either kind.

    The folder is that of SOUNDING_BOARD_DATA, the database that of database_url. Tables of an
    older version are brought up to date. Start the server afterwards.
    """
    from webapp.backups.restoring import check, restore

    done = check(file) if only else restore(file)
    click.echo(
        f"{'Whole: ' if only else 'Restored '}{file}, made {done.made_at} by Sounding Board "
        f"{done.version}: {done.rows} rows (revision {done.revision}), {done.files} files."
    )
    click.echo(f"Studies: {', '.join(done.studies) or 'none'}")
    click.echo(f"Collections: {', '.join(done.collections) or 'none'}")
    if done.settings:
        click.echo(f"The settings here stay; those of the backup are in {done.settings}.")


commands = (backup_command, restore_command)
