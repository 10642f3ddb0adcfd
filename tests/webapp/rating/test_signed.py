"""Join addresses that a panel signs."""

import contextlib
import hashlib
import hmac
import io
import re
from pathlib import Path

from flask import Flask
from flask.testing import FlaskCliRunner

from tests.support.places import ROOT
from tests.support.studies.rater import PROTOCOL, join

SIGNED = PROTOCOL + '[joining]\nopen = true\nids = ["PID", "STUDY"]\nsigned = true\n'


def secret(runner: FlaskCliRunner, *more: str) -> str:
    """Return the secret that the command prints."""
    done = runner.invoke(args=["studies", "join-secret", "way", *more])
    assert done.exit_code == 0, done.output
    return done.output.strip()


def sign(key: str, value: str) -> str:
    """Sign an id as a panel does."""
    return hmac.new(key.encode(), value.encode(), hashlib.sha256).hexdigest()


def test_only_an_id_that_the_panel_signed_comes_in(
    app: Flask, study, runner: FlaskCliRunner
) -> None:
    study(SIGNED, invited=0)
    key = secret(runner)
    assert len(key) == 64
    assert secret(runner) == key
    good = f"/join/way?PID=ällice&STUDY=s&signature={sign(key, 'ällice')}"
    for address in (
        "/join/way?PID=ällice",
        good.replace("ällice", "bob"),
        good.replace("signature=", "signature=0"),
        "/join/way?PID=ällice&signature=é",
    ):
        answer = app.test_client().get(address)
        assert answer.status_code == 400
        assert "The signature of this address is not the one of its PID" in answer.text
    client = app.test_client()
    place = join(client, good).headers["Location"]
    assert client.get(good.replace("STUDY=s", "STUDY=t")).headers["Location"] == place
    assert app.test_client().get(good).status_code == 403  # signed, and from another browser
    assert secret(runner, "--new") != key
    assert client.get(good).status_code == 400


def test_the_how_to_shows_how_a_panel_signs(app: Flask, study, runner: FlaskCliRunner) -> None:
    study(SIGNED.replace('"PID", "STUDY"', '"PROLIFIC_PID"'), invited=0)
    page = (ROOT / "docs" / "howto" / "invite-raters.md").read_text(encoding="utf-8")
    (snippet,) = re.findall(r"```python\n(.*?)```", page, re.S)
    snippet = snippet.replace("the line that flask studies join-secret printed", secret(runner))
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(snippet, {})
    address = said.getvalue().strip().removeprefix("https://listen.example.org")
    assert address.startswith("/join/pilot?")
    assert join(app.test_client(), address.replace("pilot", "way")).status_code == 302


def test_a_draft_has_no_secret_that_its_opening_would_replace(
    app: Flask, runner: FlaskCliRunner, ranked: object, tmp_path: Path
) -> None:
    path = tmp_path / "way.toml"
    path.write_text(SIGNED)
    assert runner.invoke(args=["studies", "create", str(path)]).exit_code == 0
    early = runner.invoke(args=["studies", "join-secret", "way"])
    assert early.exit_code == 1
    assert "'way' is a draft; its panel gets a secret once it is open" in early.output
    assert runner.invoke(args=["studies", "open", "way"]).exit_code == 0
    assert secret(runner) == secret(runner)


def test_the_secret_is_for_the_owner_and_in_no_export(
    app: Flask, study, runner: FlaskCliRunner
) -> None:
    study(SIGNED, invited=0)
    key = secret(runner)
    path = app.config["DATA"] / "studies" / "way" / "join_secret"
    assert path.read_text() == key
    assert path.stat().st_mode & 0o077 == 0
    bundle = path.parent / "way.zip"
    runner.invoke(args=["studies", "export", "way", "-o", str(bundle)])
    assert key.encode() not in bundle.read_bytes()
    from evaluation.records.bundle import read_bundle

    files = read_bundle(bundle).files
    assert not [name for name, content in files.items() if key.encode() in content]
    assert b"signed = true" in files["protocol.toml"]
