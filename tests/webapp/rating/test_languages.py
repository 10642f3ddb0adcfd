"""A rater's way in other languages: every word, every error, and which language was used."""

import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.systems.store import Ranking
from evaluation.analysis.graded import Analysis
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.findings.by_language import language_notice, languages, languages_of_choices
from evaluation.findings.view import View
from evaluation.protocol.languages import LANGUAGES, ready_texts
from tests.support.studies.full_study import FULL, form, judge_until_end
from tests.support.studies.rater import PROTOCOL, Page, join
from tests.support.studies.spoken import CODES, english, spoken, told
from webapp import create_app
from webapp.core.database import db
from webapp.core.languages.choosing import language
from webapp.core.languages.translating import counted, in_language
from webapp.models import Judgement, Rater, Study
from webapp.tables.study_tables import study_tables

ADDRESS = "/join/way?PROLIFIC_PID=p1"


@pytest.fixture
def opened(runner: FlaskCliRunner, ranked: list[Ranking], tmp_path) -> FlaskCliRunner:
    """A study in all languages of `spoken`, open to all."""
    (tmp_path / "way.toml").write_text(spoken(FULL), encoding="utf-8")
    commands = (["create", str(tmp_path / "way.toml")], ["languages", "way", "--confirm"])
    for command in (*commands, ["open", "way"]):
        result = runner.invoke(args=["studies", *command])
        assert result.exit_code == 0, result.output
    return runner


def speaking(app: Flask, code: str) -> FlaskClient:
    """Return a client whose browser asks for a language."""
    client = app.test_client()
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = f"{code}-XX,{code};q=0.9,en;q=0.5"
    return client


@pytest.mark.parametrize("code", ["ar", *(pytest.param(one, marks=pytest.mark.long)
                                          for one in CODES if one != "ar")])  # fmt: skip
def test_the_whole_way_has_no_english_word(app: Flask, opened: FlaskCliRunner, code: str) -> None:
    client, said, titles = speaking(app, code), [], []

    def see(text: str) -> str:
        assert f'<html lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}"' in text
        said.extend(told(text))
        titles.append(re.search("<title>(.*)</title>", text)[1])
        return text

    see(client.get(ADDRESS).text)
    path = join(client, ADDRESS).headers["Location"]
    see(form(client, path, "questions/before", **{"q-age": "x9"}).text)
    see(form(client, path, "questions/before").text)
    form(client, path, "questions/before", **{"q-age": "40"})
    see(client.get(path).text)
    form(client, path, "sound-check")
    see(client.get(path).text)
    page = Page(client, path, practise=False)
    body = page.grade(page.candidates[0], 60, language=code)
    assert page.post(body).json == {"saved": body["uuid"]}
    page.next()
    see(client.get(path).text)
    judge_until_end(client, path)
    see(form(client, path, "questions/after", **{"q-device": "x"}).text)
    assert "headphones" in client.get(path).text  # what is stored, as the protocol has it
    form(client, path, "questions/after", **{"q-device": "headphones"})
    see(client.get(f"{path}/withdraw").text)
    see(client.get(path).text)
    assert len(said) > 300
    assert len(set(titles)) >= 7  # a page of two steps has one for each
    assert all(" · " in one for one in titles)
    assert english([one for one in said if one != "headphones"], code) == []


def test_an_answer_says_in_which_language_it_was_given(
    app: Flask, opened: FlaskCliRunner, tmp_path
) -> None:
    for person, code in (("a", "ar"), ("b", "en")):
        client = speaking(app, code)
        path = join(client, f"/join/way?PROLIFIC_PID={person}").headers["Location"]
        form(client, path, "questions/before", **{"q-age": "40"})
        form(client, path, "sound-check")
        for _ in range(2):
            page = Page(client, path, practise=False)
            assert f'data-language="{code}"' in page.text
            for sound in page.candidates:
                assert page.post(page.grade(sound, 60, language=code)).json["saved"]
            page.next()
    opened.invoke(args=["studies", "close", "way"])
    with app.app_context():
        kept = list(db.session.scalars(sa.select(Judgement.language).order_by(Judgement.id)))
        assert set(kept) == {"ar", "en"}
        tables = study_tables(db.session.scalars(sa.select(Study)).one())
        assert set(tables.judgements["language"]) == {"ar", "en"}
        assert "2 languages (العربية, English)" in language_notice(tables)[0]
        shown = languages(View(Analysis(tables, screened=False)))
        rows = shown.tables[0].groups[""]
        assert [[cell.text for cell in row[:2]] for row in rows] == [
            ["العربية", "1"],
            ["English", "1"],
        ]
        assert {row[3].text for row in rows} == {"60.0"}
    written = opened.invoke(args=["studies", "export", "way", "-o", str(tmp_path / "way.zip")])
    assert written.exit_code == 0, written.output
    other = create_app({"TESTING": True, "DATA": tmp_path / "other"})
    read = other.test_cli_runner().invoke(args=["studies", "import", str(tmp_path / "way.zip")])
    assert read.exit_code == 0, read.output
    with other.app_context():
        again = study_tables(db.session.scalars(sa.select(Study)).one())
        assert again.judgements.equals(tables.judgements)
        db.engine.dispose()


def test_a_choice_between_lists_says_its_language(
    app: Flask, runner: FlaskCliRunner, ranked: list[Ranking], tmp_path
) -> None:
    text = 'method = "preference"\nlanguages = ["en", "es"]\n' + PROTOCOL
    title = '[[texts]]\nlanguage = "es"\ntitle = "¿Cuál?"\n'
    (tmp_path / "way.toml").write_text(text + title, encoding="utf-8")
    for command in (["create", str(tmp_path / "way.toml")], ["languages", "way", "--confirm"],
                    ["open", "way"]):  # fmt: skip
        assert runner.invoke(args=["studies", *command]).exit_code == 0
    invited = runner.invoke(args=["studies", "invite", "way", "-n", "2"]).output.splitlines()
    for line, code in zip(invited, ("en", "es"), strict=True):
        path = "/rate/" + line.partition("/rate/")[2]
        client = speaking(app, code)
        for _ in range(2):  # practice, and a query
            page = Page(client, path, practise=False)
            block = re.search(r'data-block="(\w+)"', page.text)[1]
            body = page.grade("", 0, block=block, choice="A", language=code)
            assert page.post(body, "preferences").json == {"saved": body["uuid"]}
            page.next()
    with app.app_context():
        tables = study_tables(db.session.scalars(sa.select(Study)).one())
        assert set(tables.preferences["language"]) == {"en", "es"}
        shown = languages_of_choices(PreferenceAnalysis(tables))
        assert [row[0].text for row in shown.tables[0].groups[""]] == ["English", "Español"]


def test_a_menu_changes_the_language_and_the_browser_keeps_it(
    app: Flask, opened: FlaskCliRunner
) -> None:
    client = speaking(app, "es")
    text = client.get(ADDRESS).text
    assert 'href="?PROLIFIC_PID=p1&amp;language=ja"' in text
    answer = client.get(f"{ADDRESS}&language=ja")
    assert answer.headers["Location"] == ADDRESS
    assert '<html lang="ja"' in client.get(ADDRESS).text
    path = join(client, ADDRESS).headers["Location"]
    assert '<html lang="ja"' in client.get(path).text
    typed = form(client, path, "questions/before", language="es", **{"q-age": "forty"})
    assert '<html lang="es"' in typed.text
    assert 'value="forty"' in typed.text  # nothing that was typed is lost, or judged yet
    assert "aria-invalid" not in typed.text
    assert '<html lang="es"' in client.get(path).text
    assert client.get(f"{path}?language=ar").headers["Location"] == path
    assert '<html lang="ar" dir="rtl"' in client.get(path).text
    assert client.get(f"{ADDRESS}&language=xx", follow_redirects=True).status_code == 200


def test_a_study_of_one_language_is_in_it_whatever_browsers_ask_for(app: Flask, study) -> None:
    path = study(PROTOCOL)[0]
    text = speaking(app, "ar").get(path).text
    assert '<html lang="en" dir="ltr"' in text
    assert "languages" not in text
    assert "Listen to this one first" in text


def test_an_error_on_raters_addresses_has_no_menus(experimenter: FlaskClient) -> None:
    experimenter.environ_base["HTTP_ACCEPT_LANGUAGE"] = "es"
    text = experimenter.get("/rate/way/x/nothing").text
    assert "En esta dirección no hay nada." in text
    assert "Studies" not in text
    assert "There is nothing at this address." in experimenter.get("/nothing").text


def test_the_own_language_may_be_another_one(app: Flask, study) -> None:
    """What the protocol leaves ready is in it, and is stored as raters read it."""
    path = study('languages = ["ca"]\n' + PROTOCOL)[0]
    text = app.test_client().get(path).text
    assert '<html lang="ca"' in text
    assert "sense relació" in text
    with app.app_context():
        terms = db.session.scalars(sa.select(Study)).one().terms
        assert terms.scale.facets[0].anchors[0] == (0, "sense relació")
        assert db.session.scalars(sa.select(Rater)).one().study.protocol_sha256 == terms.sha256()


def test_a_draft_opens_once_the_words_of_its_scale_are_confirmed(
    app: Flask, runner: FlaskCliRunner, ranked: list[Ranking], tmp_path
) -> None:
    (tmp_path / "way.toml").write_text(spoken(FULL), encoding="utf-8")
    runner.invoke(args=["studies", "create", str(tmp_path / "way.toml")])
    refused = runner.invoke(args=["studies", "open", "way"])
    assert refused.exit_code
    assert "The words of the scale are part of the measure: read them in Español" in refused.output
    shown = runner.invoke(args=["studies", "languages", "way"]).output
    assert "unrelated\n    sin relación" in shown
    assert "Not confirmed: Español, 日本語, العربية" in shown
    runner.invoke(args=["studies", "languages", "way", "--confirm"])
    assert runner.invoke(args=["studies", "open", "way"]).exit_code == 0
    with app.app_context():
        terms = db.session.scalars(sa.select(Study)).one().terms
        japanese = terms.texts_in("ja")
        assert japanese.confirmed
        assert japanese.facets[0].anchors[0] == in_language("ja", "unrelated")


def test_words_are_counted_as_a_language_counts(app: Flask) -> None:
    words = ("One list has no grade yet.", "%(num)d lists have no grade yet.")
    for code, forms in (("ar", 6), ("ja", 1), ("es", 3), ("de", 2), ("en", 2)):
        with app.test_request_context("/rate/x/y", headers={"Accept-Language": code}):
            assert language() == code
            found = json.loads(counted(*words))
            assert len(found) == forms
            assert "{count}" in found["other"]


def test_every_ready_text_is_in_every_language() -> None:
    for code in LANGUAGES:
        same = [text for text in ready_texts() if in_language(code, text) == text]
        assert code == "en" or set(same) <= {"no", "excellent"}
