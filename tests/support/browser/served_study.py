"""A study that is served for a browser: opened, its raters invited, its rows read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support.server import Server
from tests.support.studies.rater import Page as RaterPage
from webapp.core.database import db

STUDY = """
title = "Which one is it?"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 3
{more}
[queries]
clips = ["hum-0", "hiss-1"]
[controls]
repeats = 0
[listening]
sound_check = {check}
{listening}
"""


def serving(data: Path, protocol: Path, kind: type[Server]) -> Iterator[Callable[..., Server]]:
    """Yield what the fixture `start` returns, and stop what it started."""
    running: list[Server] = []

    def serve(more: str = "", listening: str = "", end: str = "", check: str = "false") -> Server:
        if "must_listen" not in listening:
            listening += "\nmust_listen = 0"
        text = STUDY.format(more=more, listening=listening, check=check)
        protocol.write_text(text + end)
        server = kind(data)
        running.append(server)
        server.flask("studies", "create", str(protocol))
        server.flask("studies", "open", "which")
        return server

    yield serve
    for server in running:
        server.stop()


def invited(server: Server) -> str:
    """Return the link of a new rater, who has done nothing yet."""
    return server.flask("studies", "invite", "which", "--base", server.url).split()[-1]


def rows(server: Server, table: Any) -> list[Any]:
    """Return the rows of a table of the server's database, in order."""
    with server.app.app_context():
        found = list(db.session.scalars(sa.select(table).order_by(table.id)))
        db.session.expunge_all()
        return found


def grades(server: Server) -> list[tuple[str, int]]:
    """Return (facet, grade) of every grade that was not practice, in order."""
    return [(row["facet"], int(row["grade"])) for row in server.judgements()]


def practised(server: Server, count: int) -> list[str]:
    """Return the links of new raters who are through with practice, in a browser of its own."""
    said = server.flask("studies", "invite", "which", "-n", str(count), "--base", server.url)
    links = [line.split()[-1] for line in said.splitlines()]
    for link in links:
        rater = RaterPage(server.app.test_client(), link.removeprefix(server.url))
        assert not rater.is_practice
    return links
