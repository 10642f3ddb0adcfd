"""Answers that come in a file: checked as those that browsers send, stored once, said before."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from tests.support.studies.graded_rows import exported, judgements
from tests.support.studies.rater import Page
from webapp import logbook
from webapp.core.database import db, now
from webapp.models import Judgement, Listen, Study
from webapp.rating import answer_files

Take = Callable[..., str]
BASE = "https://listen.example.org/rate/which"


@pytest.fixture
def page(app: Flask, links: list[str]) -> Page:
    """The page of the first rater."""
    return Page(app.test_client(), links[0])


@pytest.fixture
def take(runner: FlaskCliRunner, tmp_path: Path) -> Take:
    """Return a function that takes files of answers in, and returns what is said."""

    def run(*files: object, options: str = "--yes", code: int = 0) -> str:
        paths = []
        for number, file in enumerate(files):
            paths.append(tmp_path / f"answers-{number}.json")
            paths[-1].write_text(file if isinstance(file, str) else json.dumps(file))
        done = runner.invoke(
            args=["studies", "take-in", "which", *map(str, paths), *options.split()]
        )
        assert done.exit_code == code, done.output
        assert "Traceback" not in done.output
        return done.output

    return run


def kept(page: Page, body: dict[str, Any], kind: str = "grades", **change: Any) -> dict[str, Any]:
    """Return an answer as a file has it."""
    address = f"https://listen.example.org{page.path}/{kind}"
    told = {"address": address, "kind": "answer", "body": body, "reason": "Not just now."}
    return told | {"refused_at": "", "server_at": ""} | change


def file(*answers: object) -> dict[str, Any]:
    """Return a file of answers."""
    return {"sounding_board_answers": 1, "study": BASE, "saved_at": "", "answers": list(answers)}


def count(app: Flask, model: Any) -> int:
    """Return how many rows a table has."""
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count(model.id))) or 0


def test_a_file_is_taken_in_once_in_the_order_of_its_answers(
    app: Flask, page: Page, take: Take, runner: FlaskCliRunner
) -> None:
    at = [(now() + timedelta(seconds=one / 10)).isoformat() for one in range(3)]
    bodies = [
        page.grade(page.candidates[place], grade, given_at=at[order])
        for place, grade, order in ((0, 80, 1), (0, 20, 0), (1, 60, 2))
    ]
    heard = bodies[2] | {"started_at": bodies[2]["given_at"], "seconds": 1.5, "uuid": uuid(7)}
    told = file(*(kept(page, body) for body in bodies), kept(page, heard, "listens"))
    said = take(told, options="--dry-run")
    assert "4 answers in 1 file: 4 to store, 0 stored already, 0 not taken." in said
    assert "Nothing was stored: this was a dry run." in said
    assert judgements(app) == []
    assert "Stored 4 answers in which" in take(told)
    assert [row["grade"] for row in exported(runner) if row["counts"] == "1"] == ["80", "60"]
    assert [grade for *_, grade in judgements(app)] == [20, 80, 60]
    assert count(app, Listen) == 1
    assert "8 answers in 2 files: 0 to store, 8 stored already, 0 not taken." in take(told, told)
    assert len(judgements(app)) == 3
    with app.app_context():
        (entry,) = [one for one in logbook.entries("which") if one.what == "took in"]
        assert (entry.who, entry.note) == ("the command line", "4 answers")


def uuid(number: int) -> str:
    """Return a UUID."""
    return f"3b241101-e2bb-4255-8caf-{number:012d}"


def test_what_waits_for_a_yes_is_not_stored_without_one(
    app: Flask, page: Page, runner: FlaskCliRunner, tmp_path: Path
) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(file(kept(page, page.grade(page.candidates[0], 40)))))
    for said, words, stored in (("n\n", "Nothing was stored.", 0), ("y\n", "Stored 1 answer", 1)):
        done = runner.invoke(args=["studies", "take-in", "which", str(path)], input=said)
        assert words in done.output
        assert len(judgements(app)) == stored


def test_each_answer_that_is_not_taken_has_its_reason(
    app: Flask, page: Page, links: list[str], take: Take
) -> None:
    other = Page(app.test_client(), links[1])
    sound = page.candidates[0]
    stored = page.grade(sound, 40)
    assert page.post(stored).json["saved"]
    early = (now() - timedelta(hours=2)).isoformat()
    ahead = page.grade(page.candidates[1], 60, given_at=(now() - timedelta(seconds=20)).isoformat())
    cases: list[tuple[object, str]] = [
        (kept(page, page.grade(sound, 41)), "answer 1: The grade must be from 0 to 100"),
        (kept(page, page.grade(other.candidates[0], 40)), "was not given to rater-001"),
        (kept(page, page.grade("0" * 98, 40)), "is none of this study's"),
        (kept(page, page.grade("0" * 102, 40)), "another secret_key made its page"),
        (kept(page, page.grade(sound, 20, given_at=early)), "before its rater had that page"),
        (kept(page, stored | {"grade": 60}), "another answer has its id already"),
        (kept(page, page.grade(sound, 40, uuid="x")), "An answer must be complete"),
        (kept(page, page.grade(sound, 40), address=f"{BASE}/nobody/grades"), "leads nowhere"),
        (kept(page, page.grade(sound, 40), address="https://x.org/rate/y/z/grades"), "study 'y'"),
        (kept(page, page.grade(sound, 40), address="/etc/passwd"), "address must end in /rate/"),
        (kept(page, page.grade(sound, 40), reason=5), "must be text"),
        (kept(page, page.grade(sound, 40, choice="A", block=sound), "preferences"), "of that kind"),
        (kept(page, [1]), "must be one JSON object"),
        (5, "must be a table, not 5"),
        (kept(page, stored), ""),
        (kept(page, ahead), ""),
        (kept(page, ahead | {"grade": 80}), "another answer has its id already"),
    ]
    said = take(file(*(case for case, _ in cases)))
    lines = [line for line in said.splitlines() if line.startswith("not taken: ")]
    assert len(lines) == len(cases) - 2
    wanted = [(number, words) for number, (_, words) in enumerate(cases, 1) if words]
    for line, (number, words) in zip(lines, wanted, strict=True):
        assert f"answer {number}: " in line
        assert words in line
    assert f"1 to store, 1 stored already, {len(cases) - 2} not taken" in said
    assert [grade for *_, grade in judgements(app)] == [40, 60]


def test_an_earlier_answer_does_not_take_the_place_of_a_later_one(
    app: Flask, page: Page, take: Take
) -> None:
    sound = page.candidates[0]
    before = kept(page, page.grade(sound, 20))
    assert page.post(page.grade(sound, 80)).json["saved"]
    assert "answered the same question later, and that is stored" in take(file(before))
    assert [grade for *_, grade in judgements(app)] == [80]


def test_a_link_that_was_replaced_is_its_raters_where_the_owner_says_so(
    app: Flask, page: Page, links: list[str], runner: FlaskCliRunner, take: Take
) -> None:
    answer = file(kept(page, page.grade(page.candidates[0], 40)))
    assert runner.invoke(args=["studies", "reissue", "which", "1"]).exit_code == 0
    said = take(answer)
    assert "its link leads nowhere: it was replaced, or its rater withdrew" in said
    assert "Its sound was given to rater-001." in said
    assert "its sound was not given to rater-002" in take(answer, options="--rater 2 --yes")
    assert "has no rater '9'" in take(answer, options="--rater 9 --yes", code=1)
    assert "Stored 1 answer in which" in take(answer, options="--rater rater-001 --yes")
    assert [grade for *_, grade in judgements(app)] == [40]
    other = Page(app.test_client(), links[1])
    his = file(kept(other, other.grade(other.candidates[0], 40)))
    said = take(his, options="--rater 1 --yes")
    assert "its link is that of rater-002, not of rater-001" in said


def test_who_withdrew_is_not_taken_in_again(app: Flask, page: Page, take: Take) -> None:
    answer = file(kept(page, page.grade(page.candidates[0], 40)))
    done = page.client.post(f"{page.path}/withdraw", data={"csrf_token": page.csrf})
    assert "You have withdrawn" in done.text
    for options in ("--yes", "--rater 2 --yes"):
        assert "0 to store, 0 stored already, 1 not taken" in take(answer, options=options)
    assert judgements(app) == []


def test_a_closed_study_takes_what_was_given_before_by_a_deliberate_option(
    app: Flask, page: Page, take: Take, runner: FlaskCliRunner
) -> None:
    before = kept(page, page.grade(page.candidates[0], 40))
    with app.app_context():
        db.session.execute(sa.update(Study).values(state="closed", closed_at=now()))
        db.session.commit()
    after = kept(page, page.grade(page.candidates[1], 60))
    assert "with --after-closing it takes in what was given before" in take(file(before), code=1)
    said = take(file(before, after), options="--after-closing --yes")
    assert "answer 2: it was given after the closing" in said
    assert "Stored 1 answer in which" in said
    assert [grade for *_, grade in judgements(app)] == [40]
    with app.app_context():
        study = db.session.scalar(sa.select(Study))
        stored = db.session.scalar(sa.select(Judgement).order_by(Judgement.id.desc()))
        assert stored.given_at <= study.closed_at < stored.received_at  # the bundle has all three
        (entry,) = [one for one in logbook.entries("which") if one.what == "took in"]
        assert entry.note == "1 answer, after the closing"


def test_a_clock_that_is_off_is_set_right_by_what_the_server_said(
    app: Flask, page: Page, take: Take
) -> None:
    """The browser is a day ahead: it dates an answer tomorrow, and its refusal, too."""
    given, day = now(), timedelta(days=1)
    body = page.grade(page.candidates[0], 40, given_at=(given + day).isoformat())
    refused = {"refused_at": (given + day + timedelta(seconds=1)).isoformat(),
               "server_at": f"{given:%a, %d %b %Y %H:%M:%S} GMT"}  # fmt: skip
    assert "Stored 1 answer" in take(file(kept(page, body, **refused)))
    with app.app_context():
        stored = db.session.scalar(sa.select(Judgement).order_by(Judgement.id.desc()))
        assert abs(stored.given_at - given) < timedelta(seconds=3)


def test_no_answer_is_dated_after_it_was_taken_in(app: Flask, page: Page, take: Take) -> None:
    """Else whatever its rater answers later would seem to be the earlier one."""
    later = now() + timedelta(days=1)
    body = page.grade(page.candidates[0], 40, given_at=later.isoformat())
    told = kept(page, body, server_at=f"{later:%a, %d %b %Y %H:%M:%S} GMT")
    assert "Stored 1 answer" in take(file(told))
    with app.app_context():
        assert db.session.scalar(sa.select(Judgement.given_at)) <= now()


@pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59", "Fri, 1 Jan 99999999999 00:00:00"])
def test_a_date_that_no_calendar_has_is_none(page: Page, take: Take, date: str) -> None:
    told = kept(page, page.grade(page.candidates[0], 40), server_at=f"{date} GMT")
    assert "Stored 1 answer" in take(file(told))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no file of answers: not valid JSON"),
        ("PK\x03\x04", "no file of answers: not valid JSON"),
        ("[1]", "it must be a table, not [1]"),
        ('{"answers": []}', "it must have sounding_board_answers and answers"),
        ('{"sounding_board_answers": 1, "answers": 5}', "must have sounding_board_answers and"),
        ('{"sounding_board_answers": 2, "answers": []}', "must be 1, not 2"),
        ('{"sounding_board_answers": 1, "answers": [NaN]}', "no file of answers"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_a_file_that_is_none_is_a_sentence_and_nothing_is_stored(
    app: Flask, page: Page, take: Take, content: str, words: str
) -> None:
    good = file(kept(page, page.grade(page.candidates[0], 40)))
    said = take(good, content, code=1)
    assert words in said
    assert "answers-1.json" in said
    assert len(said.splitlines()) == 1
    assert judgements(app) == []


def test_a_huge_file_is_not_read(page: Page, take: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = file(*(kept(page, page.grade(page.candidates[0], 40)) for _ in range(3)))
    monkeypatch.setattr(answer_files, "MOST", 2)
    assert "has at most 2 answers, not 3" in take(answers, code=1)
    monkeypatch.setattr(answer_files, "LARGEST", 100)
    assert "at most 100 bytes" in take(answers, code=1)


def test_a_missing_file_is_a_sentence(runner: FlaskCliRunner, links: list[str]) -> None:
    done = runner.invoke(args=["studies", "take-in", "which", "/nowhere/answers.json", "--yes"])
    assert done.exit_code == 1
    assert "No such file" in done.output
