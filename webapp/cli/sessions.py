"""flask sessions: who is signed in, and on which browsers."""

import click

from embeddings.errors import InputError
from webapp.cli import Group
from webapp.core import database

group = Group("sessions", help="List and end the sessions of those who are signed in.")
commands = (group,)


@group.command("list")
def list_command() -> None:
    """List who is signed in, since when, and on which browser."""
    from webapp.signin import sessions

    database.prepare()
    database.reads()
    for one in sessions.running():
        click.echo(
            f"{one.id:5}  {one.account.name:24} {one.browser:24} "
            f"since {one.made_at:%Y-%m-%d %H:%M}, last seen {one.seen_at:%Y-%m-%d %H:%M} (UTC)"
        )


@group.command("revoke")
@click.argument("ids", metavar="[ID]...", type=int, nargs=-1)
@click.option("--account", "name", help="All of this account.")
@click.option("--all", "everybody", is_flag=True, help="All there are.")
def revoke_command(ids: tuple[int, ...], name: str | None, everybody: bool) -> None:
    """End the sessions of these IDs, as `flask sessions list` shows them, or an account's, or all.

    Whoever is signed in there is out with the next page.
    """
    from webapp.signin import accounts, sessions

    database.prepare()
    if sum(map(bool, (ids, name, everybody))) != 1:
        raise InputError("Say which: numbers of sessions, --account NAME, or --all.")
    if name:
        ended = sessions.revoke(name, account_id=accounts.find(name).id)
    elif everybody:
        ended = sessions.revoke("everybody")
    else:
        ended = sum(sessions.revoke(f"number {one}", id=one) for one in ids)
    click.echo(f"Sessions ended: {ended}.")
