"""An installation to lose, and what of it has to be the same when it is back."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from click.testing import Result
from flask import Flask

from embeddings.files import sha256_of
from tests.support.instance import Instance, rater_page
from webapp import create_app

STUDIES = ("graded", "graded-2", "listed", "made-up", "preferred", "running")


def run(app: Flask, *args: str, wrong: bool = False) -> Result:
    """Run a command of an app; it has to go well, or, where it is `wrong`, to end in a sentence."""
    done = app.test_cli_runner().invoke(args=list(args))
    assert done.exit_code == (1 if wrong else 0), (args, done.output, done.exception)
    if wrong:
        assert done.output.startswith("Error: "), done.output
    return done


def place(data: Path, url: str = "") -> Flask:
    """Return an app with a data folder, on the database at `url`, or on SQLite in the folder."""
    database = {"SQLALCHEMY_DATABASE_URI": url} if url else {}
    return create_app({"TESTING": True, "DATA": data, **database})


def exports(app: Flask, folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every study's bundle, as the command writes it."""
    folder.mkdir(exist_ok=True)
    found = {}
    for slug in STUDIES:
        path = folder / f"{slug}.zip"
        run(app, "studies", "export", slug, "-o", str(path))
        found[slug] = sha256_of(path)
    return found


def files(data: Path) -> dict[str, tuple[str, str]]:
    """Return the SHA-256 and the mode of every file of a data folder that a backup has."""
    kept = ("studies", "collections", "own", "secret_key", "config.toml", "installation")
    return {
        path.relative_to(data).as_posix(): (sha256_of(path), oct(path.stat().st_mode))
        for path in sorted(data.rglob("*"))
        if path.is_file() and path.relative_to(data).parts[0] in kept
    }


def manifest(path: Path) -> dict[str, Any]:
    """Return what a backup says of itself."""
    with zipfile.ZipFile(path) as file:
        return json.loads(file.read("manifest.json"))


def rows(path: Path) -> dict[str, str]:
    """Return the SHA-256 of each table in a backup: the same rows have the same."""
    members = manifest(path)["members"]
    return {name: one["sha256"] for name, one in members.items() if name.startswith("database/")}


def send_queue(instance: Instance, app: Flask) -> list[str]:
    """Send all that waits in the rater's browser; return what the app says it saved."""
    client, path = app.test_client(), instance.raters["half_way"]
    page = client.get(path)
    assert page.status_code == 200
    token, _ = rater_page(page.text)
    headers = {"X-CSRFToken": token, "Accept": "application/json"}
    return [
        client.post(urlsplit(one["address"]).path, json=one["body"], headers=headers).json["saved"]
        for one in instance.queued
    ]


def left_in(folder: Path) -> set[str]:
    """Return the names in a data folder that are of no fresh one."""
    return set(os.listdir(folder)) - {"config.toml", "secret_key", "locks", "installation"}
