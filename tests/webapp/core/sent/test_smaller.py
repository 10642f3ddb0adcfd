"""What is sent compressed, and what never is."""

import gzip

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.places import ROOT
from webapp.core.sent import smaller

GZIP = {"Accept-Encoding": "gzip, br"}


def test_a_script_comes_compressed_to_who_takes_it(app: Flask, client: FlaskClient) -> None:
    address = f"{app.static_url_path}/js/player/player.js"
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    small = client.get(address, headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert small.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(small.data) == plain.data
    assert len(small.data) == int(small.headers["Content-Length"]) < len(plain.data) / 2
    assert "Accept-Encoding" in small.vary
    assert "Accept-Encoding" in plain.vary
    plain.close()
    small.close()
    # who has it already is told so, whichever of the two it was
    again = client.get(address, headers=GZIP | {"If-None-Match": small.headers["ETag"]})
    assert again.status_code == 304
    again.close()


def test_parts_and_pictures_come_as_they_are(app: Flask, client: FlaskClient) -> None:
    address = f"{app.static_url_path}/js/player/player.js"
    with client.get(address, headers=GZIP | {"Range": "bytes=0-9"}) as part:
        assert part.status_code == 206
        assert part.data == (ROOT / "static/js/player/player.js").read_bytes()[:10]


@pytest.mark.parametrize(
    "path", ["/", "/signin", "/rate/nothing/nobody?language=fr", "/join/x?id=1"]
)
def test_what_could_mix_a_secret_and_what_was_sent_is_never_compressed(
    client: FlaskClient, path: str
) -> None:
    answer = client.get(path, headers=GZIP)
    assert len(answer.data) > smaller.LEAST or answer.status_code == 302
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("query", "is_plain"),
    [("", True), ("page=2", True), ("page=2a", False), ("page=1&x=y", False), ("x=y", False)],
)
def test_a_raters_page_is_compressed_where_it_repeats_nothing(
    app: Flask, query: str, is_plain: bool
) -> None:
    with app.test_request_context(f"/rate/study/key?{query}", headers=GZIP):
        answer = app.response_class("a secret " * 100, mimetype="text/html")
        sent = smaller._smaller(answer)
    assert (sent.headers.get("Content-Encoding") == "gzip") == is_plain


def test_what_a_rater_posts_is_answered_as_it_is(app: Flask) -> None:
    with app.test_request_context("/rate/study/key/questions/before", method="POST", headers=GZIP):
        answer = app.response_class("typed " * 200, mimetype="text/html")
        assert "Content-Encoding" not in smaller._smaller(answer).headers
