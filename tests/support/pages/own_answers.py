"""Bringing a sound of one's own to the pages, and waiting for its answers."""

import io
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from embeddings.collection.clips import Collection
from tests.support.waiting import wait_for


def sound_of(small: Collection, name: str) -> bytes:
    """Return a clip's file."""
    return small.audio_path(small.clip(name)).read_bytes()


def post(client: FlaskClient, content: bytes, name: str = "mine.wav") -> TestResponse:
    """Bring a sound as the page's script does."""
    return send(
        client,
        {"sound": FileStorage(io.BytesIO(content), filename=name)},
        Accept="application/json",
    )


def send(client: FlaskClient, fields: dict[str, Any], **headers: str) -> TestResponse:
    """Post the form; the body is made here, since the client's own spills large ones to disk."""
    boundary, body = encode_multipart(fields)
    kind = f'multipart/form-data; boundary="{boundary}"'
    return client.post("/browse/small/own", data=body, content_type=kind, headers=headers)


def over(client: FlaskClient, page: str) -> dict:
    """Return the status of a sound's page when nothing is computed any more."""

    def status() -> dict | None:
        found = client.get(f"{page}/status").get_json()
        return None if found["running"] else found

    return wait_for(status)
