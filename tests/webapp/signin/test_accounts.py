"""Accounts by name: made on the command line, signed in by link, disabled and never given away."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages.signing import link, said, signed_in
from tests.support.ports import Port
from webapp.core.database import db
from webapp.models import SigninLink


def refused(app: Flask, *command: str) -> str:
    """Return the sentence of a command that must not work."""
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 1
    return done.output.strip().removeprefix("Error: ")


def test_the_first_link_makes_one_owner(app: Flask) -> None:
    client = signed_in(app)
    assert "signed in as experimenter<" in client.get("/").text
    assert said(app, "accounts", "list").split()[:2] == ["experimenter", "owner"]
    link(app)
    assert said(app, "accounts", "list").count("\n") == 1


def test_no_account_is_made_where_there_is_an_owner_of_another_name(app: Flask) -> None:
    assert said(app, "accounts", "add", "ana") == (
        "Added ana, owner. Next: flask signin-link --account ana\n"
    )
    assert "signed in as ana<" in signed_in(app).get("/").text
    assert said(app, "accounts", "list").count("\n") == 1


def test_of_several_owners_one_must_be_named(app: Flask) -> None:
    for name in ("ana", "bo"):
        said(app, "accounts", "add", name)
    said(app, "accounts", "add", "cy", "--role", "viewer")
    assert refused(app, "signin-link") == "Say whose with --account; there are: ana, bo, cy."
    assert "signed in as bo<" in signed_in(app, "bo").get("/").text
    assert "signed in as cy, a viewer" in signed_in(app, "cy").get("/").text
    assert refused(app, "signin-link", "--account", "di") == (
        "There is no account 'di'; there are: ana, bo, cy."
    )
    said(app, "accounts", "disable", "ana")
    assert "signed in as bo<" in signed_in(app).get("/").text


def test_make_run_says_how_to_sign_in_where_there_are_several_owners(app: Flask) -> None:
    for name in ("ana", "bo"):
        said(app, "accounts", "add", name)
    (app.config["DATA"] / "demo.json").write_text("{}")
    with Port() as port:
        told = said(app, "setup", "--port", str(port.number))
    assert "  sign in, once:   flask signin-link --account NAME" in told


@pytest.mark.parametrize(
    "name", ["", "Ana", "ana lee", "=ana", "-ana", "@ana", "+1", "a" * 41, "ána", "ana\n", "a,b"]
)
def test_a_name_that_is_none_is_refused(app: Flask, name: str) -> None:
    """Also any that a spreadsheet would take for a formula: names stand in log.csv."""
    assert "The name of an account must be of at most 40 small letters" in refused(
        app, "accounts", "add", "--", name
    )


def test_a_name_is_given_once(app: Flask) -> None:
    said(app, "accounts", "add", "ana")
    assert refused(app, "accounts", "add", "ana") == (
        "There is an account 'ana' already; it is an owner's."
    )
    assert refused(app, "accounts", "disable", "bo") == (
        "There is no account 'bo'; there are: ana."
    )


def test_an_owner_stays(app: Flask) -> None:
    assert refused(app, "accounts", "add", "cy", "--role", "viewer") == (
        "The first account must be an owner's, not a viewer's."
    )
    said(app, "accounts", "add", "ana")
    said(app, "accounts", "add", "cy", "--role", "viewer")
    assert refused(app, "accounts", "disable", "ana") == (
        "'ana' is the only owner, and stays; add another one first."
    )
    said(app, "accounts", "add", "bo")
    said(app, "accounts", "disable", "ana")
    assert said(app, "accounts", "list").splitlines()[0].partition(", ")[2].startswith("disabled 2")


def test_a_disabled_account_is_out_and_comes_back_by_name(app: Flask, client: FlaskClient) -> None:
    said(app, "accounts", "add", "ana")
    said(app, "accounts", "add", "bo")
    inside, unused = signed_in(app, "bo"), link(app, "--account", "bo")
    assert said(app, "accounts", "disable", "bo") == "Disabled bo. Sessions ended: 1.\n"
    assert inside.get("/").status_code == 401
    assert client.get(unused).status_code == 403
    assert "There is no account 'bo'" in refused(app, "signin-link", "--account", "bo")
    said(app, "accounts", "add", "bo", "--role", "viewer")
    assert inside.get("/").status_code == 401  # what has ended stays so
    assert client.get(unused).status_code == 403
    assert "signed in as bo, a viewer" in signed_in(app, "bo").get("/").text


def test_links_that_sign_nobody_in_any_more_are_forgotten(app: Flask) -> None:
    for _ in range(3):
        signed_in(app)
    link(app)
    link(app)
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(SigninLink.id))) == 2
