"""What is looked at: an app's settings and data, and the server that answers at its address."""

import http.client
import json
import ssl
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Flask

from webapp.core.database import db
from webapp.core.health.readiness import is_made
from webapp.watch.seen import HEADER, question

SOMEBODY = "198.51.100.7"
"""A network address that nobody has (RFC 5737): whether the server believes that it asks."""

_PATIENCE = 15  # seconds


@dataclass(frozen=True, slots=True)
class Answer:
    """What /healthz answered: its status, its date, and the facts of its body, {} where it is none.

    `failed` says why there is no answer; then the rest is empty.
    """

    failed: str = ""
    status: int = 0
    date: str = ""
    body: dict[str, Any] = field(default_factory=dict)


@dataclass
class Patient:
    """An installation. `at` is the address to ask the running app at; base_url unless told."""

    app: Flask
    at: str = ""

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.app.config["DATA"]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings."""
        return self.app.config["SETTINGS"]

    @property
    def address(self) -> str:
        """Where the running app is asked; "" where nobody said."""
        return (self.at or self.settings["base_url"]).rstrip("/")

    @property
    def url(self) -> sa.URL:
        """The address of the database."""
        with self.app.app_context():
            return db.engine.url

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def is_made(self) -> bool:
        """Whether there is a database to look at; SQLite would make one."""
        return is_made(self.url)

    @cached_property
    def answer(self) -> Answer:
        """What the running app answers, asked as a proxy's client who claims to be SOMEBODY."""
        where = urlsplit(self.address)
        host, port = where.hostname or "", where.port
        connection: http.client.HTTPConnection = http.client.HTTPConnection(
            host, port, timeout=_PATIENCE
        )
        if where.scheme == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # "certificate" asks
            connection = http.client.HTTPSConnection(host, port, timeout=_PATIENCE, context=context)
        headers = {HEADER: question(self.app.config["SECRET_KEY"]), "X-Forwarded-For": SOMEBODY}
        try:
            connection.request("GET", f"{where.path}/healthz", headers=headers)
            given = connection.getresponse()
            raw = given.read(100_000)
        except (OSError, http.client.HTTPException) as error:
            return Answer(failed=str(error) or type(error).__name__)
        finally:
            connection.close()
        return Answer("", given.status, given.headers.get("Date", ""), _facts(raw))

    @property
    def seen(self) -> dict[str, Any]:
        """How the running app was reached, by its own word; {} where it gave none."""
        return self.answer.body.get("seen", {}) if self.address else {}


def _facts(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
