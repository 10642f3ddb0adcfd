"""Everything that can go wrong for a rater, provoked in languages that are no English.

What the catalogues have from code, and not from templates, is an error or a notice: each must be
told here, in every language, and none with an English word in it.
"""

import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import Forbidden, ImATeapot
from werkzeug.test import TestResponse

from embeddings.errors import InputError
from embeddings.systems.store import Ranking
from tests.support.studies.full_study import FULL, form
from tests.support.studies.headphone_test import time_goes_by
from tests.support.studies.rater import Page, join
from tests.support.studies.spoken import CODES, english, spoken, told
from tools.messages import extracted, texts_of
from webapp.core.database import db
from webapp.core.languages.translating import read_catalogue
from webapp.core.limits import Buckets
from webapp.models import Rater, Study
from webapp.rating import joining, people
from webapp.study.lifecycle import close_study
from webapp.study.signatures import check_signature

ASKED = FULL.replace("most = 2", 'most = 30\nids = ["PROLIFIC_PID"]')
ASKED = ASKED.replace("level = true", "level = true\nheadphones = true\n[answers]\nremarks = true")
ASKED = re.sub(r"must_listen = \S+", "must_listen = 0.5", ASKED)
ASKED = ASKED.replace(
    "[controls]\nrepeats = 2", '[controls]\nrepeats = 0\n[scale]\npreset = "mirex-fine"'
)
BAD = [
    [], {}, {"grade": 7}, {"facet": "fine", "grade": 101}, {"facet": "x"}, {"uuid": "x"},
    {"given_at": "2026-01-01T00:00:00"}, {"given_at": "1990-01-01T00:00:00Z"}, {"sent_at": "x"},
    {"listened_seconds": -1}, {"heard": 0.1}, {"heard": "x"}, {"language": "xx"},
    {"sound": "0" * 32},
]  # fmt: skip
COMMON = {
    "the", "and", "not", "must", "this", "that", "is", "are", "was", "were", "of", "to", "from",
    "your", "you", "page", "answer", "answers", "sound", "sounds", "link", "what", "which", "with",
    "please", "again", "load", "study", "none", "null", "true", "false", "error",
}  # fmt: skip
"""Words that every English sentence here has one of, and no Spanish one."""


class Rated:
    """A rater of a language, and all that they are told."""

    def __init__(self, app: Flask, code: str) -> None:
        self.app, self.code, self.said = app, code, []
        self.client = self.another()
        self.address = f"/join/way?PROLIFIC_PID={code}0"

    def another(self) -> FlaskClient:
        """Return another browser of the same language."""
        client = self.app.test_client()
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = f"{self.code}-XX,{self.code};q=0.9,en;q=0.1"
        return client

    def see(self, answer: TestResponse, *statuses: int) -> TestResponse:
        """Take in what an answer says."""
        assert answer.status_code in (statuses or (400, 403, 404)), answer.text[-400:]
        if answer.is_json:
            self.said.append(answer.json.get("refused") or answer.json["error"])
        else:
            assert f'<html lang="{self.code}"' in answer.text
            self.said += told(answer.text)
        return answer


@pytest.fixture
def raters(app: Flask, runner: FlaskCliRunner, ranked: list[Ranking], tmp_path) -> list[Rated]:
    """A rater of each language of an open study that asks for everything."""
    (tmp_path / "way.toml").write_text(spoken(ASKED), encoding="utf-8")
    for command in (["create", str(tmp_path / "way.toml")], ["languages", "way", "--confirm"],
                    ["open", "way"]):  # fmt: skip
        result = runner.invoke(args=["studies", *command])
        assert result.exit_code == 0, result.output
    return [Rated(app, code) for code in CODES]


def rater_of(path: str) -> Rater:
    """Return the rater of a link."""
    return db.session.scalars(sa.select(Rater).where(Rater.token == path.split("/")[-1])).one()


def come_in_wrongly(one: Rated) -> None:
    """Come by every address that leads nowhere, and do not agree."""
    get = one.another().get
    for address in ("/rate/way/nobody", "/rate/none/nobody", "/join/none", "/join/", "/rate",
                    "/join/way", "/join/way?PROLIFIC_PID={{id}}", "/join/way?a=%01",
                    "/join/way?%01=a", "/join/way/%01"):  # fmt: skip
        one.see(get(address))
    for bad in ("-1", "x" * 201, "a%E2%80%A8b"):
        one.see(get(f"/join/way?PROLIFIC_PID={bad}"))
    one.see(join(one.another(), f"/join/way?PROLIFIC_PID={one.code}9", answer="no"), 200)
    one.see(one.another().put("/join/way"), 405)


def pass_checks(one: Rated) -> str:
    """Come in, with every mistake that can be made; return the rater's link."""
    client, path = one.client, join(one.client, one.address).headers["Location"]
    one.see(one.another().get(one.address), 403)
    one.see(join(one.another(), one.address, code="0000"), 403)
    for wrong in ("", "x9", "9" * 5001):
        one.see(form(client, path, "questions/before", **{"q-age": wrong}), 200)
    one.see(form(client, path, "questions/before", **{"q-age": "4\x02"}))
    typed = client.post(f"{path}/questions/before", data={"csrf_token": "old", "q-age": "forty"})
    assert 'value="forty"' in one.see(typed, 200).text
    form(client, path, "questions/before", **{"q-age": "40"})
    form(client, path, "sound-check", beeps="many")
    one.see(client.get(path), 200)
    form(client, path, "sound-check")
    client.get(path)
    form(client, path, "headphones")  # too soon
    one.see(client.get(path), 200)
    time_goes_by(one.app, path)
    form(client, path, "headphones")
    one.see(client.get(path), 200)
    with one.app.app_context():
        rater_of(path).headphones = json.dumps([0, 6])
        db.session.commit()
    return path


def answer_wrongly(one: Rated, page: Page) -> None:
    """Send every answer that cannot be stored."""
    sound, path = page.candidates[0], page.path

    def grade(**change: object) -> dict[str, object]:
        return page.grade(sound, 1, facet="broad", language=one.code) | change

    for change in BAD:
        one.see(page.post(change if change in ([], {}) else grade(**change)))
    one.see(page.post(grade(choice="X", block=sound), "preferences"))
    one.see(page.post(grade(text="x" * 501), "remarks"))
    stored = grade(given_at=datetime.now(UTC).isoformat())
    assert page.post(stored).json == {"saved": stored["uuid"]}
    one.see(page.post(stored | {"grade": 2}), 409)
    before = (datetime.now(UTC) - timedelta(seconds=30)).isoformat()
    one.see(page.post(grade(kept=True, given_at=before)), 409)
    headers = {"X-CSRFToken": page.csrf}
    to, post = f"{path}/grades", page.client.post
    one.see(post(to, data="x", headers=headers), 415)
    one.see(post(to, data="{", headers=headers, content_type="application/json"), 400)
    one.see(post(to, data=b" " * 1_000_001, headers=headers, content_type="application/json"), 413)
    one.see(post(to, json={}, headers={"X-CSRFToken": "old"}), 403)
    one.see(post("/rate/way/nobody/grades", json={}, headers=headers), 404)
    one.see(page.client.put(path), 405)
    one.see(page.client.get(f"{path}/nothing"), 404)
    one.see(page.client.get(f"{path}/sounds/{'0' * 32}"), 404)
    page.next()
    one.see(page.client.get(path), 200)
    page.client.post(f"{path}/next", data={"csrf_token": "old"})
    one.see(page.client.get(path), 200)


def come_with_another_key(one: Rated, page: Page) -> None:
    """Send what another key of the server signed."""
    config, body = one.app.config, page.grade(page.candidates[0], 1, facet="broad")
    before, config["SECRET_KEY"] = config["SECRET_KEY"], "f" * 64
    one.see(page.post(body), 403)
    one.see(page.client.get(page.sounds[0]), 404)
    again = Page(page.client, page.path, practise=False)
    one.see(again.post(body), 404)
    config["SECRET_KEY"] = before


def meet_a_bad_server(one: Rated, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask too much, and meet a database that is away, and a fault of the code."""
    with monkeypatch.context() as patched:
        patched.setitem(one.app.config, "PROPAGATE_EXCEPTIONS", False)
        for error, status in (
            (RuntimeError("planted"), 500),
            (OperationalError("x", {}, Exception("planted")), 503),
            (Forbidden(), 403),
            (ImATeapot(), 418),
        ):

            def fail(_rater: Rater, error: Exception = error) -> None:
                raise error

            patched.setattr(people, "standing", fail)
            one.see(one.client.get(path), status)
    limits = one.app.extensions["requests_per_rater"]
    one.app.extensions["requests_per_rater"] = Buckets(1)
    one.client.get(path)
    one.see(one.client.get(path), 429)
    one.app.extensions["requests_per_rater"] = limits


def hear_what_takes_more(one: Rated, path: str) -> None:
    """Hear what takes a panel that signs, a date that is over, or what no browser lets through."""
    with one.app.test_request_context(one.address, headers={"Accept-Language": one.code}):
        rater, person = rater_of(path), {"PROLIFIC_PID": "p"}
        for wrong in (
            lambda: check_signature("way", "PROLIFIC_PID", "p", {}),
            lambda: joining.check_joining(rater.study, {"PROLIFIC_PID": "p\u2028p"}),
            lambda: people.withdraw(rater),
        ):
            with pytest.raises(InputError) as caught:
                wrong()
            one.said.append(str(caught.value))
        errors = people.answer_questions(rater, "after", {"q-device": "a comb"})[1]
        one.said.append(errors["device"])
        rater.study.state = "closed"
        with pytest.raises(InputError) as caught:
            joining.check_joining(rater.study, person)
        one.said.append(str(caught.value))
        db.session.rollback()


def untold(one: Rated) -> list[str]:
    """Return the errors of the catalogue that were not told."""
    said = html.unescape("\n".join(one.said))
    found, catalogue = [], read_catalogue(one.code)
    for message in extracted():
        places = [place for place, _line in message.locations]
        if not message.id or not all(place.startswith("webapp/") for place in places):
            continue
        own = catalogue.get(message.id)
        forms = [re.escape(text) for text in texts_of(own)]
        forms = [re.sub(r"%\\\(\w+\\\)[sd]|%%", ".*?", text.replace("%%", "%")) for text in forms]
        if not any(re.search(text, said) for text in forms):
            found.append(message.id if isinstance(message.id, str) else message.id[0])
    return found


def english_of(one: Rated) -> list[str]:
    """Return the English words of what was told; names, keys and what was sent are no words."""
    text = re.sub(
        r"'[^']*'|\{[a-z]+\}|\{\{id\}\}|\b\w*\d\w*\b|PROLIFIC_PID|signature",
        "",
        html.unescape("\n".join(one.said)),
    )
    for key in ("uuid", "given_at", "sent_at", "listened_seconds", "heard", "language", "broad",
                "fine", "none", *CODES, "en"):  # fmt: skip
        text = re.sub(rf"\b{key}\b", "", text)
    return english(text.splitlines(), one.code) + sorted(
        COMMON & set(re.findall(r"[a-z]+", text.lower()))
    )


def test_every_error_is_told_in_the_raters_language(
    app: Flask, raters: list[Rated], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "may_withdraw", lambda _rater: False)
    pages = []
    for one in raters:
        come_in_wrongly(one)
        path = pass_checks(one)
        page = Page(one.client, path, practise=False)
        answer_wrongly(one, page)
        hear_what_takes_more(one, path)
        come_with_another_key(one, page)
        meet_a_bad_server(one, path, monkeypatch)
        pages.append((one, Page(one.client, path, practise=False)))
    with app.app_context():
        close_study(db.session.scalars(sa.select(Study)).one())
    for one, page in pages:
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
        late = page.grade(page.candidates[0], 1, facet="broad", given_at=tomorrow)
        one.see(page.post(late), 409)
        one.see(one.client.get(one.address, follow_redirects=True), 200)
        one.see(one.another().get("/join/way?PROLIFIC_PID=later"), 200)
        assert not untold(one), "\n".join([one.code, *untold(one)])
        assert not english_of(one), "\n".join([one.code, *english_of(one)])
