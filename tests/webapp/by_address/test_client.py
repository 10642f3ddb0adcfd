"""The module for notebooks: every table as a DataFrame, errors in the server's words, no leaks."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

import sounding_board
from sounding_board import Server, ServerError
from tests.support.pages.bearing import asked, token_of
from tests.support.places import ROOT
from tests.support.ports import Port
from tests.support.server import Thread
from tests.support.studies.lab import GOOD, Lab
from webapp.models.signin import SCOPES

STUDY = "a-graded-study"


@pytest.fixture(scope="module")
def app(lab: Lab) -> Flask:
    """The lab's app."""
    return lab.app


@pytest.fixture(scope="module")
def token(app: Flask) -> str:
    """A token for everything."""
    return token_of(app, *SCOPES, name="client")


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    """Where the lab's app is served."""
    served = Thread(app)
    yield served.url
    served.stop()


@pytest.fixture
def server(address: str, token: str) -> Server:
    """A notebook's server."""
    return Server(address, token)


def test_every_table_is_a_frame_with_what_it_is_made_of(server: Server) -> None:
    parts = server.parts(STUDY)  # of few raters now this is there and now that
    name = {kind: own["name"].iloc[0] for kind, own in parts.groupby("kind")}
    found: dict[str, pd.DataFrame] = {
        "collections": server.collections(),
        "clips": server.clips("small"),
        "systems": server.systems("small", convention="corrected"),
        "families": server.families("small"),
        "classes": server.classes("small", "mr1"),
        "comparison": server.comparison("small", GOOD, "other.l2.mcss"),
        "figure": server.scores_figure("small", "families"),
        "map": server.map("small", "good"),
        "rankings": server.rankings("small", "hum-0", [GOOD], ranks=4),
        "studies": server.studies(),
        "parts": parts,
        "table": server.table(STUDY, name["table"]),
        "part": server.figure(STUDY, name["figure"]),
        "judgements": server.judgements(STUDY),
    }
    assert [name for name, table in found.items() if table.empty] == []
    assert all(table.attrs["simulated"] in (True, False) for table in found.values())
    assert len(found["clips"]) == 18
    assert found["systems"].attrs["convention"] == "corrected"
    assert set(found["comparison"]["system_b"]) == {"other.l2.mcss"}
    assert list(found["rankings"]["rank"]) == [1, 2, 3, 4]
    assert str(found["judgements"]["given_at"].dtype).endswith("UTC]")
    assert found["judgements"]["grade"].dtype == "int64"
    assert server.results(STUDY)["summary"]


def test_it_is_what_the_address_says(server: Server, app: Flask, token: str) -> None:
    told = asked(app, token, "/scores/small/tables/systems.json").json
    pd.testing.assert_frame_equal(server.systems("small"), sounding_board.as_frame(told))


@pytest.mark.parametrize(
    ("ask", "status", "sentence"),
    [
        (lambda one: one.systems("none"), 404, "There is nothing at this address."),
        (lambda one: one.systems("small", convention="x"), 400, "convention must be one of"),
        (lambda one: one.rankings("small", "../x?y#z"), 400, "has no clip '../x?y#z'"),
        (lambda one: Server(one.address, "sb_no").studies(), 401, "This token is none of ours."),
        (lambda one: Server(one.address, "other").studies(), 401, "Only who is signed in"),
    ],
)
def test_an_error_is_the_servers_sentence(
    server: Server, ask: Any, status: int, sentence: str
) -> None:
    with pytest.raises(ServerError, match=re.escape(sentence)) as told:
        ask(server)
    assert told.value.status == status


def test_address_and_token_come_from_the_environment(
    address: str, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ServerError, match="The address must begin with https://, not ''"):
        Server()
    monkeypatch.setenv(sounding_board.ADDRESS, f"{address}/")
    with pytest.raises(ServerError, match="There is no token"):
        Server()
    monkeypatch.setenv(sounding_board.TOKEN, token)
    assert len(Server().collections()) == 1
    assert token not in repr(Server())


def test_a_token_is_not_sent_where_others_read_it() -> None:
    with pytest.raises(ServerError, match="Over http others could read the token"):
        Server("http://listen.example.org", "sb_x")
    Server("https://listen.example.org", "sb_x")


def test_where_nobody_answers_it_says_so() -> None:
    with Port() as port, pytest.raises(ServerError, match="does not answer"):
        Server(f"http://127.0.0.1:{port.number}", "sb_x", timeout=5).studies()


def test_a_token_follows_no_redirect() -> None:
    came: list[str] = []
    elsewhere = Flask("elsewhere")

    @elsewhere.before_request
    def away() -> ResponseReturnValue:
        came.append(request.path)
        return redirect("/elsewhere")

    served = Thread(elsewhere)
    with pytest.raises(ServerError, match="The server wants another address: /elsewhere"):
        Server(served.url, "sb_x").studies()
    served.stop()
    assert came == ["/studies.json"]


def test_it_is_one_file_that_can_be_copied(app: Flask, token: str) -> None:
    text = (ROOT / "sounding_board.py").read_text(encoding="utf-8")
    assert asked(app, token, "/sounding_board.py", buffered=True).text == text
    named = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert named - sys.stdlib_module_names == {"pandas"}
    script = "import sys, sounding_board; print('flask' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert told.stdout == "False\n", told.stderr
