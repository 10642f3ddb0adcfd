"""Tokens read what their scopes open and nothing else; a wrong one gets a sentence and a 401."""

import io
import logging
import sqlite3
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages.bearing import asked, header, script, token_of
from tests.support.pages.signing import csrf, said, signed_in
from tests.support.studies.lab import Lab
from webapp import logbook
from webapp.core.database import READING, db, now
from webapp.core.limits import WRONG_TOKENS
from webapp.models import AccessToken, LogEntry
from webapp.models.signin import SCOPES
from webapp.signin.access_tokens import DAYS

SYSTEMS = "/scores/small/tables/systems.json"
TABLES = "/studies/a-graded-study/results/parts.json"
JUDGEMENTS = "/studies/a-graded-study/results/judgements.csv"
OPENS = {"scores": SYSTEMS, "results": TABLES, "judgements": JUDGEMENTS}


def stored(app: Flask, name: str = "script") -> AccessToken:
    """Return what is stored of a token."""
    found = db.session.scalar(sa.select(AccessToken).where(AccessToken.name == name))
    assert found is not None
    return found


def refused(app: Flask, *command: str) -> str:
    """Return the sentence of a command that must not work."""
    done = app.test_cli_runner().invoke(args=command)
    assert done.exit_code == 1, done.output
    return done.output.strip().removeprefix("Error: ")


@pytest.fixture
def studied(lab: Lab) -> Flask:
    """The lab's app without the tokens and limits of other tests."""
    with lab.app.app_context():
        db.session.execute(sa.delete(AccessToken))
        db.session.commit()
    lab.app.extensions.pop("wrong_tokens", None)
    return lab.app


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_opens_its_scope_alone(studied: Flask, scope: str) -> None:
    token = token_of(studied, scope)
    for other, path in OPENS.items():
        answer = asked(studied, token, path)
        assert answer.status_code == (200 if other == scope else 403), (other, answer.text)
    wrong = next(one for one in SCOPES if one != scope)
    assert asked(studied, token, OPENS[wrong]).json == {
        "error": f"This is not for your token: it opens {scope}, and this needs {wrong}."
    }


def test_a_token_opens_no_view_that_does_not_say_so(studied: Flask) -> None:
    """Every view there is, and so every new one: pages of people, forms, files of who they are."""
    token = token_of(studied, *SCOPES)
    routes, client, tried = studied.url_map.bind("localhost"), script(studied), set()
    values = {"slug": "a-graded-study", "name": "small", "clip_id": "hum-0"}
    for rule in studied.url_map.iter_rules():
        view = studied.view_functions[rule.endpoint]
        if getattr(view, "is_public", False) or rule.endpoint.endswith(("static", "joined")):
            continue
        path = routes.build(rule.endpoint, {one: values.get(one, "x") for one in rule.arguments})
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            answer = client.open(path, method=method, headers=header(token), buffered=True)
            if method not in READING:
                assert (answer.status_code, list(answer.json)) == (405, ["error"]), path
            elif not hasattr(view, "scopes"):
                assert answer.status_code == 403, path
                assert answer.json["error"].endswith("no token opens it.")
            else:
                assert answer.status_code in (200, 400, 404), path
            tried.add(rule.endpoint)
    assert tried >= {"manage.payments", "manage.links", "manage.people", "manage.bundle",
                     "log.table", "signin.account", "manage.invite", "results.page"}  # fmt: skip


def test_no_view_that_is_kept_for_owners_is_opened_to_tokens(app: Flask) -> None:
    """A token is a viewer's, too. What it opens has a scope that there is, and reads."""
    for name, view in app.view_functions.items():
        scopes = getattr(view, "scopes", ())
        assert set(scopes) <= set(SCOPES), name
        if scopes:
            assert not hasattr(view, "is_for_owners"), name
            (rule,) = app.url_map.iter_rules(name)
            assert rule.methods <= READING, name


def test_a_token_of_a_study_opens_that_one_alone(studied: Flask) -> None:
    token = token_of(studied, "results", "judgements", study="a-graded-study")
    assert asked(studied, token, TABLES).status_code == 200
    other = asked(studied, token, TABLES.replace("a-graded-study", "a-rating-study"))
    assert other.status_code == 403
    assert other.json == {"error": "This token opens the study a-graded-study alone."}
    told = asked(studied, token, "/studies.json").json["rows"]
    assert [one["study"] for one in told] == ["a-graded-study"]


@pytest.mark.parametrize(
    ("token", "sentence"),
    [("sb_wrong", "This token is none of ours."), ("sb_", "This token is none of ours.")],
)
def test_a_wrong_token_gets_a_sentence(app: Flask, token: str, sentence: str) -> None:
    answer = asked(app, token, "/collections.json")
    assert (answer.status_code, answer.json) == (401, {"error": sentence})
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_an_expired_and_a_revoked_token_open_nothing(app: Flask) -> None:
    token = token_of(app, "scores")
    assert asked(app, token, "/collections.json").status_code == 200
    with app.app_context():
        day = now() - timedelta(days=1)
        stored(app).expires_at = day
        db.session.commit()
    answer = asked(app, token, "/collections.json")
    assert (answer.status_code, answer.json["error"]) == (
        401, f"This token expired on {day.date().isoformat()}.",
    )  # fmt: skip
    token = token_of(app, "scores")  # under the name of one that is good no more
    assert said(app, "tokens", "revoke", "script") == "Revoked script.\n"
    answer = asked(app, token, "/collections.json")
    assert (answer.status_code, answer.json) == (401, {"error": "This token was revoked."})
    assert refused(app, "tokens", "revoke", "script") == (
        "There is no token 'script' that is good; there are: none."
    )


def test_a_token_ends_with_its_account_and_does_not_come_back(app: Flask) -> None:
    said(app, "accounts", "add", "ana")
    said(app, "accounts", "add", "vi", "--role", "viewer")
    token = said(app, "tokens", "make", "hers", "--scope", "scores", "--account", "vi").strip()
    assert asked(app, token, "/collections.json").status_code == 200
    said(app, "accounts", "disable", "vi")
    assert asked(app, token, "/collections.json").status_code == 401
    said(app, "accounts", "add", "vi")
    assert asked(app, token, "/collections.json").status_code == 401


def test_who_guesses_has_to_wait_and_who_is_right_has_not(app: Flask) -> None:
    right = token_of(app, "scores")
    answers = [asked(app, f"sb_{n}", "/collections.json") for n in range(WRONG_TOKENS + 1)]
    assert [one.status_code for one in answers] == [401] * WRONG_TOKENS + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert list(answers[-1].json) == ["error"]
    assert asked(app, right, "/collections.json").status_code == 200


def test_a_proxys_own_token_is_none_of_ours(app: Flask, experimenter: FlaskClient) -> None:
    """A proxy that asks who comes may send what it asks by; people go on with their cookies."""
    foreign = header("eyJhbGciOi")
    assert experimenter.get("/", headers=foreign).status_code == 200
    assert script(app).get("/collections.json", headers=foreign).status_code == 401
    assert experimenter.get("/healthz", headers=header("sb_wrong")).status_code == 200


def test_a_cookie_adds_nothing_to_a_token(app: Flask, experimenter: FlaskClient) -> None:
    token = header(token_of(app, "scores"))
    assert experimenter.get("/log.csv", headers=token).status_code == 403
    assert experimenter.post("/signout", headers=token).status_code == 405
    assert experimenter.get("/log.csv").status_code == 200


def test_errors_of_a_script_are_json(app: Flask, client: FlaskClient) -> None:
    token = token_of(app, "scores")
    for path, status in (("/nothing", 404), ("/scores/none/tables/systems.json", 404),
                         ("/browse/small/rankings.json", 400)):  # fmt: skip
        answer = asked(app, token, path)
        assert (answer.status_code, list(answer.json)) == (status, ["error"])
    answer = client.get("/collections.json", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json) == (
        401, {"error": "Only who is signed in, or has a token for it, sees this."},
    )  # fmt: skip


def test_only_a_digest_is_stored_and_no_line_of_the_log_has_it(app: Flask) -> None:
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    logging.getLogger().addHandler(handler)
    logging.getLogger("webapp.requests").setLevel(logging.INFO)
    try:
        token = token_of(app, "scores")
        asked(app, token, "/collections.json")
        asked(app, f"{token}x", "/collections.json")
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger("webapp.requests").setLevel(logging.NOTSET)
    assert "/collections.json 200" in lines.getvalue()
    assert token not in lines.getvalue()
    with sqlite3.connect(app.config["DATA"] / "sounding_board.sqlite") as database:
        dump = "\n".join(database.iterdump())
    database.close()
    assert token not in dump
    assert token.removeprefix("sb_") not in dump
    with app.app_context():
        assert len(stored(app).token_sha256) == 64


def test_what_a_token_takes_and_who_made_it_is_in_the_log(studied: Flask) -> None:
    token = token_of(studied, "judgements", name="paper", study="a-graded-study")
    assert asked(studied, token, JUDGEMENTS).status_code == 200
    said(studied, "tokens", "revoke", "paper")
    with studied.app_context():
        found = db.session.scalars(sa.select(LogEntry).order_by(LogEntry.id.desc()).limit(3))
        lines = [(one.who, one.what, one.study, one.note) for one in found]
        assert lines[::-1] == [
            ("the command line", "token made", "a-graded-study", "paper: judgements; 9 days"),
            ("experimenter by the token paper", "exported", "a-graded-study", "judgements.csv"),
            ("the command line", "token revoked", "a-graded-study", "paper"),
        ]
        assert {"token made", "token revoked"} <= set(logbook.ACTS)


def test_when_it_was_used_last_is_written_down_now_and_then(app: Flask) -> None:
    token = token_of(app, "scores")
    assert "never used" in said(app, "tokens", "list")
    asked(app, token, "/collections.json")
    with app.app_context():
        first = stored(app).used_at
    asked(app, token, "/collections.json")
    with app.app_context():
        assert stored(app).used_at == first
    line = said(app, "tokens", "list")
    assert line.startswith("script ")
    assert "scores; until 2" in line
    assert f"last used {first:%Y-%m-%d %H:%M} (UTC)" in line


def test_tokens_are_made_on_the_command_line(app: Flask) -> None:
    made = said(app, "tokens", "make", "nb", "--scope", "scores", "--scope", "results")
    assert made.startswith("sb_")
    assert len(made.strip()) == 46
    with app.app_context():
        one = stored(app, "nb")
        assert (one.scopes, one.study) == ("scores,results", "")
        assert (one.expires_at - one.made_at).days in (DAYS - 1, DAYS)
    assert "There is a token 'nb' already" in refused(
        app, "tokens", "make", "nb", "--scope", "scores"
    )


def test_tokens_that_are_long_over_are_forgotten(app: Flask) -> None:
    token_of(app, "scores", name="old")
    with app.app_context():
        stored(app, "old").expires_at = now() - timedelta(days=31)
        db.session.commit()
    token_of(app, "scores", name="new")
    assert [line.split()[0] for line in said(app, "tokens", "list").splitlines()] == ["new"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["A B", "--scope", "scores"], "The name of a token must be of at most 40 small letters"),
        (["a", "--scope", "scores", "--study", "x"], "A study narrows results and judgements"),
        (
            ["a", "--scope", "results", "--study", "x"],
            "There is no study 'x' that is open or closed.",
        ),
        (["a", "--scope", "scores", "--days", "0"], "A token is good for 1 to 366 days, not 0."),
        (["a", "--scope", "scores", "--days", "999"], "A token is good for 1 to 366 days"),
    ],
)
def test_a_token_that_cannot_be_is_refused(app: Flask, options: list[str], sentence: str) -> None:
    assert sentence in refused(app, "tokens", "make", *options)
    assert said(app, "tokens", "list") == ""


def test_tokens_are_made_and_revoked_on_the_page_of_the_account(app: Flask) -> None:
    said(app, "accounts", "add", "ana")
    said(app, "accounts", "add", "vi", "--role", "viewer")
    owner, viewer = signed_in(app, "ana"), signed_in(app, "vi")
    fields = csrf(viewer) | {"name": "nb", "scope": ["scores", "judgements"], "days": "3"}
    made = viewer.post("/account/tokens", data=fields)
    token = made.text.split('<code id="token">')[1].split("<")[0]
    assert asked(app, token, "/collections.json").status_code == 200
    page = viewer.get("/account").text
    assert token not in page
    assert "scores, judgements" in page
    assert ">nb<" not in owner.get("/account").text
    again = viewer.post("/account/tokens", data=fields)
    assert again.status_code == 400
    assert "There is a token &#39;nb&#39; already" in again.text
    none = viewer.post("/account/tokens", data=csrf(viewer) | {"name": "b", "days": "3"})
    assert (
        "The scopes of a token must be some of scores, results, judgements, not none" in none.text
    )
    number = {"token": page.split('name="token" value="')[1].split('"')[0]}
    assert owner.post("/account/tokens/revoke", data=csrf(owner) | number).status_code == 404
    assert viewer.post("/account/tokens/revoke", data=csrf(viewer) | number).status_code == 302
    assert asked(app, token, "/collections.json").status_code == 401
    assert "revoked" in viewer.get("/account").text
