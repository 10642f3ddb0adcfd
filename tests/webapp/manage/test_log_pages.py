"""Whose hand it was: what is done to a study is in the log, once, and nobody rewrites it."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages.signing import said, signed_in
from tests.support.studies.judged import PROTOCOL, judge
from tests.support.studies.lab import Lab
from tests.support.waiting import wait_for
from webapp import create_app, logbook
from webapp.core.database import db
from webapp.models import LogEntry, Study
from webapp.study.lifecycle import find_study

Row = tuple[str, str, str]


def entries(app: Flask, study: str = "which") -> list[Row]:
    """Return (who, what, note) of a study's entries, the oldest first."""
    with app.app_context():
        return [(one.who, one.what, one.note) for one in logbook.entries(study)][::-1]


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app, with two owners; forms are taken without their tokens."""
    app.config["WTF_CSRF_ENABLED"] = False
    for name in ("ana", "bo"):
        said(app, "accounts", "add", name)
    return app


@pytest.fixture
def ana(app: Flask) -> FlaskClient:
    """The browser of one of them."""
    return signed_in(app, "ana")


@pytest.fixture
def opened_here(app: Flask, path: Path) -> str:
    """A study with two raters, made on the command line."""
    said(app, "studies", "create", str(path))
    said(app, "studies", "open", "which")
    said(app, "studies", "invite", "which", "-n", "2")
    return "which"


def test_what_pages_do_is_logged_under_the_accounts_name(
    app: Flask, ana: FlaskClient, path: Path
) -> None:
    text = 'slug = "which"\n' + path.read_text()
    body = {"action": "create", "toml": text}
    assert ana.post("/studies/new/0123456789ab/toml", data=body).status_code == 302
    changed = body | {"toml": text.replace("title = ", "ends = 2099-01-01\ntitle = ")}
    edit = "/studies/new/0123456789ab/toml?edit=which"
    assert signed_in(app, "bo").post(edit, data=changed).status_code == 302
    ana.post("/studies/which/open")
    wait_for(lambda: ana.get("/studies/which/opening").json["state"] == "open")
    bo = signed_in(app, "bo")
    bo.post("/studies/which/invite", data={"count": "3"})
    assert bo.post("/studies/which/close", data={}).status_code == 302  # not sure
    ana.post("/studies/which/close", data={"sure": "yes"})
    ana.post("/studies/which/close", data={"sure": "yes"})  # is closed
    assert entries(app) == [
        ("ana", "created", ""),
        ("bo", "changed", ""),
        ("ana", "opened", ""),  # in a process of its own
        ("bo", "invited", "3"),
        ("ana", "closed", ""),
    ]


def test_what_the_command_line_does_is_logged_as_that(
    app: Flask, opened_here: str, tmp_path: Path
) -> None:
    with app.app_context():
        judge(find_study("which").raters[0], 100)
    for file in ("which.zip", "judgements.csv"):
        table = ("--table", "judgements") if file.endswith("csv") else ()
        said(app, "studies", "export", "which", *table, "-o", str(tmp_path / file))
    said(app, "studies", "export", "which", "-o", "-")
    said(app, "studies", "payments", "which", "-o", str(tmp_path / "paid.csv"))
    said(app, "studies", "payments", "which", "-o", "-")
    said(app, "studies", "report", "which", "-o", str(tmp_path / "r.html"))
    said(app, "studies", "close", "which")
    said(app, "studies", "status", "which")
    done = entries(app)
    assert {who for who, _, _ in done} == {"the command line"}
    assert [(what, note) for _, what, note in done] == [
        ("created", ""), ("opened", ""), ("invited", "2"), ("exported", "which.zip"),
        ("exported", "judgements.csv"), ("exported", "judgements.csv"),
        ("exported", "payments.csv"), ("exported", "payments.csv"), ("exported", "report.html"),
        ("closed", ""),
    ]  # fmt: skip


def test_what_is_removed_and_imported_is_logged(
    app: Flask, ana: FlaskClient, opened_here: str, path: Path, tmp_path: Path
) -> None:
    with app.app_context():
        judge(find_study("which").raters[0], 100)
    said(app, "studies", "close", "which")
    bundle = tmp_path / "which.zip"
    said(app, "studies", "export", "which", "-o", str(bundle))
    elsewhere = path.with_name("next.toml")
    elsewhere.write_text(PROTOCOL)
    said(app, "studies", "create", str(elsewhere))
    ana.post("/studies/next/remove", data={"sure": "yes"})
    assert entries(app, "next")[-1] == ("ana", "removed", "")
    assert "next" in ana.get("/log").text  # what is gone is still told
    new = create_app({"TESTING": True, "DATA": tmp_path / "elsewhere"})
    said(new, "studies", "import", str(bundle))
    assert entries(new) == [("the command line", "imported", "")]


def test_a_study_that_is_taken_further_says_so(lab: Lab) -> None:
    with lab.app.app_context():
        (child,) = db.session.scalars(sa.select(Study).where(Study.parent != ""))
        parent, slug = child.parent, child.slug
    assert ("the command line", "extended", slug) in entries(lab.app, parent)
    assert entries(lab.app, slug)[0] == ("the command line", "created", "")


def test_every_file_that_leaves_by_a_page_is_logged(
    app: Flask, ana: FlaskClient, opened_here: str
) -> None:
    with app.app_context():
        judge(find_study("which").raters[0], 100)
    before = len(entries(app))
    files = {
        "bundle.zip": "which.zip", "payments.csv": "payments.csv", "links.csv": "links.csv",
        "results/judgements.csv": "judgements.csv", "results.json": "results.json",
        "results/report.html": "report.html", "results/ears.qrels": "ears.qrels",
        "results/disagreements.qrels": "disagreements.qrels",
    }  # fmt: skip
    for address, _ in files.items():
        assert ana.head(f"/studies/which/{address}").status_code == 200
    assert len(entries(app)) == before  # who only looks whether it is there has taken nothing
    for address in files:
        assert ana.get(f"/studies/which/{address}").status_code == 200
    assert entries(app)[before:] == [("ana", "exported", name) for name in files.values()]
    assert ana.get("/studies/which/results/tables/none.csv").status_code == 404
    page = ana.get("/studies/which/results").text
    assert len(entries(app)) == before + len(files)
    kinds = {"tables/": "", "figures/": "figure-"}
    for kind, begins in kinds.items():
        name = page.split(f"/studies/which/results/{kind}")[1].split(".csv")[0]
        assert ana.get(f"/studies/which/results/{kind}{name}.csv").status_code == 200
        assert entries(app)[-1] == ("ana", "exported", f"{begins}{name}.csv")


def test_nobody_waits_while_an_export_is_read(
    app: Flask, ana: FlaskClient, opened_here: str
) -> None:
    """All is read as a reader; the line in the log is a transaction of its own, the last."""
    begun: list[str] = []
    with app.app_context():
        sa.event.listen(
            db.engine, "before_cursor_execute", lambda conn, cursor, text, *rest: begun.append(text)
        )
    assert ana.get("/studies/which/bundle.zip").status_code == 200
    assert begun.count("BEGIN IMMEDIATE") == 1
    place = begun.index("BEGIN IMMEDIATE")
    assert [text.split()[0] for text in begun[place + 1 :] if "log_entry" in text] == ["INSERT"]
    assert not [text for text in begun[place:] if text.startswith("SELECT")]


def test_a_withdrawal_has_no_name(app: Flask, ana: FlaskClient, opened_here: str) -> None:
    """Not even that of an owner in whose browser it is done."""
    with app.app_context():
        rater = find_study("which").raters[0]
        judge(rater, 100)
        address = f"/rate/which/{rater.token}/withdraw"
    assert ana.post(address).status_code == 200
    assert entries(app)[-1] == ("the rater", "withdrew", "")
    assert "the rater" in ana.get("/studies/which").text


def test_a_recall_is_logged_without_a_rater(app: Flask, ana: FlaskClient, opened_here: str) -> None:
    from webapp.rating import assigning, people

    with app.app_context():
        for rater in find_study("which").raters:
            people.agree(rater, True)
            number = assigning.next_assignment(rater).id
    assert ana.post("/studies/which/recall", data={"assignment": number}).status_code == 302
    said(app, "studies", "recall", "which", "1")
    assert entries(app)[-2:] == [("ana", "recalled", ""), ("the command line", "recalled", "")]
    ana.post("/studies/which/recall", data={"assignment": number})  # nothing is left to recall
    assert len(entries(app)) == 5


@pytest.mark.parametrize(
    "statement",
    ["UPDATE log_entry SET who = 'bo'", "DELETE FROM log_entry",
     "DELETE FROM log_entry WHERE study = 'which'"],
)  # fmt: skip
def test_the_database_refuses_to_rewrite_the_log(
    app: Flask, opened_here: str, statement: str
) -> None:
    before = entries(app)
    with app.app_context():
        with pytest.raises(sa.exc.IntegrityError, match="the log is append-only"):
            db.session.execute(sa.text(statement))
        db.session.rollback()
        entry = db.session.scalar(sa.select(LogEntry))
        db.session.delete(entry)
        with pytest.raises(sa.exc.IntegrityError, match="the log is append-only"):
            db.session.commit()
        db.session.rollback()
    assert entries(app) == before


def test_what_fails_is_not_in_the_log(
    app: Flask, opened_here: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry and what it tells of are stored together or not at all."""
    before = entries(app)
    said(app, "studies", "close", "which")
    assert entries(app)[len(before) :] == [("the command line", "closed", "")]
    for command in (["close", "which"], ["open", "which"], ["invite", "which"]):
        assert app.test_cli_runner().invoke(args=["studies", *command]).exit_code == 1
    assert len(entries(app)) == len(before) + 1
    with app.app_context(), pytest.raises(ValueError, match="the log knows no 'praised'"):
        logbook.record("praised")


def test_the_csv_has_every_entry(app: Flask, ana: FlaskClient, opened_here: str) -> None:
    answer = ana.get("/log.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="log.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert list(rows[0]) == ["at", "who", "what", "study", "note"]
    assert [(row["who"], row["what"], row["note"]) for row in rows] == [
        ("the command line", "account added", "ana, owner"),
        ("the command line", "account added", "bo, owner"),
        ("the command line", "created", ""),
        ("the command line", "opened", ""),
        ("the command line", "invited", "2"),
    ]
    assert all(row["at"].endswith("Z") for row in rows)
    own = list(csv.DictReader(io.StringIO(ana.get("/log.csv?study=which").text)))
    assert [row["what"] for row in own] == ["created", "opened", "invited"]
    assert entries(app)[-1] == ("ana", "exported", "log.csv")


def test_the_log_takes_no_name_from_an_address(app: Flask, ana: FlaskClient) -> None:
    """What a link says would be a cell of the next log.csv."""
    before = ana.get("/log").text.count("<tr><th")
    for study in ("=1+1", "nowhere"):
        assert ana.get("/log.csv", query_string={"study": study}).status_code == 404
    assert ana.get("/log").text.count("<tr><th") == before


def test_a_study_shows_its_own_entries(app: Flask, ana: FlaskClient, opened_here: str) -> None:
    page = ana.get("/studies/which").text
    assert "Who did what" in page
    assert page.count("the command line") == 3
    assert "All " not in page.split('id="log"')[1]
    for _ in range(9):
        ana.get("/studies/which/bundle.zip")
    page = ana.get("/studies/which").text
    assert "All 12 entries" in page
    assert "added an account" not in page
    whole = ana.get("/log?study=which").text
    assert whole.count("<tr><th") == 12 + 1
    assert "added an account" in ana.get("/log").text


def test_the_log_is_in_no_bundle_and_changes_none(
    app: Flask, ana: FlaskClient, opened_here: str
) -> None:
    first = ana.get("/studies/which/bundle.zip").data
    assert ana.get("/studies/which/bundle.zip").data == first
    with zipfile.ZipFile(io.BytesIO(first)) as bundle:
        assert [name for name in bundle.namelist() if "log" in name] == []
        assert [one for one in bundle.namelist() if b"the command line" in bundle.read(one)] == []
