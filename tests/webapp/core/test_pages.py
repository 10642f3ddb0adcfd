"""A package that nobody heard of: its pages are found, closed, and behind every guard."""

from pathlib import Path
from typing import Any

import pytest
from click import ClickException
from flask import Flask
from flask.testing import FlaskClient

import webapp
from tests.support.places import BASE
from webapp import create_app
from webapp.core.security import CONTENT_SECURITY_POLICY

VIEWS = '''
from flask import Blueprint, render_template_string
from flask_babel import lazy_gettext

from webapp.core import catalogue
from webapp.core.menus import Entry

bp = Blueprint("planted", __name__)
ENTRY = Entry("collection", 99, "planted.page", lazy_gettext("Planted"))
PAGE = """{% extends "base.html" %}{% block main %}<p>Planted</p>{% endblock %}"""


@bp.get("/planted/<name>")
def page(name):
    return render_template_string(PAGE, collection=catalogue.collection(name))


@bp.post("/planted/<name>")
def change(name):
    return "changed"
'''


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what makes `webapp` find one more package, with a given views.py."""

    def package(name: str, views: str) -> None:
        folder = tmp_path / "more" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "views.py").write_text(views)
        monkeypatch.setattr(webapp, "__path__", [*webapp.__path__, str(folder.parent)])

    return package


@pytest.fixture
def planted(plant: Any, data: Path) -> Flask:
    """An app with the planted page."""
    plant("planted_one", VIEWS)
    return create_app({"TESTING": True, "DATA": data})


def signed_in(app: Flask) -> FlaskClient:
    """Return the experimenter's client."""
    client = app.test_client()
    said = app.test_cli_runner().invoke(args=["signin-link"]).output
    client.get(said.strip().removeprefix(BASE))
    return client


def test_a_new_page_is_closed_to_strangers(planted: Flask) -> None:
    planted.config["WTF_CSRF_ENABLED"] = False
    for method in ("GET", "POST"):
        answer = planted.test_client().open("/planted/small", method=method)
        assert answer.status_code == 401
        assert b"Only the experimenter sees these pages" in answer.data
        assert b"Planted" not in answer.data


def test_a_new_page_has_the_headers_and_its_posts_the_guard(planted: Flask) -> None:
    client = signed_in(planted)
    headers = client.get("/planted/small").headers
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["Cache-Control"] == "private, no-cache"
    assert client.post("/planted/small").status_code == 403


def test_a_new_page_is_in_the_menu_in_its_place(planted: Flask) -> None:
    client = signed_in(planted)
    page = client.get("/planted/small").text
    menu = page.split('<nav class="frame rooms"')[1].split("</nav>")[0]
    words = [line.split(">")[1].split("<")[0] for line in menu.split("<a ")[1:]]
    assert (words[:3], words[-1]) == (["Browse", "Map", "Scores"], "Planted")
    assert '<a href="/planted/small" aria-current=page>Planted</a>' in menu
    assert '<a href="/planted/small">Planted</a>' in client.get("/scores/small").text
    assert "rooms" not in client.get("/").text


@pytest.mark.parametrize(
    ("name", "views", "sentence"),
    [
        (
            "planted_bare",
            "",
            "webapp.planted_bare.views must have its pages in a blueprint named bp",
        ),
        ("planted_menu", VIEWS.replace('"collection"', '"side"'), "no menu 'side'"),
    ],
)
def test_a_page_that_cannot_be_one_is_refused(
    plant: Any, data: Path, name: str, views: str, sentence: str
) -> None:
    plant(name, views)
    with pytest.raises(ClickException, match=sentence):
        create_app({"TESTING": True, "DATA": data})


def test_two_pages_of_one_name_are_refused(plant: Any, data: Path) -> None:
    plant("planted_twice", VIEWS.replace('Blueprint("planted"', 'Blueprint("scores"'))
    with pytest.raises(ValueError, match="The name 'scores' is already registered"):
        create_app({"TESTING": True, "DATA": data})
