"""Scripts that come with tokens: what tests of data by address share."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.signin import access_tokens, accounts


def token_of(app: Flask, *scopes: str, name: str = "script", study: str = "", days: int = 9) -> str:
    """Return a new token of the one owner, in place of one of that name."""
    with app.app_context():
        owner = accounts.chosen(None)
        for one in access_tokens.every():
            if one.name == name and access_tokens.is_good(one):
                access_tokens.revoke(one)
        return access_tokens.make(owner, name, scopes, study=study, days=days)


def header(token: str) -> dict[str, str]:
    """Return the header that shows a token."""
    return {"Authorization": f"Bearer {token}"}


def asked(app: Flask, token: str, path: str, **options: Any) -> TestResponse:
    """Return what a script gets that shows a token."""
    return script(app).get(path, headers=header(token), **options)


def script(app: Flask) -> FlaskClient:
    """Return what has neither cookies nor a session."""
    return app.test_client(use_cookies=False)
