"""flask studies reissue, join-secret, forget-ids: by what raters come in, and what is kept."""

import click
from flask.cli import with_appcontext

from embeddings.errors import InputError
from webapp.cli.start import rater_link
from webapp.core import database
from webapp.rating import joining
from webapp.study import lifecycle, rater_lines, retention, signatures


@click.command("reissue")
@click.argument("slug")
@click.argument("rater")
@click.option("--base", help="The address that raters can reach; base_url unless told.")
@with_appcontext
def reissue_command(slug: str, rater: str, base: str | None) -> None:
    """Give RATER (rater-003, or 3) a new personal link; the old one and its code are no more.

    For a link that others saw. What waits in the browser of the old link is sent once the new one
    is opened there.
    """
    database.prepare()
    found = rater_lines.find_numbered(lifecycle.find_study(slug), rater)
    joining.reissue(found)
    click.echo(f"{found.pseudonym}  {rater_link(found, base)}")


@click.command("join-secret")
@click.argument("slug")
@click.option("--new", is_flag=True, help="Make another one; addresses signed before are refused.")
@with_appcontext
def join_secret_command(slug: str, new: bool) -> None:
    """Print the secret with which a panel signs the join addresses of the study SLUG.

    Raters are asked for a signature where the protocol's joining.signed is true.
    """
    database.prepare()
    study = lifecycle.find_study(slug)
    if study.state == "draft":  # its folder is made when it is opened, whatever lay there
        raise InputError(f"The study {slug!r} is a draft; its panel gets a secret once it is open.")
    click.echo(signatures.join_secret(study.slug, new=new))


@click.command("forget-ids")
@click.argument("slug")
@click.option("--early", is_flag=True, help="Before external_ids_days are over.")
@with_appcontext
def forget_ids_command(slug: str, early: bool) -> None:
    """Delete the ids by which panel services know the raters of the closed study SLUG.

    payments.csv has none after that: write it before. What raters gave stays, under pseudonyms.
    """
    database.prepare()
    count = retention.forget_ids(lifecycle.find_study(slug), early=early)
    click.echo(f"Forgot {count} ids of raters of {slug}. Backups of before still hold them.")
