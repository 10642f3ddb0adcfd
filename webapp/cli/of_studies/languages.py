"""flask studies languages: the words of a scale, side by side, and that they mean the same."""

import click
from flask.cli import with_appcontext

from evaluation.protocol.languages import LANGUAGES, unconfirmed
from webapp.core import database
from webapp.study import confirming, lifecycle


@click.command("languages")
@click.argument("slug")
@click.option("--confirm", is_flag=True, help="The words mean the same; a draft needs it to open.")
@with_appcontext
def languages_command(slug: str, confirm: bool) -> None:
    """Show the words of the scale of the study SLUG in each of its languages."""
    database.prepare()
    study = lifecycle.find_study(slug)
    own = study.terms.languages[:1] or ("en",)
    for code, pairs in confirming.scales(study.terms).items():
        click.echo(f"{LANGUAGES[own[0]]} – {LANGUAGES[code]}")
        for pair in pairs:
            click.echo(f"  {pair.own}\n    {pair.other}")
    if confirm:
        confirming.confirm(study)
        click.echo(f"Confirmed. Next: flask studies open {slug}")
        return
    if study.state == "draft" and (waiting := unconfirmed(study.terms)):
        names = ", ".join(LANGUAGES[one] for one in waiting)
        click.echo(f"Not confirmed: {names}. Next: flask studies languages {slug} --confirm")
