"""A sound of one's own on the pages: cancelled, killed, waiting, forgotten, removed."""

import io
import os
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from tests.support.own_representations import (
    folders,
)
from tests.support.pages.own_answers import over, post, sound_of
from tests.support.small import RATE, make_sound
from tests.support.waiting import wait_for
from webapp import create_app
from webapp.browse import own_sounds


def begin_slow(client: FlaskClient, small: Collection, tmp_path: Path) -> tuple[str, Path]:
    """Bring a sound that takes for ever; return its page and its folder when it is computing."""
    (tmp_path / "slow").touch()
    page = post(client, sound_of(small, "hum-2")).get_json()["page"]
    wait_for(lambda: "computing" in client.get(f"{page}/status").get_json()["systems"].values())
    return page, tmp_path / "data" / "own" / page.rpartition("/")[2]


def members(group: int) -> list[str]:
    """Return the processes of a group that are at work."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, own_group = entry.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(own_group) == group and state != "Z":
            found.append(entry.parent.name)
    return found


def test_cancel_stops_all_of_it(
    client: FlaskClient, small: Collection, system: Ranking, tmp_path: Path
) -> None:
    page, folder = begin_slow(client, small, tmp_path)
    assert "Octaves · min-max · NNS: computing" in client.get(page).text
    group = int((folder / "process").read_text())
    assert members(group) != []
    assert client.post(f"{page}/cancel").location == page
    wait_for(lambda: members(group) == [])
    found = over(client, page)
    assert found["sentence"] == "Cancelled. 0 of 1 systems have answered."
    assert found["systems"] == {system.system: "unasked"}
    assert client.post(f"{page}/cancel").status_code == 303  # again changes nothing


def test_a_process_of_another_machine_is_not_killed_by_its_number(
    client: FlaskClient, small: Collection, system: Ranking, tmp_path: Path
) -> None:
    page, folder = begin_slow(client, small, tmp_path)
    group = int((folder / "process").read_text())
    (folder / "machine").write_text("another")
    assert client.post(f"{page}/cancel").location == page
    assert members(group) != []
    (tmp_path / "slow").unlink()  # it goes on to its next answer, and sees that it is cancelled
    assert over(client, page)["sentence"] == "Cancelled. 0 of 1 systems have answered."
    wait_for(lambda: members(group) == [])


def test_a_killed_process_is_said(
    client: FlaskClient, small: Collection, system: Ranking, tmp_path: Path
) -> None:
    page, folder = begin_slow(client, small, tmp_path)
    group = int((folder / "process").read_text())
    os.kill(group, signal.SIGKILL)
    sentence = "The process that asked was stopped before it was done."
    assert over(client, page)["sentence"].startswith(sentence)
    wait_for(lambda: members(group) == [])  # nor does the extractor go on alone


def test_what_the_process_gives_up_for_is_said(
    client: FlaskClient, small: Collection, system: Ranking, tmp_path: Path
) -> None:
    page, folder = begin_slow(client, small, tmp_path)
    client.post(f"{page}/cancel")
    (folder / "cancelled").unlink()
    (folder / "said.log").write_text("some warning\nError: There is no collection 'small'.\n")
    assert over(client, page)["sentence"].startswith("There is no collection 'small'. 0 of 1")


def test_sounds_wait_for_each_other(
    client: FlaskClient, small: Collection, system: Ranking, tmp_path: Path
) -> None:
    first, _ = begin_slow(client, small, tmp_path)
    second = post(client, sound_of(small, "hiss-1")).get_json()["page"]
    assert client.get(f"{second}/status").get_json()["sentence"] == "Waiting for its turn …"
    (tmp_path / "slow").unlink()
    client.post(f"{first}/remove")
    assert over(client, second)["systems"] == {system.system: "done"}


def test_nothing_stays_unless_it_is_kept(
    client: FlaskClient, small: Collection, system: Ranking, data: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(own_sounds, "GRACE", 0.5)
    pages = [post(client, sound_of(small, "hum-2")).get_json()["page"] for _ in range(3)]
    for page in pages:
        over(client, page)
    left, back, kept = pages
    assert client.post(f"{kept}/keep").location == kept
    for page in pages:
        assert client.post(f"{page}/leave", data={"view": "one"}).status_code == 204
    client.get(f"{left}/status?view=one")  # asked before, and late
    client.get(f"{back}/status?view=other")  # it is open in another tab, or was reloaded
    wait_for(lambda: len(folders(data)) == 2)
    gone = client.get(left)
    assert gone.status_code == 404
    assert "This sound is not here any more" in gone.text
    assert client.get(f"{left}/status").status_code == 404
    assert "until you remove them" in client.get(kept).text
    assert f'href="{kept}">mine.wav</a>' in client.get("/browse/small/own").text
    assert client.post(f"{kept}/remove").location == "/browse/small/own"
    assert [folder.name for folder in folders(data)] == [back.rpartition("/")[2]]


def test_what_was_forgotten_goes_at_the_next_start(
    client: FlaskClient, small: Collection, system: Ranking, data: Path
) -> None:
    pages = [post(client, sound_of(small, "hum-2")).get_json()["page"] for _ in range(4)]
    for page in pages:
        over(client, page)
    old, left, kept, new = (data / "own" / page.rpartition("/")[2] for page in pages)
    client.post(f"{pages[2]}/keep")
    (left / "left").touch()
    long_ago = time.time() - own_sounds.HOUR - 10
    os.utime(left / "left", (long_ago, long_ago))
    for folder in (old, kept):
        os.utime(folder, (long_ago, long_ago))
    create_app({"TESTING": True, "DATA": data})
    assert folders(data) == sorted([kept, new])


def test_a_removed_sound_takes_its_process_along(
    client: FlaskClient, small: Collection, system: Ranking, data: Path, tmp_path: Path
) -> None:
    page, folder = begin_slow(client, small, tmp_path)
    group = int((folder / "process").read_text())
    client.post(f"{page}/remove")
    assert folders(data) == []
    wait_for(lambda: members(group) == [])


@pytest.mark.parametrize("sound", ["0123456789abcdef", "..", "x", "0123456789ABCDEF"])
def test_unknown_sounds_are_nowhere(client: FlaskClient, system: Ranking, sound: str) -> None:
    assert client.get(f"/browse/small/own/{sound}").status_code == 404
    assert client.post(f"/browse/small/own/{sound}/remove").status_code == 404


def test_a_sound_belongs_to_its_collection(
    client: FlaskClient, small: Collection, system: Ranking, data: Path
) -> None:
    page = post(client, sound_of(small, "hum-2")).get_json()["page"]
    over(client, page)
    assert client.get(page.replace("/small/", "/other/")).status_code == 404
    info = data / "collections" / "small" / "clips.csv"
    info.write_text(info.read_text().replace("hum-3,", "hum-x,"))
    os.utime(info.with_name("collection.json"))  # as if it had been imported anew
    text = client.get(page).text
    assert "The collection is not what it was when this was asked" in text
    assert "hum-3" not in text


def test_a_longer_file_is_cut_and_the_page_says_so(
    client: FlaskClient, system: Ranking, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "long.wav", np.tile(make_sound("Hiss", 1, 1.0), 40), RATE)
    page = post(client, (tmp_path / "long.wav").read_bytes()).get_json()["page"]
    assert "The file is 40.0 s long: its first 30 s are heard." in client.get(page).text
    assert over(client, page)["systems"] == {system.system: "done"}


class _Arriving(io.BytesIO):
    """A body that comes slowly; while it does, somebody else writes."""

    def __init__(self, body: bytes, database: Path) -> None:
        super().__init__(body)
        self.database, self.written = database, 0

    def _write(self) -> None:
        with closing(sqlite3.connect(self.database, timeout=0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # raises where it is somebody else's turn
            other.execute("ROLLBACK")
        self.written += 1

    def read(self, size: int | None = -1, /) -> bytes:
        self._write()
        return super().read(size)

    def readinto(self, buffer: Any, /) -> int:
        self._write()
        return super().readinto(buffer)


def test_raters_go_on_while_a_sound_is_on_its_way(client: FlaskClient, data: Path) -> None:
    boundary, body = encode_multipart({"sound": FileStorage(io.BytesIO(b"RIFF"), "mine.wav")})
    arriving = _Arriving(body, data / "sounding_board.sqlite")
    answer = client.post(
        "/browse/small/own",
        input_stream=arriving,
        content_length=len(body),
        content_type=f'multipart/form-data; boundary="{boundary}"',
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 400
    assert "error" in answer.get_json()
    assert arriving.written > 0
