"""The list of studies: searched, sorted, put away; drafts that get another name."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.errors import InputError
from tests.support.pages.bearing import asked, token_of
from tests.support.pages.manage_pages import Writing, post
from tests.support.studies.judged import PROTOCOL
from webapp import logbook
from webapp.core.machines import rehearsal_tables
from webapp.manage.state import ListState
from webapp.study.lifecycle import find_study


@pytest.fixture
def three(path: Path, run: Callable[..., str]) -> None:
    """Three studies: alpha is open, beta and gamma are drafts."""
    for slug, title in (("alpha", "Zebra"), ("beta", "Ant"), ("gamma", "Mole & co")):
        file = path.with_name(f"{slug}.toml")
        file.write_text(PROTOCOL.replace("Which one is it?", title))
        run("create", file)
    run("open", "alpha")


def listed(client: FlaskClient, query: str = "") -> list[str]:
    """Return the slugs that the list shows, in its order."""
    answer = client.get(f"/studies{query}")
    assert answer.status_code == 200
    return re.findall(r'<th scope="row"><a href="/studies/([a-z]+)"', answer.text)


@pytest.mark.usefixtures("three")
def test_the_list_is_searched_sorted_and_put_away(
    experimenter: FlaskClient, app: Flask, run: Callable[..., str]
) -> None:
    for query, wanted in (
        ("", ["gamma", "beta", "alpha"]),
        ("?turned=1", ["alpha", "beta", "gamma"]),
        ("?sort=title", ["beta", "gamma", "alpha"]),
        ("?sort=title&turned=1", ["alpha", "gamma", "beta"]),
        ("?sort=state", ["gamma", "beta", "alpha"]),
        ("?sort=nothing&state=none", ["gamma", "beta", "alpha"]),
        ("?state=open", ["alpha"]),
        ("?q=MOLE", ["gamma"]),
        ("?q=small+bet", ["beta"]),  # its collection, and its short name
        ("?q=good.l2&state=draft", ["gamma", "beta"]),
        ("?q=elsewhere", []),
        ("?archived=1", []),
    ):
        assert listed(experimenter, query) == wanted, query
    assert "No study fits." in experimenter.get("/studies?q=elsewhere").text
    answer = post(experimenter, "/studies/beta/archive?q=a&sort=title", {"away": "1"})
    assert answer.headers["Location"] == "/studies?q=a&sort=title"
    assert listed(experimenter) == ["gamma", "alpha"]
    assert listed(experimenter, "?archived=1") == ["beta"]
    assert "1 archived study" in experimenter.get("/studies").text
    assert experimenter.get("/studies/beta").status_code == 200  # nothing else changes
    assert ">Ant</a>" not in experimenter.get("/").text
    listing = run("list")
    assert [line.split()[0] for line in listing.splitlines() if "(archived)" in line] == ["beta"]
    post(experimenter, "/studies/beta/archive", {"away": "0"})
    post(experimenter, "/studies/beta/archive", {"away": "0"})  # once more does nothing
    assert listed(experimenter) == ["gamma", "beta", "alpha"]
    post(experimenter, "/studies/alpha/archive", {"away": "1"})
    assert "is open; close it before" in experimenter.get("/studies").text
    assert listed(experimenter, "?archived=1") == []
    assert post(experimenter, "/studies/none/archive", {"away": "1"}).status_code == 404
    with app.app_context():
        acts = [one.what for one in logbook.entries("beta")]
        assert acts == ["brought back", "archived", "created"]


def test_an_address_says_what_a_list_shows() -> None:
    state = ListState.of({"q": " a  b ", "state": "open", "sort": "raters", "turned": "1"})
    assert ListState.of(state.address()) == state
    assert state.sorted_by("raters") == {"q": "a b", "state": "open", "sort": "raters"}
    assert state.sorted_by("title") == {"q": "a b", "state": "open", "sort": "title"}
    assert [state.aria(one) for one in ("raters", "title")] == ["ascending", None]
    assert ListState().address() == {}
    assert ListState.of({"sort": "title"}).aria("title") == "ascending"


@pytest.mark.usefixtures("three")
def test_a_draft_gets_another_name(experimenter: FlaskClient, app: Flask) -> None:
    assert '/studies/beta/rename"' in experimenter.get("/studies/beta").text
    for name, why in (
        ("a b", "It must be 1 to 64 letters"),
        ("gamma", "There is a study &#39;gamma&#39; already"),
        ("new", "kept for the form"),
    ):
        answer = post(experimenter, "/studies/beta/rename", {"slug": name})
        assert answer.status_code == 400
        assert why in answer.text
    with app.app_context():
        rehearsed = rehearsal_tables.folder("beta")
    rehearsed.mkdir(parents=True)  # as a rehearsal under the old name leaves it
    written = Writing(experimenter, "/studies/new?edit=beta")
    written.post("compare", "save", {"depth": "2"})
    answer = post(experimenter, "/studies/beta/rename", {"slug": "delta"})
    assert answer.headers["Location"] == "/studies/delta"
    assert not rehearsed.exists()
    assert experimenter.get("/studies/beta").status_code == 404
    with app.app_context():
        study = find_study("delta")
        assert study.terms.slug == "delta"
        assert study.protocol_sha256 == study.terms.sha256()
        assert [(one.what, one.note) for one in logbook.entries("delta")] == [("renamed", "beta")]
    assert experimenter.get("/studies/alpha/rename").status_code == 404  # it is open
    assert written.post("review", "create").headers["Location"] == "/studies/delta"
    assert listed(experimenter) == ["delta", "gamma", "alpha"]


@pytest.mark.usefixtures("three")
def test_a_token_opens_no_other_study_that_gets_the_slug(
    app: Flask, path: Path, run: Callable[..., str]
) -> None:
    token = token_of(app, "results", study="alpha")
    with pytest.raises(InputError, match="no study 'beta' that is open or closed"):
        token_of(app, "results", name="draft", study="beta")
    assert [one["study"] for one in asked(app, token, "/studies.json").json["rows"]] == ["alpha"]
    run("remove", "alpha")
    run("create", path.with_name("alpha.toml"))
    answer = asked(app, token, "/studies.json")
    assert (answer.status_code, answer.json) == (401, {"error": "This token was revoked."})


@pytest.mark.usefixtures("three")
def test_a_draft_that_is_opened_comes_back_from_the_archive(
    experimenter: FlaskClient, run: Callable[..., str]
) -> None:
    post(experimenter, "/studies/beta/archive", {"away": "1"})
    run("open", "beta")
    assert "beta" in listed(experimenter)
