"""flask tokens: what scripts read with."""

import click

from webapp.cli import Group
from webapp.core import database
from webapp.models.signin import SCOPES

group = Group("tokens", help="Make, list and revoke the tokens by which scripts read.")
commands = (group,)


@group.command("make")
@click.argument("name")
@click.option(
    "--scope", "scopes", type=click.Choice(SCOPES), multiple=True, required=True,
    help="What it opens; may be given several times. scores: collections, their rankings and "
    "scores. results: studies, and the tables of their results. judgements: each judgement.",
)  # fmt: skip
@click.option("--study", default="", metavar="SLUG", help="Results and judgements of this alone.")
@click.option("--days", type=int, default=90, show_default=True, help="How long it is good.")
@click.option("--account", help="Whose it is; the one owner's unless told.")
def make_command(
    name: str, scopes: tuple[str, ...], study: str, days: int, account: str | None
) -> None:
    """Make the token NAME and print it: once, since only a digest of it is kept.

    It reads and changes nothing, and opens no page that names or pays raters. It ends with its
    account.
    """
    from webapp.signin import access_tokens, accounts

    database.prepare()
    whose = accounts.chosen(account)
    click.echo(access_tokens.make(whose, name, scopes, study=study, days=days))


@group.command("list")
def list_command() -> None:
    """List the tokens: whose they are, what they open, until when, and when they were used last."""
    from webapp.signin import access_tokens

    database.prepare()
    database.reads()
    for one in access_tokens.every():
        opens = one.scopes.replace(",", ", ") + (f" of {one.study}" if one.study else "")
        until = access_tokens.why_not(one) or f"until {one.expires_at:%Y-%m-%d}"
        used = f"last used {one.used_at:%Y-%m-%d %H:%M} (UTC)" if one.used_at else "never used"
        click.echo(f"{one.name:24} {one.account.name:24} {opens}; {until}; {used}")


@group.command("revoke")
@click.argument("name")
def revoke_command(name: str) -> None:
    """Revoke the token NAME: it opens nothing from now on."""
    from webapp.signin import access_tokens

    database.prepare()
    access_tokens.revoke_named(name)
    click.echo(f"Revoked {name}.")
