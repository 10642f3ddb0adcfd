"""Adding a collection: from a zip in a browser, or a folder of the server, and what is refused."""

import io
import json
import os
import resource
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import collection_names, open_collection
from embeddings.errors import InputError
from tests.support.pages.signing import csrf
from tests.support.small import write_source
from tests.support.sources.arrow_files import save_to_disk
from tests.support.sources.arrow_files import table as arrow_table
from webapp.models import Job
from webapp.work import board, uploads
from webapp.work.kinds import adding, find_kind, looking


def send(client: FlaskClient, content: bytes, name: str = "sounds.zip", slice: int = 50_000) -> str:
    """Send a file in slices as the page does; return what it is called then."""
    headers = {"X-CSRFToken": csrf(client)["csrf_token"], "Accept": "application/json"}
    about = {"name": name, "size": len(content)}
    begun = client.post("/uploads", json=about, headers=headers).json
    key = begun["upload"]
    for at in range(0, len(content), slice):
        for _ in range(2):  # as where an answer was lost
            answer = client.post(
                f"/uploads/{key}?at={at}", data=content[at : at + slice], headers=headers,
                content_type="application/octet-stream",
            )  # fmt: skip
            assert answer.json == {"came": min(at + slice, len(content))}
    return key


def run(app: Flask, kind: str, given: dict) -> tuple[str, dict]:
    """Do what a job does, here."""
    with app.app_context():
        found = find_kind(kind)
        arguments = json.loads(json.dumps(found.check(given)))
        message, result = found.run(arguments)
        return message, json.loads(json.dumps(result))


def test_a_zip_becomes_a_collection(
    app: Flask,
    experimenter: FlaskClient,
    begin: Callable[..., str],
    here: Callable[[str], Job],
    sounds_zip: bytes,
    data: Path,
) -> None:
    key = send(experimenter, sounds_zip)
    page = begin("/collections/new", name="mine", upload=key, group_column="pack")
    job = here(page)
    assert (job.state, job.message) == ("done", "18 clips, 5 classes. Nothing is stored yet.")
    assert "mine" not in collection_names(data)
    text = experimenter.get(page).text
    for words in ("clips.csv and its sounds · read as csv", "Import as mine", "hum-0", "Things"):
        assert words in text
    looked = page
    page = begin("/collections/new/import", job=job.id)
    job = here(page)
    assert "Import as mine" not in experimenter.get(looked).text
    assert (job.state, job.message) == ("done", "18 clips, 5 classes, 2 families.")
    made = open_collection(data, "mine")
    assert made.info["source"] == "sounds.zip"
    assert made.clips[0].group == "p0"
    assert all(made.audio_path(clip).is_relative_to(made.folder) for clip in made.clips)
    assert list((data / "uploads").iterdir()) == []
    assert 'href="/prepare/mine"' in experimenter.get(page).text


def test_without_javascript_a_small_zip_comes_with_the_form(
    app: Flask, experimenter: FlaskClient, unstarted: list[list[str]], sounds_zip: bytes
) -> None:
    form = csrf(experimenter) | {"name": "mine", "given": (io.BytesIO(sounds_zip), "a/c.zip")}
    assert experimenter.post("/collections/new", data=form).status_code == 303
    with app.app_context():
        arguments = json.loads(board.find(1).arguments)
        assert arguments["file"] == "c.zip"
        assert uploads.find(arguments["upload"]).file.read_bytes() == sounds_zip


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": "small"}, "There is a collection &#39;small&#39; already"),
        ({"name": "demo"}, "is kept for the demo"),
        ({"name": "../x"}, "it must be 1 to 64 letters"),
        ({"name": "mine"}, "Choose a zip of sounds"),
        ({"name": "mine", "upload": "0" * 32}, "not here any more: send it again"),
        ({"name": "mine", "upload": "../../small"}, "not here any more: send it again"),
        ({"name": "mine", "path": "/etc"}, "import_roots names no folder"),
        ({"name": "mine", "reader": "python"}, "There is no reader &#39;python&#39;"),
    ],
)
def test_a_form_that_is_wrong_says_why_and_begins_nothing(
    experimenter: FlaskClient, unstarted: list[list[str]], fields: dict[str, str], sentence: str
) -> None:
    answer = experimenter.post("/collections/new", data=csrf(experimenter) | fields)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert unstarted == []


def test_only_folders_below_the_roots_are_read(app: Flask, tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    write_source(root / "source")
    write_source(outside)
    (root / "link").symlink_to(outside)
    app.config["SETTINGS"]["import_roots"] = f"{root}: {tmp_path / 'none'}"
    with app.app_context():
        assert uploads.on_server(str(root / "source")) == root / "source"
        for wrong in (outside, root / ".." / "outside", root / "link", "source", "/", "", "\0"):
            with pytest.raises(InputError, match=r"must be absolute and below|no NUL"):
                uploads.on_server(str(wrong))
        (root / "circle").symlink_to(root / "circle")
        with pytest.raises(InputError, match="must be absolute and below"):
            uploads.on_server(str(root / "circle"))
        for name in ("nowhere", "x" * 300, "x/" * 2500):
            with pytest.raises(InputError, match="no such file or folder"):
                uploads.on_server(str(root / name))


def test_a_link_inside_a_folder_leads_nowhere_else(app: Flask, tmp_path: Path) -> None:
    root = tmp_path / "root"
    write_source(root / "source")
    write_source(tmp_path / "outside")
    app.config["SETTINGS"]["import_roots"] = str(root)
    given = {"name": "mine", "path": str(root / "source"), "reader": "csv"}
    (root / "source" / "again").symlink_to(root / "source")  # in a circle, and inside
    assert run(app, "look", given)[0].startswith("18 clips")
    (root / "source" / "audio" / "more").symlink_to(tmp_path / "outside" / "audio")
    for kind in ("look", "add"):
        with pytest.raises(InputError, match="audio/more: the link leads out of import_roots"):
            run(app, kind, given)


def test_a_folder_of_the_server_is_looked_at_and_imported(
    app: Flask, tmp_path: Path, data: Path
) -> None:
    write_source(tmp_path / "root" / "source")
    app.config["SETTINGS"]["import_roots"] = str(tmp_path / "root")
    given = {"name": "mine", "path": str(tmp_path / "root" / "source")}
    message, result = run(app, "look", given)
    assert message.startswith("18 clips")
    assert (result["reader"], result["broken_count"]) == ("csv", 0)
    run(app, "add", given | {"reader": "csv"})
    assert open_collection(data, "mine").clips[0].path.startswith(str(tmp_path))
    with pytest.raises(InputError, match="already"):
        run(app, "add", given | {"reader": "csv"})


def test_what_cannot_be_used_stops_an_import_unless_it_is_left_out(
    app: Flask, experimenter: FlaskClient, tmp_path: Path, data: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    source = write_source(tmp_path / "sent")
    (source / "audio" / "hum-0.wav").write_bytes(b"RIFF")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in source.rglob("*"):
            archive.write(path, path.relative_to(source))
    key = send(experimenter, content.getvalue())
    given = {"name": "mine", "upload": key, "reader": "csv"}
    _, result = run(app, "look", given)
    assert result["broken_count"] == 1
    assert result["broken"][0].startswith("clips.csv, line 2: audio/hum-0.wav: ")
    with pytest.raises(InputError, match=r"1 of the clips cannot be used.*first: clips.csv, line"):
        run(app, "add", given)
    assert str(data) not in capsys.readouterr().out
    assert "mine" not in collection_names(data)
    message, _ = run(app, "add", given | {"skip_broken": True})
    assert message.startswith("17 clips")


def test_an_import_that_was_done_and_not_noted_is_not_done_twice(
    app: Flask, experimenter: FlaskClient, sounds_zip: bytes, data: Path
) -> None:
    """The process was killed between the two."""
    key = send(experimenter, sounds_zip)
    with app.app_context():
        arguments = adding.KIND.check({"name": "mine", "upload": key, "reader": "csv"})
        told = adding.KIND.run(arguments)
        made = (data / "collections" / "mine" / "collection.json").read_bytes()
        assert adding.KIND.run(arguments) == told
    assert (data / "collections" / "mine" / "collection.json").read_bytes() == made


@pytest.mark.parametrize("table", ["sound", "tables"])
def test_a_table_that_was_sent_brings_nothing_else_of_the_server(
    app: Flask, source: Path, tmp_path: Path, table: str
) -> None:
    pytest.importorskip("pyarrow", reason="PyArrow is not installed (requirements-test.txt)")
    secret = str(next((source / "audio").iterdir()))
    rows = {
        "audio": [{"bytes": None, "path": one} for one in (secret, "gone.wav")],
        "label": ["a", "b"],
    }
    save_to_disk(tmp_path / "sent", arrow_table(rows))
    if table == "tables":
        name = "data-00000-of-00001.arrow"
        (tmp_path / "sent" / name).rename(tmp_path / name)
        (tmp_path / "sent" / "state.json").write_text(
            json.dumps({"_data_files": [{"filename": f"../{name}"}], "_split": None})
        )
    app.config["SETTINGS"]["import_roots"] = str(tmp_path / "sent")
    given = {"name": "mine", "path": str(tmp_path / "sent"), "reader": "hf"}
    said = "leads out of it" if table == "tables" else "None of the 2 clips can be used"
    with pytest.raises(InputError, match=said):
        run(app, "look", given)
    with pytest.raises(InputError, match=said.replace("None of the 2 clips can", "clips cannot")):
        run(app, "add", given)
    app.config["SETTINGS"]["import_roots"] = str(tmp_path)
    if table == "sound":  # which may be read where the setting says so
        with pytest.raises(InputError, match="1 of the clips cannot be used"):
            run(app, "add", given)


@pytest.mark.parametrize(
    ("files", "reader"),
    [
        (["Dog/a.wav", "Cat/b.wav"], "folders"),
        (["top/Dog/a.wav", "top/Cat/b.wav"], "folders"),
        (["a.wav"], ""),
        (["readme.txt"], ""),
    ],
)
def test_the_reader_is_found(
    app: Flask, tmp_path: Path, files: list[str], reader: str, source: Path
) -> None:
    app.config["SETTINGS"]["import_roots"] = str(tmp_path)
    for file in files:
        path = tmp_path / "found" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(next((source / "audio").iterdir()), path)
    folder = tmp_path / "found" / ("top" if files[0].startswith("top") else "")
    given = dict.fromkeys(("group_column", "id_column", "label_column")) | {"label_separator": ","}
    with app.app_context():
        how = looking.options(given)
        if reader:
            assert looking.fitting_reader(folder, how) == reader
            return
        with pytest.raises(InputError, match="No reader finds sounds with labels there"):
            looking.fitting_reader(folder, how)


def test_a_slice_that_does_not_fit_is_refused(
    app: Flask, experimenter: FlaskClient, sounds_zip: bytes
) -> None:
    headers = {"X-CSRFToken": csrf(experimenter)["csrf_token"], "Accept": "application/json"}

    def post(address: str, **what: object) -> tuple[int, dict]:
        answer = experimenter.post(address, headers=headers, **what)
        return answer.status_code, answer.json

    key = post("/uploads", json={"name": "x.zip", "size": 10})[1]["upload"]
    assert post(f"/uploads/{key}?at=5", data=b"12345")[0] == 400
    assert post(f"/uploads/{key}?at=0", data=b"12345") == (200, {"came": 5})
    assert post(f"/uploads/{key}?at=5", data=b"123456")[1]["error"].endswith("5 of 10 came.")
    assert post(f"/uploads/{key}?at=5", data=bytes(uploads.SLICE + 1))[0] == 413
    for size in (0, -1, 2001 * 10**6, 10**400, "5", None, True):
        assert post("/uploads", json={"name": "x", "size": size})[0] == 400
    assert post("/uploads", json=[])[0] == 400
    with app.app_context(), pytest.raises(InputError, match="not all came"):
        uploads.unpacked(uploads.find(key))


def test_a_slice_that_comes_twice_at_once_is_taken_once(app: Flask, data: Path) -> None:
    content, many = os.urandom(uploads.SLICE), 6
    with app.app_context():
        upload = uploads.begin("x.zip", 2 * len(content))
    together = threading.Barrier(many)

    def take(_number: int) -> int:
        together.wait()
        return uploads.take(upload, 0, content)

    with ThreadPoolExecutor(many) as threads:
        assert set(threads.map(take, range(many))) == {len(content)}
    assert upload.file.read_bytes() == content


def test_a_slice_that_cannot_be_stored_leaves_nothing_and_may_come_again(
    app: Flask, data: Path
) -> None:
    with app.app_context():
        upload = uploads.begin("x.zip", 20)
        uploads.take(upload, 0, b"0123456789")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (15, before[1]))  # as where the disk is full
    try:
        with pytest.raises(InputError, match=r"cannot store x\.zip: File too large"):
            uploads.take(upload, 10, b"0123456789")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert upload.came == 10
    assert uploads.take(upload, 10, b"0123456789") == 20


def test_what_nobody_touched_for_two_days_goes(app: Flask, data: Path) -> None:
    with app.app_context():
        old, used, fresh = (uploads.begin("x.zip", 5) for _ in range(3))
        for one in (old, used):
            os.utime(one.folder, (time.time() - 49 * 3600,) * 2)
        (data / "uploads" / "somebody's").mkdir()
        uploads.sweep({used.key})
    left = {one.name for one in (data / "uploads").iterdir()}
    assert left == {used.key, fresh.key, "somebody's"}
