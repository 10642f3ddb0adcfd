"""Whatever body is sent to whatever address: no error of the server, nothing stored that is wrong.

`make test` sends 500 bodies, `make test-long` 20,000 to each address that takes a POST.
"""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from embeddings.systems.store import Ranking
from tests.support.evidence import note, noted
from tests.support.places import BASE
from tests.support.studies.posting import STORED, Ground, bodies, wrong_rows
from tests.support.studies.rater import Page
from webapp.core import jobs
from webapp.core.database import db, now
from webapp.models import Job, Rater

PROTOCOL = """
title = "All of it"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 2
practice = false
method = "{method}"
consent = "I agree."
[queries]
clips = ["hum-0"]
[listening]
level = false
headphones = true
[[questionnaire.before]]
id = "age"
text = "How old are you?"
kind = "number"
[[questionnaire.after]]
id = "device"
text = "What with?"
[joining]
open = true
ids = ["PROLIFIC_PID"]
"""
STAGES = ("consented_at", "before", "checked_at", "headphones")
"""What a rater has done at one stage more each; the last one judges."""
JSON = {"rate.grade", "rate.prefer", "rate.listen", "rate.flag", "rate.cannot_say", "rate.remark"}
REST = {
    "when": "before", "name": "small", "sound": "wrong", "number": 1, "kind": "rank",
    "key": "0" * 32,
}  # fmt: skip
"""What else stands in addresses."""
STEPS = {"way": "compare", "pair": "ask", "draft": "raters"}
"""Where a study is written: a step for each slug, so that each is posted to."""
ENOUGH = 500
MANY = 20_000
AT_ONCE = 10
"""Bodies that are drawn together, which is faster than one at a time."""
SEED = 13


@pytest.fixture
def ground(
    app: Flask, ranked: list[Ranking], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Ground:
    """Two open studies with raters at each stage, a draft, and an experimenter signed in."""
    monkeypatch.setattr(jobs, "start_opening", lambda slug, hand, what="": None)
    monkeypatch.setattr(jobs, "spawn", lambda *_: None)
    app.config["SETTINGS"] |= {"requests_per_rater": 0, "requests_per_address": 0}
    app.config["PROPAGATE_EXCEPTIONS"] = False  # an error is a 500 here, as it is for a stranger
    paths = [path for name in ("way", "pair", "draft") for path in _study(app, tmp_path, name)]
    tokens = []
    with app.app_context():
        arguments = '{"collection": "small", "embeddings": ["good"]}'
        db.session.add(Job(kind="rank", arguments=arguments, place="", state="failed", who="ana"))
        db.session.commit()
        for path in (paths[len(STAGES)], paths[-1]):
            page = Page(app.test_client(), path, practise=False)
            tokens += [*page.candidates, *(one.rsplit("/", 1)[-1] for one in page.sounds)]
    assert len(tokens) > 5
    runner = app.test_cli_runner()
    client = app.test_client()
    client.get(runner.invoke(args=["signin-link"]).output.strip().removeprefix(BASE))
    assert client.get("/studies").status_code == 200
    names = (app.config["SESSION_COOKIE_NAME"], app.config["REMEMBER_COOKIE_NAME"])
    cookies = {name: one.value for name in names if (one := client.get_cookie(name))}
    app.config["WTF_CSRF_ENABLED"] = False
    return Ground(app, _places(app, paths), tokens, cookies)


def _study(app: Flask, folder: Path, name: str) -> list[str]:
    """Make a study and return the paths of its raters, none of a draft."""
    file = folder / f"{name}.toml"
    file.write_text(PROTOCOL.format(method="preference" if name == "pair" else "graded"))
    runner = app.test_cli_runner()
    assert runner.invoke(args=["studies", "create", str(file)]).exit_code == 0
    if name == "draft":
        return []
    assert runner.invoke(args=["studies", "open", name]).exit_code == 0
    count = str(len(STAGES) + 1)
    said = runner.invoke(args=["studies", "invite", name, "-n", count]).output
    paths = [line.split()[1].removeprefix(BASE) for line in said.splitlines()]
    with app.app_context():
        for done, path in enumerate(paths):
            rater = db.session.scalars(
                sa.select(Rater).where(Rater.token == path.rsplit("/", 1)[-1])
            ).one()
            values = (now(), '{"age": "3"}', now(), "[6]")
            for stage, value in list(zip(STAGES, values, strict=True))[:done]:
                setattr(rater, stage, value)
            if done == len(STAGES) - 1:
                rater.drawn, rater.drawn_at = "[0, 1, 2, 3, 4, 5]", now() - timedelta(minutes=1)
        db.session.commit()
    return paths


def _places(app: Flask, paths: list[str]) -> dict[str, list[str]]:
    """Return endpoint -> addresses, of every rule that takes a POST."""
    found: dict[str, list[str]] = {}
    for rule in app.url_map.iter_rules():
        if "POST" not in rule.methods:
            continue
        if rule.endpoint.startswith("rate."):
            of = [*paths, "/rate/way/wrong"]
            values = [dict(zip(("slug", "token"), one.split("/")[2:], strict=True)) for one in of]
        else:
            values = [{"slug": slug, "token": "x"} for slug in ("way", "pair", "draft", "none")]
        for one in values:
            rest = REST | one | {"step": STEPS.get(one.get("slug", ""), "toml")}
            if rule.endpoint.startswith("designing."):
                rest["key"] = "0123456789ab"
            known = {name: rest[name] for name in rule.arguments - set(rule.defaults or {})}
            address = app.url_map.bind("localhost").build(rule.endpoint, known, method="POST")
            found.setdefault(rule.endpoint, []).append(address)
    return found


def send(ground: Ground, endpoint: str, count: int) -> Counter[str]:
    """Send at least `count` bodies to an address; return how often it answered by each status."""
    answered: Counter[str] = Counter()
    body_of = bodies(ground.tokens, mostly_json=endpoint in JSON)
    post = st.tuples(st.sampled_from(ground.places[endpoint]), body_of, st.booleans())

    @seed(SEED)
    @settings(
        max_examples=-(-count // AT_ONCE), deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.lists(post, min_size=AT_ONCE, max_size=AT_ONCE))
    def some(posts: list[tuple[str, dict, bool]]) -> None:
        for address, body, signed_in in posts:
            answered.update(_sent(ground, endpoint, address, body, signed_in))

    some()
    assert sum(answered.values()) - answered["stored"] >= count
    return answered


def _sent(
    ground: Ground, endpoint: str, address: str, body: dict, signed_in: bool
) -> Iterator[str]:
    """Send a body; say what came of it."""
    answer = ground.post(address, body, signed_in=signed_in)
    yield str(answer.status_code)
    assert answer.status_code < 500, (address, body, answer.text[:200])
    changed = ground.changes()
    if not endpoint.startswith("signin."):
        changed.pop("signin_session", None)  # when it was last seen
    if not changed:
        return
    yield "stored"
    try:
        allowed = STORED.get(endpoint, set())
        assert set(changed) <= allowed, (address, body, changed)
        assert signed_in or endpoint.startswith("rate."), (address, body, changed)
        assert answer.status_code < 400, (address, body, changed)
        assert wrong_rows(ground, changed) == []
    finally:
        ground.restore()


def test_500_bodies_make_no_error_and_store_nothing_wrong(ground: Ground) -> None:
    each = -(-ENOUGH // len(ground.places))
    answered = {endpoint: send(ground, endpoint, each) for endpoint in sorted(ground.places)}
    assert sum(answered["rate.grade"].values()) >= each
    stored = {endpoint for endpoint, counts in answered.items() if counts["stored"]}
    assert len(stored) >= 4  # it is no wall of refusals


@pytest.mark.long
@pytest.mark.parametrize("half", [0, 1])
def test_20000_bodies_to_each_address(ground: Ground, half: int) -> None:
    """Each address is noted as it is done: a run that was stopped goes on with the next one."""
    for endpoint in sorted(ground.places)[half::2]:
        if endpoint in noted("posts"):
            continue
        began = time.monotonic()
        answered = send(ground, endpoint, MANY)
        seconds = round(time.monotonic() - began)
        note("posts", endpoint, {"seed": SEED, "bodies": MANY, "seconds": seconds, **answered})
    assert set(noted("posts")) >= set(sorted(ground.places)[half::2])
