"""The words of templates: looked up once, and the same as Flask-Babel gives for each alone."""

from pathlib import Path

import pytest
from babel.support import NullTranslations
from flask import Flask
from jinja2 import Environment

from webapp import create_app
from webapp.core.extensions import babel
from webapp.core.languages import translating

TEMPLATES = (
    '{{ _("Play") }}',
    '{{ _("100 %% of <it>") }}',
    '{{ _("%(share)d %% of %(name)s", share=50, name="<b>") }}',
    '{{ _("%(name)s", name="<b>" | safe) }}',
    '{{ gettext("Play") }}',
    '{% trans name="<b>" %}Play {{ name }}{% endtrans %}',
    '{% autoescape false %}{{ _("%(name)s", name="<b>") }}{% endautoescape %}',
    '{% autoescape false %}{{ _("<it>") ~ "&" }}{% endautoescape %}{{ _("<it>") ~ "&" }}',
)


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app({"TESTING": True, "DATA": tmp_path})


def plain(app: Flask) -> Environment:
    """Return templates of an app that has Flask-Babel's own words."""
    other = Flask("plain")
    babel.init_app(other)
    with app.test_request_context():
        return other.jinja_env.overlay(autoescape=True)


@pytest.mark.parametrize("template", TEMPLATES)
def test_words_are_those_of_flask_babel(app: Flask, template: str) -> None:
    quick, slow = app.jinja_env.overlay(autoescape=True), plain(app)
    with app.test_request_context():
        for _ in range(2):
            assert quick.from_string(template).render() == slow.from_string(template).render()


def test_a_word_is_looked_up_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def count(code: str) -> NullTranslations:
        asked.append(code)
        return NullTranslations()

    monkeypatch.setattr(translating, "translations_of", count)
    template = app.jinja_env.from_string('{{ _("Some words") }}{{ _("%(n)d words", n=1) }}' * 20)
    with app.test_request_context():
        template.render()
        template.render()
    assert asked == ["en", "en"]


def test_each_language_has_its_own_words(app: Flask) -> None:
    template = app.jinja_env.from_string('{{ _("Questions") }}, {{ _("of %(all)d", all=3) }}')
    said = []
    for code in ("es", "en", "es"):
        with app.test_request_context("/join/x", headers={"Accept-Language": code}):
            said.append(template.render())
    assert said == ["Preguntas, de 3", "Questions, of 3", "Preguntas, de 3"]
