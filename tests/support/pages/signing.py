"""Browsers that sign in: what tests of accounts and sessions share."""

from flask import Flask
from flask.testing import FlaskClient

from tests.support.places import BASE


def said(app: Flask, *command: str) -> str:
    """Return what a command prints that must work."""
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 0, done.output
    return done.output


def link(app: Flask, *options: str) -> str:
    """Return the path of a new sign-in link."""
    return said(app, "signin-link", *options).strip().removeprefix(BASE)


def signed_in(app: Flask, account: str = "", user_agent: str = "") -> FlaskClient:
    """Return a browser that came in by a link: of an account, or of the one owner."""
    client = app.test_client()
    path = link(app, *(("--account", account) if account else ()))
    headers = {"User-Agent": user_agent} if user_agent else {}
    assert client.get(path, headers=headers).status_code == 302
    return client


def copied(client: FlaskClient, app: Flask) -> FlaskClient:
    """Return another browser that has the cookies of this one."""
    other = app.test_client()
    for name in (app.config["SESSION_COOKIE_NAME"], app.config["REMEMBER_COOKIE_NAME"]):
        cookie = client.get_cookie(name)
        if cookie:
            other.set_cookie(name, cookie.value)
    return other


def csrf(client: FlaskClient, path: str = "/") -> dict[str, str]:
    """Return the field that a page's forms send along."""
    token = client.get(path).text.split('name="csrf_token" value="')[1].split('"')[0]
    return {"csrf_token": token}
