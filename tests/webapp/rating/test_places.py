"""Whose a place is: taken by consent, kept by a browser's secret, reached by link or code."""

import re
import sqlite3
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from tests.support.places import BASE
from tests.support.studies.full_study import FULL, form
from tests.support.studies.rater import PROTOCOL, Page, join
from webapp.core.database import db, reading
from webapp.models import Browser, ExternalId, Judgement, Rater
from webapp.rating import join_views, joining

OPEN = PROTOCOL + '[joining]\nopen = true\nmost = 2\nids = ["PROLIFIC_PID", "STUDY_ID"]\n'
ADDRESS = "/join/way?PROLIFIC_PID=alice&STUDY_ID=s"


def rows(app: Flask, model: type[db.Model]) -> int:
    """Return how many rows a table has."""
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def resume(client: FlaskClient, code: str):
    """Type a code on the page that asks for it."""
    return join(client, ADDRESS, answer="", code=code)


def test_looking_takes_no_place(app: Flask, study) -> None:
    """Five link previews filled a study of five, once."""
    study(OPEN, invited=0)
    for number in range(5):
        address = f"/join/way?PROLIFIC_PID=p{number}"
        assert app.test_client().get(address).status_code == 200
        assert app.test_client().head(address).status_code == 200
    assert rows(app, Rater) == rows(app, ExternalId) == 0
    assert join(app.test_client(), ADDRESS).status_code == 302
    assert rows(app, Rater) == 1


def test_no_place_is_taken_without_the_pages_own_token(app: Flask, study) -> None:
    study(OPEN, invited=0)
    client = app.test_client()
    client.get(ADDRESS)
    assert client.post(ADDRESS, data={"answer": "yes"}).status_code == 403
    assert rows(app, Rater) == 0


def test_who_does_not_agree_takes_no_place_and_leaves_nothing(app: Flask, study) -> None:
    study(FULL, invited=0)
    answer = join(app.test_client(), ADDRESS, answer="no")
    assert "You did not agree" in answer.text
    assert "NO42" in answer.text
    assert rows(app, Rater) == rows(app, ExternalId) == 0


def test_a_full_study_is_said_before_consent_and_at_it(app: Flask, study) -> None:
    study(OPEN.replace("most = 2", "most = 1"), invited=0)
    early, late = app.test_client(), app.test_client()
    late.get("/join/way?PROLIFIC_PID=bob")
    assert join(early, ADDRESS).status_code == 302
    assert "There is nothing to do just now" in late.get("/join/way?PROLIFIC_PID=bob").text
    token = re.search(r'name="csrf-token" content="([^"]+)"', late.get(ADDRESS).text)[1]
    data = {"answer": "yes", "csrf_token": token}
    assert "nothing to do just now" in late.post("/join/way?PROLIFIC_PID=bob", data=data).text
    assert rows(app, Rater) == 1


def test_anothers_id_from_another_browser_reaches_nothing(app: Flask, study) -> None:
    study(OPEN, invited=0)
    alice, mallory = app.test_client(), app.test_client()
    place = join(alice, ADDRESS).headers["Location"]
    page = Page(alice, place)
    assert page.post(page.grade(page.candidates[0], 40)).json["saved"]
    before = rows(app, Judgement)
    seen = mallory.get(ADDRESS)
    assert seen.status_code == 403
    assert "begun in another browser" in seen.text
    tried = [seen, join(mallory, ADDRESS), resume(mallory, "0000-0000-0000"), resume(mallory, "é")]
    for answer in tried:
        assert answer.status_code == 403
        assert place not in answer.text
        assert "Location" not in answer.headers
    assert "That is not the code" in tried[-1].text
    assert rows(app, Rater) == rows(app, Browser) == 1  # nor is there a second place
    assert rows(app, Judgement) == before
    assert alice.get(ADDRESS).headers["Location"] == place


@pytest.mark.parametrize("by", ["code", "small letters", "link"])
def test_another_device_goes_on_by_code_or_link(app: Flask, study, by: str) -> None:
    study(OPEN, invited=0)
    laptop, phone = app.test_client(), app.test_client()
    place = join(laptop, ADDRESS).headers["Location"]
    page = Page(laptop, place)
    page.post(page.grade(page.candidates[0], 40))
    code = re.search(r'id="resume-code">([^<]+)<', laptop.get(place).text)[1]
    assert re.fullmatch(r"(\w{4}-){2}\w{4}", code)
    typed = {"code": code, "small letters": code.lower().replace("-", " "),
             "link": f"https://x.example{place}"}  # fmt: skip
    assert resume(phone, typed[by]).headers["Location"] == place
    assert phone.get(ADDRESS).headers["Location"] == place  # from now on without it
    assert laptop.get(ADDRESS).headers["Location"] == place
    assert Page(phone, place).shown == ["40"]


def test_an_invited_rater_has_a_link_and_no_code(study, client: FlaskClient) -> None:
    text = client.get(study(PROTOCOL)[0]).text
    assert "resume-code" not in text
    assert "come back by the same link" in text


def test_a_double_click_or_a_lost_answer_is_one_place(app: Flask, study) -> None:
    """The browser has its secret before the place is made: what comes twice is the same."""
    study(OPEN, invited=0)
    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(ADDRESS).text)[1]
    data = {"answer": "yes", "csrf_token": token}
    first, again = (client.post(ADDRESS, data=data) for _ in range(2))
    assert first.status_code == 302
    assert again.headers["Location"] == first.headers["Location"]
    assert rows(app, Rater) == 1


def test_the_secret_is_kept_as_a_digest_and_for_this_address_alone(app: Flask, study) -> None:
    study(OPEN, invited=0)
    client = app.test_client()
    cookie = client.get(ADDRESS).headers.get_all("Set-Cookie")
    (own,) = [one for one in cookie if one.startswith("sounding_board_browser=")]
    for part in ("HttpOnly", "SameSite=Lax", "Path=/join/", "Max-Age="):
        assert part in own
    join(client, ADDRESS)
    secret = own.partition("=")[2].partition(";")[0]
    with app.app_context():
        (kept,) = db.session.scalars(sa.select(Browser.secret_sha256))
    assert re.fullmatch(r"[0-9a-f]{64}", kept)
    assert secret not in kept
    stranger = app.test_client()
    stranger.set_cookie("sounding_board_browser", kept, path="/join/")
    assert stranger.get(ADDRESS).status_code == 403


def test_who_joined_before_there_were_secrets_has_the_first_browsers_place(
    app: Flask, study
) -> None:
    study(OPEN, invited=0)
    place = join(app.test_client(), ADDRESS).headers["Location"]
    with app.app_context():
        db.session.execute(sa.delete(Browser))
        db.session.commit()
    back, other = app.test_client(), app.test_client()
    for client in (back, other):
        assert "Welcome back" in client.get(ADDRESS).text
    assert rows(app, Browser) == 0  # by looking, nobody has it
    assert join(back, ADDRESS).headers["Location"] == place
    assert other.get(ADDRESS).status_code == 403
    assert rows(app, Rater) == 1


def test_a_session_of_before_goes_on_where_no_ids_are_asked(app: Flask, study) -> None:
    (place,) = study(PROTOCOL + "[joining]\nopen = true\nids = []\n")
    client = app.test_client()
    with client.session_transaction() as session:
        session["joined-1"] = place.rpartition("/")[2]
    assert client.get("/join/way").headers["Location"] == place


@pytest.mark.parametrize("way", ["command", "page"])
def test_a_reissued_link_ends_the_old_one(
    app: Flask, study, runner: FlaskCliRunner, experimenter: FlaskClient, way: str
) -> None:
    study(OPEN, invited=0)
    client = app.test_client()
    old = join(client, ADDRESS).headers["Location"]
    with app.app_context():
        code = joining.resume_code(db.session.scalar(sa.select(Rater)))
    if way == "command":
        done = runner.invoke(args=["studies", "reissue", "way", "1"])
        assert done.exit_code == 0, done.exception
        said = done.output
        assert re.fullmatch(rf"rater-001  {BASE}/rate/way/[\w-]{{24}}\n", said)
    else:
        page = experimenter.get("/studies/way/raters").text
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)[1]
        data = {"rater": "1", "csrf_token": token}
        said = experimenter.post("/studies/way/reissue", data=data, follow_redirects=True).text
        assert "rater-001 has a new link" in said
    new = re.search(r"/rate/way/[\w-]{24}", said)[0]
    assert new != old
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200
    assert client.get(ADDRESS).status_code == 403  # its secret is let go, too
    assert resume(client, code).status_code == 403
    assert resume(client, new).headers["Location"] == new


@pytest.mark.parametrize(
    "value",
    ["undefined", "null", "None", "${e://Field/PROLIFIC_PID}", "{%PROLIFIC_PID%}",
     "{{%PROLIFIC_PID%}}", "[[PROLIFIC_PID]]", "%%PID%%", "<PROLIFIC_PID>", "{PROLIFIC_PID}",
     "[PROLIFIC_PID]"],
)  # fmt: skip
def test_what_no_panel_filled_in_is_nobody(app: Flask, study, value: str) -> None:
    study(OPEN, invited=0)
    answer = app.test_client().get("/join/way", query_string={"PROLIFIC_PID": value})
    assert answer.status_code == 400
    assert "was not filled in" in answer.text
    given = {"PROLIFIC_PID": "a", "STUDY_ID": value}
    assert joining.is_unfilled(value)
    with app.test_request_context("/join/way", query_string=given):
        assert joining.check_joining(found(), given) == {"PROLIFIC_PID": "a", "STUDY_ID": ""}


@pytest.mark.parametrize("value", ["5f3a[1]", "a%b", "nullius", "x<y", "{1", "anna.none"])
def test_what_only_looks_a_little_like_a_placeholder_is_an_id(value: str) -> None:
    assert not joining.is_unfilled(value)


def found():
    """Return the study of the test."""
    from webapp.study.lifecycle import find_study

    return find_study("way")


@pytest.mark.parametrize("name", ["PROLIFIC_PID", "STUDY_ID"])
@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("=cmd|'/c calc'!A0", "must not begin with ="),
        ("@SUM(1)", "must not begin with @"),
        ("+1+1", "must not begin with +"),
        ("-1", "must not begin with -"),
        ("a\nb", "must have no control characters"),
        ("a\x00b", "must have no control characters"),
        ("a\u2028b", "must have no control characters"),
        ("x" * 201, "must have at most 200 characters"),
    ],
)
def test_an_id_that_could_do_harm_in_a_table_is_refused(
    app: Flask, study, name: str, value: str, sentence: str
) -> None:
    study(OPEN, invited=0)
    client = app.test_client()
    given = {"PROLIFIC_PID": "a", "STUDY_ID": "s"}
    client.get("/join/way", query_string=given)
    token = re.search(r'name="csrf_token" value="([^"]+)"',
                      client.get("/join/way", query_string=given).text)[1]  # fmt: skip
    for answer in (
        client.get("/join/way", query_string=given | {name: value}),
        client.post("/join/way", query_string=given | {name: value},
                    data={"answer": "yes", "csrf_token": token}),
    ):  # fmt: skip
        assert answer.status_code == 400
        assert f"{name} {sentence}" in answer.text
    assert rows(app, Rater) == 0


@pytest.mark.parametrize("rater", ["9" * 30, "-1", "x", ""])
def test_a_link_of_nobody_cannot_be_reissued(
    app: Flask, study, experimenter: FlaskClient, rater: str
) -> None:
    study(OPEN, invited=0)
    app.config["WTF_CSRF_ENABLED"] = False
    assert experimenter.post("/studies/way/reissue", data={"rater": rater}).status_code == 404


def test_who_withdraws_while_a_code_is_typed_is_gone(
    app: Flask, study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at whose place it is and the turn as a writer, the place may go."""
    study(OPEN, invited=0)
    join(app.test_client(), ADDRESS)
    client = app.test_client()
    client.get(ADDRESS)

    @contextmanager
    def then_withdrawn():
        with reading():
            yield
        other = sqlite3.connect(app.config["DATA"] / "sounding_board.sqlite")
        with other:
            for table in ("browser", "external_id", "rater"):
                other.execute(f"DELETE FROM {table}")
        other.close()

    monkeypatch.setattr(join_views, "reading", then_withdrawn)
    app.config["WTF_CSRF_ENABLED"] = False
    answer = client.post(ADDRESS, data={"code": "0000-0000-0000"})
    assert (answer.status_code, rows(app, Rater)) == (302, 0)


def test_odd_parameters_break_nothing(app: Flask, study) -> None:
    study(OPEN, invited=0)
    odd = "&slug=x&_external=1&_anchor=y&_scheme=z&PROLIFIC_PID=bob&code=1&answer=yes"
    assert app.test_client().get(ADDRESS + odd).status_code == 200
    assert join(app.test_client(), ADDRESS + odd, answer="perhaps").status_code == 302
    assert rows(app, Rater) == 0


def test_withdrawal_lets_the_browser_go(app: Flask, study) -> None:
    study(OPEN, invited=0)
    client = app.test_client()
    place = join(client, ADDRESS).headers["Location"]
    other = ADDRESS.replace("alice", "x" * 200)  # the longest id there may be
    assert other != ADDRESS
    assert join(app.test_client(), other).status_code == 302
    Page(client, place)
    form(client, place, "withdraw")
    assert rows(app, Browser) == rows(app, Rater) == 1
    with app.app_context():
        found = sa.select(ExternalId.value).where(ExternalId.name == "PROLIFIC_PID")
        assert list(db.session.scalars(found)) == ["x" * 200]
