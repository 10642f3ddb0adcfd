"""Styles and scripts: addresses that change with their content, kept by browsers."""

import re
import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.places import ROOT
from webapp.core import static_files

KEPT = "public, max-age=31536000, immutable"


def test_what_a_page_asks_for_is_kept_for_a_year(client: FlaskClient) -> None:
    page = client.get("/").text
    found = re.findall(r'(?:href|src)="([^"]*/static/[^"]+)"', page)
    assert len(found) >= 5
    assert any(one.startswith("/bootstrap/") for one in found)
    for address in found:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == KEPT
        assert "Set-Cookie" not in answer.headers
        assert re.search(r"/static/[0-9a-f]{12}/", address)
        answer.close()


def test_scripts_import_each_other_by_relative_addresses() -> None:
    """So they stay under the hash, and under whatever path a proxy serves the app at."""
    found = 0
    for path in (ROOT / "static" / "js").rglob("*.js"):
        text = path.read_text(encoding="utf-8")
        for named in re.findall(r'(?:from|import\(?|new URL\()\s*"([^"]+)"', text):
            assert named.startswith(("./", "../")), (path, named)
            assert (path.parent / named).is_file(), (path, named)
            found += 1
        assert re.findall(r"""["'`]/[a-z]""", text) == [], path
    assert found > 50


@pytest.mark.parametrize("before", ["", "0123456789ab/"])
def test_a_page_of_before_gets_what_it_asks_for_and_does_not_keep_it(
    client: FlaskClient, before: str
) -> None:
    answer = client.get(f"/static/{before}js/core/items.js")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"
    answer.close()
    assert client.get(f"/static/{before}../webapp/__init__.py").status_code == 404


def test_what_is_not_there_is_not_kept(app: Flask, client: FlaskClient) -> None:
    answer = client.get(f"{app.static_url_path}/js/none.js")
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] != KEPT


def test_the_address_changes_with_any_byte_and_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "static"
    shutil.copytree(ROOT / "static", folder)
    first = static_files.hashed(folder)
    assert first == static_files.hashed(ROOT / "static")
    style = folder / "css" / "own.css"
    style.write_bytes(style.read_bytes() + b" ")
    second = static_files.hashed(folder)
    style.rename(folder / "css" / "owned.css")
    assert len({first, second, static_files.hashed(folder)}) == 3
