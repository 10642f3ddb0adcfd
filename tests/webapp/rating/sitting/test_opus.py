"""Raters who are sent Opus, and those whose browser does not play it."""

from io import BytesIO

import numpy as np
import soundfile
from flask import Flask
from flask.testing import FlaskClient

from tests.support.studies.rater import PROTOCOL, Page


def test_who_plays_no_opus_gets_its_samples(app: Flask, study, client: FlaskClient) -> None:
    path = study(PROTOCOL.replace("level = false", 'format = "opus"'))[0]
    address = Page(client, path).sounds[0]
    opus = client.get(address, buffered=True)
    flac = client.get(f"{address}?plain", buffered=True)
    assert (opus.content_type, flac.content_type) == ("audio/ogg", "audio/flac")
    assert {"Content-Disposition", "Last-Modified", "ETag"}.isdisjoint(flac.headers.keys())
    (one, rate), (other, same) = (soundfile.read(BytesIO(sent.data)) for sent in (opus, flac))
    assert (rate, len(one)) == (same, len(other))
    assert np.abs(one - other).max() <= 1 / 32768


def test_other_formats_are_the_same_either_way(study, client: FlaskClient) -> None:
    address = Page(client, study(PROTOCOL)[0]).sounds[0]
    one, other = (client.get(address + end, buffered=True) for end in ("", "?plain"))
    assert one.data == other.data
