"""flask database: from one kind of database to the other."""

import click

from webapp.cli import Group

group = Group("database", help="Move what is judged from SQLite to PostgreSQL, or back.")
commands = (group,)


@group.command("copy")
@click.argument("source")
@click.argument("target")
def copy_command(source: str, target: str) -> None:
    """Copy every row of the database SOURCE into the empty database TARGET.

    Each is an SQLAlchemy address (postgresql+psycopg://...), or the path of an SQLite file; SOURCE
    may also be a backup, and stays as it is. Stop the server before: where somebody wrote to SOURCE
    meanwhile, TARGET stays empty. Its tables are of the revision of SOURCE, so that older code
    opens them, too. The data folder stays as it is: set database_url to TARGET, start the server.
    """
    from webapp.backups.copying import copy

    rows = copy(source, target)
    for name, count in sorted(rows.items()):
        click.echo(f"{name:18}{count:10}")
    click.echo(
        f"Copied {sum(rows.values())} rows of {len(rows)} tables; every table has the same digest "
        "on both sides."
    )
