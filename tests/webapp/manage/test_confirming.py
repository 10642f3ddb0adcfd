"""The page on which the words of a scale are confirmed, to which a draft's Open leads."""

from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from evaluation.protocol.languages import unconfirmed
from tests.support.pages.manage_pages import post
from webapp.study.lifecycle import find_study

SPANISH = '[[texts]]\nlanguage = "es"\ntitle = "¿Cuál?"\n'


def test_open_leads_to_the_words_of_the_scale_until_they_are_confirmed(
    experimenter: FlaskClient, app: Flask, path: Path, run: Callable[..., str]
) -> None:
    path.write_text('languages = ["en", "es"]\n' + path.read_text() + SPANISH, encoding="utf-8")
    run("create", path)
    answer = post(experimenter, "/studies/which/open")
    assert answer.headers["Location"] == "/studies/which/languages"
    page = experimenter.get("/studies/which/languages").text
    assert '<td lang="es" dir="auto">sin relación</td>' in page
    with app.app_context():
        assert unconfirmed(find_study("which").terms) == ("es",)
    assert post(experimenter, "/studies/which/languages").headers["Location"] == "/studies/which"
    assert "They mean the same" not in experimenter.get("/studies/which/languages").text
    with app.app_context():
        study = find_study("which")
        assert unconfirmed(study.terms) == ()
        assert study.protocol_sha256 == study.terms.sha256()
    assert "This study is in one language" in _of_one(experimenter, path, run)


def _of_one(client: FlaskClient, path: Path, run: Callable[..., str]) -> str:
    text = path.read_text(encoding="utf-8").replace(SPANISH, "").replace('["en", "es"]', '["en"]')
    path.write_text(text, encoding="utf-8")
    run("create", path)
    assert post(client, "/studies/which/languages").status_code == 400
    return client.get("/studies/which/languages").text
