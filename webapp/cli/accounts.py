"""flask accounts: who runs studies here."""

import click

from webapp.cli import Group
from webapp.core import database
from webapp.models.signin import ROLES

group = Group("accounts", help="Add, list and disable the accounts of those who run studies.")
commands = (group,)


@group.command("add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), default=ROLES[0], show_default=True,
    help="An owner changes studies, a viewer looks at them.",
)  # fmt: skip
def add_command(name: str, role: str) -> None:
    """Add the account NAME; one that was disabled comes back, in this role."""
    from webapp.signin import accounts

    database.prepare()
    accounts.add(name, role)
    click.echo(f"Added {name}, {role}. Next: flask signin-link --account {name}")


@group.command("list")
def list_command() -> None:
    """List the accounts."""
    from webapp.signin import accounts

    database.prepare()
    database.reads()
    for one in accounts.every():
        state = f", disabled {one.disabled_at:%Y-%m-%d}" if one.disabled_at else ""
        click.echo(f"{one.name:24} {one.role:7} since {one.made_at:%Y-%m-%d}{state}")


@group.command("disable")
@click.argument("name")
def disable_command(name: str) -> None:
    """Disable the account NAME: it is signed out everywhere, and its links sign nobody in.

    The name stays taken, since the log speaks of it.
    """
    from webapp.signin import accounts

    database.prepare()
    ended = accounts.disable(name)
    click.echo(f"Disabled {name}. Sessions ended: {ended}.")
