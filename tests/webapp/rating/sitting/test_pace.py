"""What spares raters' patience, over HTTP: what is stored of it, taking back, reopening."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from tests.support.studies.rater import PROTOCOL, Page
from webapp import create_app
from webapp.core.database import db
from webapp.models import Judgement, Study
from webapp.models.study import terms_of
from webapp.tables.study_tables import Tables


def stored(app: Flask) -> list[tuple[int, str, bool]]:
    """Return (grade, way, whether it was taken back) of every judgement, in order."""
    with app.app_context():
        found = db.session.scalars(sa.select(Judgement).order_by(Judgement.id))
        return [(one.grade, one.way, one.taken_back) for one in found]


def again(page: Page, number: int) -> str:
    """Return the address that reopens a finished query, as the page names it."""
    found = re.search(rf'href="([^"]+\?again=\w+)"[^>]*>Round {number}<', page.text)
    assert found, page.text
    return found[1]


def test_a_grade_that_is_taken_back_counts_no_more_and_stays(
    app: Flask, study, client: FlaskClient, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    page = Page(client, study("practice = false\n" + PROTOCOL)[0])
    first, second = page.candidates[:2]
    for sound, grade, change in (
        (first, 60, {"way": "play_on_move go_on"}),
        (first, 60, {"taken_back": True}),
        (second, 80, {"way": "by_grades"}),
    ):
        assert page.post(page.grade(sound, grade, **change)).json["saved"]
    page.load()
    assert page.shown == ["80"]
    assert stored(app) == [
        (60, "play_on_move go_on", False), (60, "", True), (80, "by_grades", False),
    ]  # fmt: skip
    with app.app_context():
        table = Tables(db.session.scalars(sa.select(Study)).one()).table("judgements")
        assert table["counts"].tolist() == [0, 0, 1]
        assert table["taken_back"].tolist() == [0, 1, 0]
        assert table["way"].tolist() == ["play_on_move go_on", "", "by_grades"]
    bundle = str(tmp_path / "way.zip")
    for command in (["close", "way"], ["export", "way", "-o", bundle]):
        assert runner.invoke(args=["studies", *command]).exit_code == 0
    other = create_app({"TESTING": True, "DATA": tmp_path / "other"})
    read = other.test_cli_runner().invoke(args=["studies", "import", bundle])
    assert read.exit_code == 0, read.output
    with other.app_context():
        again = Tables(db.session.scalars(sa.select(Study)).one()).table("judgements")
        assert again.equals(table)
        db.engine.dispose()


def test_a_choice_between_lists_says_what_was_on(app: Flask, study, client: FlaskClient) -> None:
    page = Page(client, study('method = "preference"\npractice = false\n' + PROTOCOL)[0])
    block = re.search(r'data-block="(\w+)"', page.text)[1]
    body = page.grade("", 0, block=block, choice="A", way="play_on_move")
    assert page.post(body, "preferences").json["saved"]
    with app.app_context():
        table = Tables(db.session.scalars(sa.select(Study)).one()).table("preferences")
        assert table["way"].tolist() == ["play_on_move"]


@pytest.mark.parametrize(
    "change", [{"way": "fly"}, {"way": "go_on go_on"}, {"way": 3}, {"taken_back": 1}]
)
def test_junk_is_refused(study, client: FlaskClient, change: dict[str, object]) -> None:
    page = Page(client, study("practice = false\n" + PROTOCOL)[0])
    answer = page.post(page.grade(page.candidates[0], 60, **change))
    assert answer.status_code == 400
    assert f"{next(iter(change))} cannot be" in answer.json["refused"]


def test_a_share_or_seconds_must_be_heard(study, client: FlaskClient) -> None:
    page = Page(client, study("practice = false\n" + PROTOCOL)[0])
    assert "Listen to at least 30 % or 3 s first." in page.text
    sound = page.candidates[0]
    little = page.post(page.grade(sound, 60, heard=0.1, listened_seconds=2.5))
    assert little.json["refused"] == "30 % of a sound must be heard first, not 10 %."
    assert page.post(page.grade(sound, 60, heard=0.3, listened_seconds=0.2)).json["saved"]
    assert page.post(page.grade(sound, 40, heard=0.1, listened_seconds=3)).json["saved"]


def test_a_study_of_before_has_none_of_it(app: Flask, study, client: FlaskClient) -> None:
    path = study("practice = false\n" + PROTOCOL)[0]
    with app.app_context():
        kept = db.session.scalars(sa.select(Study)).one()
        table = terms_of(kept.protocol).as_table()
        del table["pace"], table["listening"]["must_seconds"]
        table["listening"]["must_listen"] = 0.0
        kept.protocol = app.json.dumps(table)
        db.session.commit()
        assert kept.terms.pace is None
    page = Page(client, path)
    for words in ("Your settings", "Order by my grades", "Backspace", "data-pace", "Not now"):
        assert words not in page.text
    sound = page.candidates[0]
    assert page.post(page.grade(sound, 60, heard=0.0)).json["saved"]
    assert page.post(page.grade(sound, 60, way="go_on")).status_code == 400
    assert page.post(page.grade(sound, 60, taken_back=True)).status_code == 400
    page.grade_all()
    assert "Look at a finished round again" not in Page(client, path).text
    with app.app_context():
        table = Tables(db.session.scalars(sa.select(Study)).one()).table("judgements")
        assert {"way", "taken_back"}.isdisjoint(table.columns)


def test_a_finished_query_is_reopened_until_its_repeats(
    app: Flask, study, client: FlaskClient
) -> None:
    text = "page = 2\npractice = false\n" + PROTOCOL.replace("repeats = 0", "repeats = 1")
    path = study(text)[0]
    page = Page(client, path)
    while "Round 1 of" in page.text:
        page.grade_all(40)
        page.load()
    address = again(page, 1)
    back = client.get(address).text
    assert "You finished this round." in back
    assert "Round 1 of 3" in back
    sounds = re.findall(r'data-sound="(\w+)"', back)
    assert len(sounds) == 2
    assert 'name="page" value="2"' in back
    further = client.get(f"{address}&page=2").text
    assert set(re.findall(r'data-sound="(\w+)"', further)).isdisjoint(sounds)
    assert page.post(page.grade(sounds[0], 100)).json["saved"]
    assert stored(app)[-1][0] == 100
    assert "Round 2 of 3" in client.get(path).text  # nothing else is changed by it

    for _ in range(20):  # to the repeats, which come when all else is done
        if "A few more sounds" in page.text:
            break
        page.grade_all(40)
        page.load()
    assert "A few more sounds" in page.text
    assert ">Round 1<" not in page.text  # the one that is asked again
    assert ">Round 2<" in page.text
    assert "You finished this round." not in client.get(address).text


def test_another_raters_query_is_not_reopened(study, client: FlaskClient) -> None:
    mine, theirs = study("practice = false\n" + PROTOCOL, 2)[:2]
    page = Page(client, mine)
    page.grade_all()
    address = again(Page(client, mine), 1)
    other = client.get(theirs + address[address.index("?") :]).text
    assert "You finished this round." not in other
    assert "Round 1 of 3" in other
