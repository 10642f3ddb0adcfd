"""flask installation: which data folder and which secret key the database belongs to."""

import click
from flask import current_app

from webapp.cli import Group
from webapp.core import database
from webapp.core.database import db
from webapp.core.health.readiness import is_made
from webapp.core.machines import installation as identity

group = Group("installation", help="Which data folder and secret key the database belongs to.")
commands = (group,)


@group.command("show")
def show_command() -> None:
    """Show what the database belongs to, and what is here: all servers of a study say the same."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    stored = None
    if is_made(db.engine.url):
        with db.engine.connect() as connection:
            stored = identity.known(connection)
    here = identity.here(app)
    address = db.engine.url.render_as_string(hide_password=True)
    click.echo(f"data folder   {app.config['DATA']}\ndatabase      {address}")
    for name, mine, known in (
        ("folder's id", here.folder, stored.folder if stored else ""),
        ("key's mark", here.key, stored.key if stored else ""),
    ):
        click.echo(f"{name:14}{mine or 'none yet'}")
        if known != mine:
            click.echo(f"{'':14}{known or 'none yet'} by the database")


@group.command("accept")
@click.option("--yes", is_flag=True, help="Do not ask.")
def accept_command(yes: bool) -> None:
    """Let the database belong to this data folder and this secret key from now on.

    Needed after a secret key was replaced, or a folder made anew. With another key, everybody is
    signed out, and what waits in raters' browsers is kept there: the sounds on pages that are open
    have names by the old one, with which a file of it is taken in (flask studies take-in --key).
    With another folder, the sounds of studies and all collections are gone unless they were copied
    into it.
    """
    from webapp.logbook import record

    if not yes:
        click.confirm(
            "With another key, answers that wait in raters' browsers stay there, to be sent as a "
            "file; with another folder, its sounds are what raters hear. Go on?",
            abort=True,
        )
    database.prepare(accept=True)
    with database.writing():
        record("installation accepted")
    click.echo(f"The database belongs to {current_app.config['DATA']} and its secret key now.")
