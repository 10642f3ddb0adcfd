"""Weights: fetched only when asked, resumed, recorded at first sight and compared ever after."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner

from embeddings.errors import InputError
from embeddings.extraction.extract import plan
from embeddings.extraction.weights import (
    add_weights,
    fetch_weights,
    find_variation,
    list_weights,
    verified_weights,
    weights_folder,
)
from embeddings.files import read_json
from embeddings.representations import CARDS
from tests.support.ports import Port

BEATS = CARDS["BEATs"]
CONTENT = bytes(range(256)) * 20_000  # 5 MB


class _Handler(BaseHTTPRequestHandler):
    """Serves CONTENT with ranges; closes the connection early while `cuts` are left."""

    cuts = 0
    asked: list[str]

    def do_GET(self) -> None:
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        type(self).asked.append(self.headers.get("Range", ""))
        if "missing" in self.path:
            self.send_error(404)
            return
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end = len(CONTENT)
        if type(self).cuts:
            type(self).cuts -= 1
            end = start + 2_000_000
        self.wfile.write(CONTENT[start:end])

    def log_message(self, *args) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """The address of a server on this machine that serves CONTENT."""
    _Handler.cuts, _Handler.asked = 0, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/BEATs.pt"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_goes_on_where_it_was_cut(tmp_path: Path, address: str) -> None:
    variation = replace(BEATS.variations[0], address=address)
    _Handler.cuts = 2
    for _ in range(2):
        with pytest.raises(InputError, match="What came is kept: the same command goes on"):
            fetch_weights(tmp_path, BEATS, variation)
        assert not (weights_folder(tmp_path) / variation.file).exists()
    path = fetch_weights(tmp_path, BEATS, variation)
    assert path.read_bytes() == CONTENT
    assert _Handler.asked == ["", "bytes=2000000-", "bytes=4000000-"]
    record = read_json(weights_folder(tmp_path) / "weights.json")[variation.file]
    assert (record["bytes"], record["from"]) == (len(CONTENT), address)
    assert sorted(one.name for one in weights_folder(tmp_path).iterdir()) == [
        variation.file,
        "weights.json",
    ]
    fetch_weights(tmp_path, BEATS, variation)  # it is there: nothing is asked of the server
    assert len(_Handler.asked) == 3


def test_a_server_that_has_it_not(tmp_path: Path, address: str) -> None:
    missing = replace(BEATS.variations[0], address=address.replace("BEATs", "missing"))
    with pytest.raises(InputError, match="the server answered 404"):
        fetch_weights(tmp_path, BEATS, missing)
    with Port() as nobody:
        nowhere = replace(BEATS.variations[0], address=f"http://127.0.0.1:{nobody.number}/x")
        with pytest.raises(InputError, match="could not be downloaded"):
            fetch_weights(tmp_path, BEATS, nowhere)


def test_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    given = tmp_path / "BEATs_iter3_plus_AS2M.pt"
    given.write_bytes(CONTENT)
    path = add_weights(tmp_path, given)
    found, digest = verified_weights(tmp_path, BEATS, BEATS.variations[0])
    assert (found, len(digest)) == (path, 64)
    path.write_bytes(CONTENT[:-1] + b"x")
    states = {one.variation.file: one.state for one in list_weights(tmp_path, verify=True)}
    assert states[path.name] == "changed"
    with pytest.raises(InputError, match="is not what it was: its SHA-256 is"):
        verified_weights(tmp_path, BEATS, BEATS.variations[0])
    with pytest.raises(InputError, match="is there already and is another file"):
        add_weights(tmp_path, given)


def test_weights_from_a_folder_and_by_another_name(tmp_path: Path) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / "CLAP_weights_2023.pth").write_bytes(b"weights")
    card = CARDS["CLAP2023"]
    path = fetch_weights(tmp_path, card, card.variations[0], source=folder)
    assert path.read_bytes() == b"weights"
    (folder / "renamed").write_bytes(b"others")
    with pytest.raises(InputError, match="renamed is no checkpoint of a card"):
        add_weights(tmp_path, folder / "renamed")
    assert add_weights(tmp_path, folder / "renamed", "Wav2CLIP.pt").read_bytes() == b"others"
    with pytest.raises(InputError, match="there is no such file"):
        fetch_weights(tmp_path, BEATS, BEATS.variations[0], source=folder)


def test_a_variation_has_a_name_of_its_own(tmp_path: Path) -> None:
    pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")
    card = CARDS["FSD-SINet"]
    for variation in card.variations[:2]:
        (tmp_path / variation.file).write_bytes(b"graph")
        add_weights(tmp_path, tmp_path / variation.file)
    usual = plan(tmp_path, card)
    assert (usual.name, usual.dim) == ("fsd-sinet", 512)
    assert "title" not in usual.facts
    other = plan(tmp_path, card, "as-intended", variation="vgg41-tlpf-1")
    assert (other.name, other.dim) == ("fsd-sinet-vgg41-tlpf-1-as-intended", 256)
    assert other.facts["title"] == "FSD-SINet (vgg41-tlpf-1, as-intended)"
    assert other.facts["weights"] == "fsd-sinet-vgg41-tlpf-1.pb"
    assert len(other.facts["weights_sha256"]) == 64
    legacy = plan(tmp_path, CARDS["Freesound"], "legacy-846")
    assert (legacy.name, legacy.dim) == ("freesound-legacy-846", 846)


def test_what_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        verified_weights(tmp_path, BEATS, BEATS.variations[0])
    said = str(caught.value)
    assert "flask weights fetch BEATs" in said
    assert BEATS.variations[0].address in said
    assert str(weights_folder(tmp_path) / BEATS.variations[0].file) in said
    with pytest.raises(InputError, match="BEATs has no variation 'x'; it has: iter3_plus_AS2M"):
        find_variation(BEATS, "x")
    with pytest.raises(InputError, match="Freesound has no variation 'x'; it has: none"):
        find_variation(CARDS["Freesound"], "x")


def test_the_commands(runner: FlaskCliRunner, tmp_path: Path) -> None:
    listed = runner.invoke(args=["weights", "list"]).output
    assert listed.count("missing") == sum(len(card.variations) for card in CARDS.values())
    given = tmp_path / "Wav2CLIP.pt"
    given.write_bytes(b"weights")
    assert "Added" in runner.invoke(args=["weights", "add", str(given)]).output
    checked = runner.invoke(args=["weights", "check"]).output
    assert "there     Wav2CLIP.pt" in checked.replace("there    ", "there     ")
    known = sum(len(card.variations) for card in CARDS.values())
    assert f"1 of {known} checkpoints are here" in checked
    fetched = runner.invoke(args=["weights", "fetch", "Wav2CLIP", "--from", str(tmp_path)])
    assert "licence: MIT" in fetched.output
    assert "Name the representations" in runner.invoke(args=["weights", "fetch"]).output
    said = runner.invoke(args=["representations"]).output
    assert len(said.strip().splitlines()) == 1 + len(CARDS)
    assert [line.split()[0] for line in said.strip().splitlines()[1:]] == list(CARDS)
    result = runner.invoke(args=["embeddings", "extract", "small", "BEATs"])
    assert result.exit_code == 1
    assert "flask weights fetch BEATs" in result.output
    result = runner.invoke(args=["embeddings", "extract", "small"])
    assert "Name the representations to compute, or give --all." in result.output
