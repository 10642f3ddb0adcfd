"""What raters say besides a grade: that they cannot say, and remarks; and what becomes of it."""

import csv
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from embeddings.errors import InputError
from evaluation.findings.missing import missing_words
from evaluation.protocol.besides import LONGEST_REMARK, clean_remark
from evaluation.protocol.reading import parse_protocol
from evaluation.records.bundle import write_bundle
from evaluation.records.frames import read_study
from tests.support.protocols import parsed, top
from tests.support.studies.rater import PROTOCOL, Page
from webapp import create_app
from webapp.bundles.export_import import bundle_files, table_text
from webapp.core.database import db
from webapp.models import CannotSay, Rater, Remark
from webapp.rating import people
from webapp.results.cache import analysis_of
from webapp.study import lifecycle

ASKED = PROTOCOL + "[answers]\nremarks = true\ncannot_say = true\n"
HOSTILE = '=HYPERLINK("http://x")\r\n<b>loud</b>\u202e \x07'


def unsaid(page: Page, sound: str) -> dict[str, object]:
    """Return the body of an answer that there is nothing to say."""
    body = page.grade(sound, 0)
    del body["grade"]
    return body


def remark(page: Page, sound: str, text: object) -> dict[str, object]:
    """Return a remark's body."""
    moment = datetime.now(UTC).isoformat()
    return {"sound": sound, "text": text, "uuid": str(uuid4()), "given_at": moment}


def test_they_are_stored_exported_and_read_back(
    app: Flask, study, client: FlaskClient, tmp_path: Path
) -> None:
    mine, theirs = study(ASKED, invited=2)
    page = Page(client, mine)
    first, second, *rest = page.candidates
    assert page.post(page.grade(first, 60)).json["saved"]
    answer = unsaid(page, first)  # a change of mind
    for _ in range(2):  # once, however often it comes
        assert page.post(answer, "cannot-say").json == {"saved": answer["uuid"]}
    assert page.post(unsaid(page, second), "cannot-say").json["saved"]
    assert page.post(page.grade(second, 40)).json["saved"]  # and another one
    for sound in rest:
        assert page.post(unsaid(page, sound), "cannot-say").json["saved"]
    assert page.post(remark(page, first, "first thought"), "remarks").json["saved"]
    assert page.post(remark(page, first, HOSTILE), "remarks").json["saved"]
    assert "at most 500" in page.post(remark(page, first, "x" * 501), "remarks").json["refused"]
    assert page.post(remark(page, first, 7), "remarks").status_code == 400

    page.load()
    assert page.text.count('class="grade cannot-say" disabled') == len(page.candidates)
    assert page.text.count('data-facet="relevance" aria-pressed="true"') == 1 + len(rest)
    assert "&lt;b&gt;loud" in page.text
    assert "loud" not in Page(app.test_client(), theirs).text  # never shown to anybody else
    assert page.next().status_code == 302  # what was said is an answer: nothing is left
    page.load()
    assert "Round 2 of 3" in page.text

    with app.app_context():
        found = lifecycle.find_study("way")
        analysis = analysis_of(found)
        count = 1 + len(rest)
        assert f"{count} grades of which raters said “I can't say”" in missing_words(analysis)
        assert analysis.uses["superseded"] == 1
        told = table_text(found, "remarks")
        assert "'=HYPERLINK" in told  # no spreadsheet runs it
        assert table_text(found, "cannot_say").count(",cannot say,1,") == count
        files = bundle_files(found)
        assert b'"=HYPERLINK(""http://x"")\n<b>loud</b>"' in files["remarks.csv"]
        path = tmp_path / "which.zip"
        with path.open("wb") as file:
            write_bundle(file, files)
    other = create_app({"TESTING": True, "DATA": tmp_path / "other"})
    read = other.test_cli_runner().invoke(args=["studies", "import", str(path)])
    assert read.exit_code == 0, read.output
    with other.app_context():
        again = bundle_files(lifecycle.find_study("way"))
        assert {name for name in files if files[name] != again[name]} == set()
        db.engine.dispose()
    assert len(read_study(path).cannot_say) == count + 1


def test_what_came_last_holds_whatever_it_was(app: Flask, study, client: FlaskClient) -> None:
    (mine,) = study(ASKED, invited=1)
    page = Page(client, mine)
    given, back, said, after = page.candidates[:4]

    def take_back(sound: str, grade: int) -> None:
        assert page.post(page.grade(sound, grade) | {"taken_back": True}).json["saved"]

    assert page.post(page.grade(given, 20)).json["saved"]
    assert page.post(unsaid(page, given), "cannot-say").json["saved"]
    assert page.post(page.grade(given, 20)).json["saved"]  # as taking the answer before back does
    assert page.post(unsaid(page, back), "cannot-say").json["saved"]
    assert page.post(page.grade(back, 40)).json["saved"]
    take_back(back, 40)
    assert page.post(page.grade(said, 60)).json["saved"]
    take_back(said, 60)
    assert page.post(unsaid(page, said), "cannot-say").json["saved"]
    assert page.post(page.grade(after, 80)).json["saved"]
    page.load()
    shown = [part.split("</li>")[0] for part in page.text.split('data-sound="')[1:]]
    answered = ['aria-pressed="true"' in one for one in shown if 'class="scale"' in one]
    assert answered[:4] == [True, False, True, True]
    with app.app_context():
        found = lifecycle.find_study("way")
        rows = csv.DictReader(table_text(found, "judgements").splitlines())
        assert sorted(row["grade"] for row in rows if row["counts"] == "1") == ["20", "80"]
        assert table_text(found, "cannot_say").count(",cannot say,1,") == 1


def test_the_results_tell_them(app: Flask, study, experimenter: FlaskClient) -> None:
    (mine,) = study(ASKED, invited=1)
    page = Page(app.test_client(), mine)
    first, *_ = page.candidates
    assert page.post(unsaid(page, first), "cannot-say").json["saved"]
    assert page.post(remark(page, first, "clips <at> its end"), "remarks").json["saved"]
    text = experimenter.get("/studies/way/results/rated").text
    assert "Answered “I can" in text
    assert "clips &lt;at&gt; its end" in text
    rows = experimenter.get("/studies/way/results/judgements.csv").text.splitlines()
    assert sum(",cannot say," in row for row in rows) == 1
    with app.app_context():
        people.withdraw(db.session.scalars(sa.select(Rater)).one())
        assert not db.session.scalar(sa.select(sa.func.count(CannotSay.id)))
        assert not db.session.scalar(sa.select(sa.func.count(Remark.id)))


def test_who_is_not_asked_cannot_say_them(study, client: FlaskClient) -> None:
    (mine,) = study(PROTOCOL, invited=1)
    page = Page(client, mine)
    (first, *_) = page.candidates
    assert page.post(unsaid(page, first), "cannot-say").status_code == 404
    assert page.post(remark(page, first, "x"), "remarks").status_code == 404
    assert "grade cannot-say" not in page.text


def test_a_protocol_that_does_not_use_them_is_the_same_text() -> None:
    silent, said = parsed(), parsed("[answers]\nremarks = false\n")
    assert silent.as_json() == said.as_json()
    assert '"remarks": true' in parsed("[answers]\nremarks = true\n").as_json()
    with pytest.raises(InputError, match="cannot_say must be false with the method 'preference'"):
        parse_protocol(
            {
                "slug": "x",
                **tomllib.loads(top('method = "preference"') + "[answers]\ncannot_say = true"),
            },
            "x",
        )


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  a\r\nb\rc\t ", "a\nb\nc"),
        ("\u202eevil\u202c \x1b[31m\x00", "evil [31m"),
        ("e\u0301 \U0001f600", "\u00e9 \U0001f600"),
        ("\n\n", ""),
    ],
)
def test_remarks_are_cleaned_once_and_for_all(written: str, kept: str) -> None:
    assert clean_remark(written) == kept
    assert clean_remark(kept) == kept
    assert LONGEST_REMARK == 500
