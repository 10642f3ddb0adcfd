"""A backup may come from anywhere: what is damaged or malicious is refused, and nothing stored."""

import hashlib
import json
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.backups.lost import files, left_in, place, run
from tests.support.instance import Instance

Members = dict[str, bytes]


@pytest.fixture
def members(kept: Instance, tmp_path: Path) -> Members:
    """What a backup has, to be changed."""
    run(kept.app, "backup", str(tmp_path / "good.zip"))
    with zipfile.ZipFile(tmp_path / "good.zip") as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.fixture
def empty(tmp_path: Path) -> Flask:
    """An app on a folder and a database without anything."""
    return place(tmp_path / "new")


def told(members: Members) -> dict[str, Any]:
    """Return the manifest."""
    return json.loads(members["manifest.json"])


def tell(members: Members, /, **facts: Any) -> None:
    """Let the manifest say otherwise."""
    members["manifest.json"] = json.dumps(told(members) | facts).encode()


def add(members: Members, name: str, content: bytes) -> None:
    """Add a member that the manifest knows."""
    members[name] = content
    sha256 = hashlib.sha256(content).hexdigest()
    known = told(members)["members"]
    known[name] = {"bytes": len(content), "sha256": sha256, "private": False}
    tell(members, members=known)


def row(members: Members, table: str, change: Callable[[list[Any]], None]) -> None:
    """Change the first row of a table, and its checksum with it."""
    head, first, *others = members[f"database/{table}.jsonl"].splitlines(keepends=True)
    value = json.loads(first)
    change(value)
    text = b"".join([head, json.dumps(value).encode() + b"\n", *others])
    add(members, f"database/{table}.jsonl", text)


def write(path: Path, members: Members, links: tuple[str, ...] = ()) -> None:
    """Write members as a zip; those of `links` are links."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name)
            kind = stat.S_IFLNK if name in links else stat.S_IFREG
            entry.external_attr = (kind | 0o644) << 16
            file.writestr(entry, content, zipfile.ZIP_DEFLATED)


def refused(app: Flask, path: Path) -> str:
    """Return the sentence by which a backup is refused; nothing is stored."""
    data = app.config["DATA"]
    before = files(data)
    said = run(app, "restore", str(path), wrong=True).output
    assert files(data) == before
    assert left_in(data) == set()
    assert [one.name for one in data.glob(".*")] == []
    assert len(said.splitlines()) == 1
    return said


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd", "data/../../outside", "data/studies/../../../outside", "data//etc/passwd",
        "../outside", "data/studies/x/../../secret_key", "data/sounding_board.sqlite",
        "data/locks/restore", "data/.restore.x/moving.json", "data/studies", "other.txt",
        "database/../../x.jsonl",
    ],
)  # fmt: skip
def test_names_that_lead_elsewhere(
    members: Members, empty: Flask, name: str, tmp_path: Path
) -> None:
    add(members, name, b"x")
    write(tmp_path / "bad.zip", members)
    assert "which is no part of a backup" in refused(empty, tmp_path / "bad.zip")
    assert not (tmp_path / "outside").exists()


def test_links(members: Members, empty: Flask, tmp_path: Path) -> None:
    add(members, "data/studies/x/sounds", b"/etc")
    write(tmp_path / "bad.zip", members, links=("data/studies/x/sounds",))
    assert "is a link" in refused(empty, tmp_path / "bad.zip")


def test_what_would_not_fit(
    members: Members, empty: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bomb: a few kilobytes that unfold to more than there is room for."""
    add(members, "data/studies/x/clips.csv", bytes(20_000_000))
    write(tmp_path / "bad.zip", members)
    assert (tmp_path / "bad.zip").stat().st_size < 1_000_000
    usage = type("Usage", (), {"free": 10 << 20})
    monkeypatch.setattr("webapp.backups.restoring.shutil.disk_usage", lambda _: usage)
    assert "has room for 10 MiB" in refused(empty, tmp_path / "bad.zip")


def test_a_member_that_is_larger_than_is_told(
    members: Members, empty: Flask, tmp_path: Path
) -> None:
    members["data/secret_key"] += bytes(1000)
    write(tmp_path / "bad.zip", members)
    assert "has 1064 bytes, not 64" in refused(empty, tmp_path / "bad.zip")


def test_members_that_are_missing_or_more(members: Members, empty: Flask, tmp_path: Path) -> None:
    whole = dict(members)
    del members["database/judgement.jsonl"]
    write(tmp_path / "bad.zip", members)
    assert "'database/judgement.jsonl' is missing in it" in refused(empty, tmp_path / "bad.zip")
    whole["data/studies/x/y"] = b"more"
    write(tmp_path / "bad.zip", whole)
    said = refused(empty, tmp_path / "bad.zip")
    assert "'data/studies/x/y' is missing in manifest.json" in said
    del whole["data/studies/x/y"], whole["manifest.json"]
    write(tmp_path / "bad.zip", whole)
    assert "it is no backup: it has no manifest.json" in refused(empty, tmp_path / "bad.zip")


def test_every_byte_counts(kept: Instance, empty: Flask, tmp_path: Path) -> None:
    run(kept.app, "backup", str(tmp_path / "good.zip"))
    good = (tmp_path / "good.zip").read_bytes()
    step = len(good) // 40
    for at in range(50, len(good), step):
        bad = bytearray(good)
        bad[at] ^= 0x20
        (tmp_path / "bad.zip").write_bytes(bad)
        done = empty.test_cli_runner().invoke(
            args=["restore", str(tmp_path / "bad.zip"), "--check"]
        )
        # a bit of a member's local date or name is in no checksum, and is not read
        if done.exit_code == 0:
            with zipfile.ZipFile(tmp_path / "good.zip") as one:
                ranges = [
                    (entry.header_offset, entry.header_offset + 30 + len(entry.filename) + 20)
                    for entry in one.infolist()
                ]
                assert any(first <= at < last for first, last in ranges) or at >= one.start_dir
        else:
            assert done.output.startswith("Error: "), done.output
    for size in (0, 100, len(good) // 2, len(good) - 1):
        (tmp_path / "bad.zip").write_bytes(good[:size])
        assert "it is no whole backup" in refused(empty, tmp_path / "bad.zip")


def test_a_newer_backup(members: Members, empty: Flask, tmp_path: Path) -> None:
    tell(members, revision="9999")
    write(tmp_path / "bad.zip", members)
    said = refused(empty, tmp_path / "bad.zip")
    assert "The tables are of revision 9999, of a version newer than can be read" in said
    tell(members, backup=2)
    write(tmp_path / "bad.zip", members)
    assert "it is a backup of the form 2, and 1 is read" in refused(empty, tmp_path / "bad.zip")


@pytest.mark.parametrize(
    ("table", "column", "value", "words"),
    [
        ("judgement", "", 1, "cannot be read"),  # one more than there are columns
        ("judgement", "given_at", "now", "cannot be read"),
        ("judgement", "grade", 999, "cannot be stored in sqlite"),
        ("judgement", "slot_id", 10**6, "cannot be stored in sqlite"),
        ("study", "simulated", "false", "cannot be read"),
    ],
)
def test_rows_that_are_none(
    members: Members, empty: Flask, table: str, column: str, value: Any, words: str, tmp_path: Path
) -> None:
    columns = list(json.loads(members[f"database/{table}.jsonl"].splitlines()[0])["columns"])

    def change(row: list[Any]) -> None:
        if column:
            row[columns.index(column)] = value
        else:
            row.append(value)

    row(members, table, change)
    write(tmp_path / "bad.zip", members)
    assert words in refused(empty, tmp_path / "bad.zip")


def test_columns_and_tables_that_are_none(members: Members, empty: Flask, tmp_path: Path) -> None:
    whole = dict(members)
    head, _, rest = members["database/judgement.jsonl"].partition(b"\n")
    value = json.loads(head)
    value["columns"]["more"] = "text"
    add(members, "database/judgement.jsonl", json.dumps(value).encode() + b"\n" + rest)
    write(tmp_path / "bad.zip", members)
    assert "The columns of the table judgement are not" in refused(empty, tmp_path / "bad.zip")
    add(whole, "database/pg_user.jsonl", b'{"table": "pg_user", "columns": {}}\n')
    tell(whole, tables=told(whole)["tables"] | {"pg_user": 0})
    write(tmp_path / "bad.zip", whole)
    assert "are not those that are to be stored: pg_user" in refused(empty, tmp_path / "bad.zip")


def test_what_is_no_backup(empty: Flask, tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("hello")
    assert "it is no whole backup" in refused(empty, tmp_path / "text.zip")
    assert "there is no such file" in refused(empty, tmp_path / "none.zip")
    write(tmp_path / "study.zip", {"manifest.json": b"[" * 100_000})
    assert "begins with no JSON object" in refused(empty, tmp_path / "study.zip")
