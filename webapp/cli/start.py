"""flask demo, setup, signin-link: everything that `make run` does before it serves."""

import socket
from urllib.parse import urlsplit

import click
from flask import current_app, url_for
from flask.cli import with_appcontext

from embeddings import __version__
from embeddings.errors import InputError
from embeddings.files import read_text, write_text
from webapp.cli import Command
from webapp.core import database
from webapp.models import Rater

_SERVED = "served_at"  # the file that remembers where `make run` served last


def base_url() -> str:
    """Return the address that links begin with: the setting, or where `make run` served last."""
    served = current_app.config["DATA"] / _SERVED
    last = read_text(served).strip() if served.is_file() else ""
    return current_app.config["SETTINGS"]["base_url"] or last or "http://127.0.0.1:5000"


def rater_link(rater: Rater, base: str | None = None) -> str:
    """Return the secret address of a rater under `base`, or under `base_url()`."""
    return _link(base, "rate.page", slug=rater.study.slug, token=rater.token)


@click.command(
    "demo", cls=Command, short_help="Make the demo: made sounds, their systems, an open study."
)
@with_appcontext
def demo_command() -> None:
    """Make the demo: made sounds, their systems, an open study. What is there is kept."""
    from webapp.demo.demo import make_demo

    database.prepare()
    make_demo()
    click.echo("The demo is ready.")


@click.command(
    "signin-link", cls=Command, short_help="Print a one-time link that signs an account in."
)
@click.option("--account", "name", help="Whose; where there is one owner, that one's unless told.")
@click.option("--base", help="The address that you reach the app at; base_url unless told.")
@with_appcontext
def signin_link_command(name: str | None, base: str | None) -> None:
    """Print a one-time link that signs an account in. The first one makes an owner."""
    from webapp.signin import accounts, links

    database.prepare()
    click.echo(_link(base, "signin.signin", token=links.new_token(accounts.chosen(name))))


@click.command(
    "setup",
    cls=Command,
    short_help="Get everything ready and print the addresses (make run calls it).",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it will be served.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="At which port."
)
@with_appcontext
def setup_command(host: str, port: int) -> None:
    """Get everything ready and print the addresses; make the demo at first start."""
    from webapp.demo.demo import demo_rater, make_demo_once
    from webapp.signin import accounts, links

    _check_free(host, port)
    database.prepare()
    make_demo_once()
    base = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"
    write_text(current_app.config["DATA"] / _SERVED, base + "\n")
    owner = accounts.only_owner()
    way = "flask signin-link --account NAME"
    if owner:
        way = _link(base, "signin.signin", token=links.new_token(owner))
    click.echo(f"\nSounding Board {__version__}\n\n  sign in, once:   {way}")
    rater = demo_rater()
    if rater:
        click.echo(f"  rate the demo:   {rater_link(rater, base)}")
    click.echo(f"  what it stores:  {current_app.config['DATA']}\n")


commands = (demo_command, setup_command, signin_link_command)


def _check_free(host: str, port: int) -> None:
    """Raise InputError if nobody can serve at the port, before links to it are printed."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise InputError(
            f"Nothing can be served at {host}, port {port} ({error.strerror or error}); "
            "choose another: make run PORT=5057."
        ) from error


def _link(base: str | None, endpoint: str, **values: str) -> str:
    base = base or base_url()
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).netloc:
        raise InputError(f"The address must begin with http:// or https://, unlike {base!r}.")
    with current_app.test_request_context():
        return base.rstrip("/") + url_for(endpoint, **values)
