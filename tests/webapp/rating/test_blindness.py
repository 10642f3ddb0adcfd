"""What a rater's browser receives on the whole way, and that nothing in it tells anything."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient, FlaskCliRunner

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from tests.support.places import BASE
from tests.support.studies.headphone_test import right_answers, right_count, time_goes_by
from tests.support.studies.rater import Page, join
from webapp.core.database import db
from webapp.core.security import CONTENT_SECURITY_POLICY
from webapp.models import Candidate, Query, Study

PROTOCOL = """
title = "Listen"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
method = "{method}"
depth = 3
consent = "I agree."
[queries]
clips = ["hum-0", "hiss-1"]
[listening]
headphones = true
show_waveform = {waveform}
[[questionnaire.before]]
id = "age"
text = "Age?"
[[questionnaire.after]]
id = "device"
text = "What with?"
[joining]
open = true
ids = ["PROLIFIC_PID"]
completion_code = "DONE"
"""
CODE = {b"rank", b"score", b"identity", b"repeat", b"Random"}  # crypto.getRandomValues
"""Words that our scripts and styles may use; in no page, header, answer or sound."""


@pytest.fixture(params=["graded", "preference", "rating", "graded with waveforms"])
def study(
    request: pytest.FixtureRequest, runner: FlaskCliRunner, ranked: list[Ranking], tmp_path: Path
) -> str:
    """The path of a rater's link to an open study of each method."""
    path = tmp_path / "listen.toml"
    method, waveform = request.param.split()[0], "with" in request.param
    path.write_text(PROTOCOL.format(method=method, waveform=str(waveform).lower()))
    for command in (["create", str(path)], ["open", "listen"]):
        result = runner.invoke(args=["studies", *command])
        assert result.exit_code == 0, result.output
    said = runner.invoke(args=["studies", "invite", "listen"]).output
    return said.split()[-1].removeprefix(BASE)


class Browser:
    """A rater's browser that keeps every byte it gets."""

    def __init__(self, client: FlaskClient, path: str) -> None:
        self.client, self.path = client, path
        self.got: list[bytes] = []
        self.text = ""

    def keep(self, answer) -> str:
        """Keep an answer's headers and body; return the body where it is text.

        Whatever it is, it came under the strict policy.
        """
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        self.got.append(str(answer.headers).encode())
        self.got.append(answer.get_data())
        is_text = answer.mimetype in ("text/html", "application/json")
        return answer.get_data(as_text=True) if is_text else ""

    def load(self, address: str) -> None:
        """Get a page, and everything that it names: sounds, scripts, styles."""
        self.got.append(address.encode())
        self.text = self.keep(self.client.get(address, buffered=True))
        for name in re.findall(r'(?:src|href)="(/[^"#]+)"', self.text):
            self.got.append(name.encode())
            if "/bootstrap/" not in name and "/withdraw" not in name:
                self.keep(self.client.get(name, buffered=True))

    def send(self, to: str, **fields: str) -> None:
        """Send a form of the page, and load where it leads."""
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', self.text).group(1)
        hidden = dict(re.findall(r'name="(tries)" value="(\d+)"', self.text))
        data = hidden | fields | {"csrf_token": token}
        answer = self.client.post(f"{self.path}/{to}", data=data, buffered=True)
        self.keep(answer)
        self.load(self.path)

    def post(self, to: str, body: dict[str, object]) -> None:
        """Send an answer as the page's script does."""
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.text).group(1)
        self.keep(self.client.post(f"{self.path}/{to}", json=body, headers={"X-CSRFToken": token}))


def received(app: Flask, path: str) -> list[bytes]:
    """Go the whole way, with wrong turns; return every byte that came."""
    rater = Browser(app.test_client(), path)
    for address in ("/join/listen?PROLIFIC_PID=p", "/join/listen", path + "/sounds/wrong"):
        rater.keep(rater.client.get(address, buffered=True))
    joined = join(app.test_client(), "/join/listen?PROLIFIC_PID=p")
    rater.keep(joined)
    rater.keep(app.test_client().get(joined.headers["Location"]))
    rater.keep(app.test_client().get("/join/listen?PROLIFIC_PID=p"))  # from another browser
    rater.load(path)
    rater.send("consent", answer="yes")
    rater.send("questions/before", **{"q-age": "30"})
    rater.send("sound-check", beeps="1")
    rater.send("sound-check", beeps=str(right_count(app, path)))
    right = enumerate(right_answers(app, path), 1)
    time_goes_by(app, path)
    rater.send("headphones", **{f"trial-{place}": str(one) for place, one in right})
    pages = 0
    while 'name="block"' in rater.text:
        for to, body in _answers(rater):
            rater.post(to, body)
        hidden = dict(re.findall(r'name="(block|page)" value="(\w+)"', rater.text))
        rater.send("next", **hidden)
        pages += 1
        assert pages < 30
    rater.send("questions/after", **{"q-device": "ears"})
    assert "DONE" in rater.text
    rater.load(path + "/withdraw")
    assert pages >= 3
    return rater.got


def _answers(rater: Browser) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield an answer for everything on the page, and some that are refused."""
    page = Page(rater.client, rater.path, practise=False)
    block = re.search(r'name="block" value="(\w+)"', rater.text).group(1)
    first = page.grade(block, 60)
    yield "grades", first  # the query takes no grade
    yield "preferences", first | {"block": block, "choice": "A"}
    yield "listens", page.grade(block, 60) | {"started_at": first["given_at"], "seconds": 1}
    yield "flags", page.grade("wrong", 60)
    for sound in re.findall(r'data-sound="(\w+)"', rater.text):
        yield "grades", page.grade(sound, 61)
        yield "grades", page.grade(sound, 60)


def telling(app: Flask, small: Collection) -> set[bytes]:
    """Return every string that would tell a rater something."""
    with app.app_context():
        study = db.session.scalar(sa.select(Study))
        words = {system.ranking for system in study.systems}
        words |= {system.title for system in study.systems} | {study.protocol_sha256}
        words |= set(db.session.scalars(sa.select(Query.sound)))
        for name in (Candidate.sound, Candidate.again):
            words |= set(db.session.scalars(sa.select(name)))
        words.add(study.tone)
    words |= {"Good", "Random", "mcss", "MCSS", "rank", "score", "identity", "distractor", "repeat"}
    words |= {"Hiss", "Beep", "Machine", "Weather", "Things", "anchor:", "CC0"}
    words |= {clip.id for clip in small.clips} | {clip.title for clip in small.clips}
    words |= {str(small.folder), clip_file(small)}
    return {word.encode() for word in words if word}


def clip_file(small: Collection) -> str:
    """Return the end that all the collection's files have."""
    return small.audio_path(small.clips[0]).name.partition("-")[2]


def leaks(app: Flask, small: Collection, path: str) -> list[tuple[bytes, bytes]]:
    """Return (word, where) for everything telling in what a rater's browser receives."""
    got = received(app, path)
    forbidden = telling(app, small)
    assert len(got) > 60
    return [
        (word, part[:300])
        for part in got
        for word in forbidden - (CODE if part.startswith((b"//", b"/*")) else set())
        if word in part
    ]


def test_nothing_that_a_rater_receives_tells_anything(
    app: Flask, study: str, small: Collection
) -> None:
    assert leaks(app, small, study) == []


@pytest.mark.parametrize("study", ["graded"], indirect=True)
@pytest.mark.parametrize("planted", ["good.l2.mcss", "distractor"])
@pytest.mark.parametrize("where", ["header", "page", "answer", "sound"])
def test_the_leak_test_sees_what_is_planted(
    app: Flask, study: str, small: Collection, planted: str, where: str
) -> None:
    kinds = {"page": "text/html", "answer": "application/json", "sound": "audio/flac"}

    @app.after_request
    def plant(response):
        if where == "header":
            response.headers["X-Planted"] = planted
        elif response.mimetype == kinds[where]:
            response.direct_passthrough = False
            data = response.get_data() + planted.encode()
            if where == "answer":
                data = data.rstrip().removesuffix(planted.encode()).rstrip()
                data = data.removesuffix(b"}") + f', "note": "{planted}"}}'.encode()
            response.set_data(data)
        return response

    assert {word for word, _ in leaks(app, small, study)} >= {planted.encode()}
