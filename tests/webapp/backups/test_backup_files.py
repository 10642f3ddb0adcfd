"""Where a backup is written: whole or not at all, for the owner, over nothing, some of a kind."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.backups.lost import manifest, place, run
from tests.support.instance import Instance
from tests.support.waiting import wait_for
from webapp.backups import making
from webapp.doctor import registry
from webapp.doctor.patient import Patient


def test_a_file_that_is_there_stays(kept: Instance, tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    run(kept.app, "backup", str(path))
    assert path.stat().st_mode & 0o777 == 0o600
    first = path.read_bytes()
    said = run(kept.app, "backup", str(path), wrong=True).output
    assert "is there already, and stays as it is; --replace replaces it" in said
    assert path.read_bytes() == first
    run(kept.app, "backup", str(path), "--replace")
    assert path.stat().st_mode & 0o777 == 0o600
    for words, args in {
        "Say where to": [], "is a folder: flask backup --into": [str(tmp_path)],
        "there is no such folder": [str(tmp_path / "none" / "x.zip")],
        "there is no collection 'none'; there are: kept": [str(tmp_path / "x"), "--collections",
                                                          "none"],
    }.items():  # fmt: skip
        assert words.lower() in run(kept.app, "backup", *args, wrong=True).output.lower()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["all.zip", "kept"]


def test_what_goes_wrong_leaves_nothing(
    kept: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making.Archive, "add_file", full)
    said = run(kept.app, "backup", str(tmp_path / "all.zip"), wrong=True).output
    assert "No space left on device" in said
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kept"]


def test_the_newest_of_a_folder_stay(
    kept: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "mine.zip").touch()
    for day in range(1, 6):
        (folder / f"sounding-board-2026010{day}-030000.zip").touch()
    said = run(kept.app, "backup", "--into", str(folder), "--keep", "3").output
    names = sorted(one.name for one in folder.iterdir())
    assert names[:3] == ["mine.zip", *(f"sounding-board-2026010{d}-030000.zip" for d in (4, 5))]
    assert len(names) == 4
    assert f"Wrote {folder / names[3]}: " in said
    run(kept.app, "restore", str(folder / names[3]), "--check")
    wait_for(lambda: f"{datetime.now(UTC):%Y%m%d-%H%M%S}" not in names[3], "the clock stands")
    monkeypatch.setattr(making, "write_backup", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        kept.app.test_cli_runner().invoke(
            args=["backup", "--into", str(folder), "--keep", "1"], catch_exceptions=False
        )
    assert sorted(one.name for one in folder.iterdir()) == names  # none goes for one that failed


def test_a_backup_goes_through_a_pipe(kept: Instance, tmp_path: Path) -> None:
    done = kept.app.test_cli_runner().invoke(args=["backup", "-"])
    assert done.exit_code == 0
    (tmp_path / "piped.zip").write_bytes(done.stdout_bytes)
    app = place(tmp_path / "new")
    assert run(app, "restore", str(tmp_path / "piped.zip"), "--check").output.startswith("Whole: ")
    with zipfile.ZipFile(io.BytesIO(done.stdout_bytes)) as file:
        assert file.testzip() is None


def test_the_doctor_is_told_of_a_backup_wherever_it_was_written_to(
    kept: Instance, tmp_path: Path
) -> None:
    last = kept.app.config["DATA"] / "backups" / making.LAST
    for to in (str(tmp_path / "one.zip"), "-"):
        last.unlink(missing_ok=True)
        run(kept.app, "backup", to)
        found = {one.check: one for one in registry.findings(Patient(kept.app))}
        assert found["backups"].state == registry.OK
        assert last.parent.stat().st_mode & 0o077 == 0


def test_collections_come_by_name(kept: Instance, tmp_path: Path) -> None:
    run(kept.app, "backup", str(tmp_path / "none.zip"))
    run(kept.app, "backup", str(tmp_path / "one.zip"), "--collections", "kept")
    run(kept.app, "backup", str(tmp_path / "all.zip"), "--collections", "all")
    found = [
        {name for name in manifest(tmp_path / f"{one}.zip")["members"] if "collections/" in name}
        for one in ("none", "one", "all")
    ]
    assert found[0] == set()
    assert found[1] == found[2]
    assert "data/collections/kept/clips.csv" in found[1]
    assert any(name.startswith("data/collections/kept/rankings/") for name in found[1])


def test_sounds_that_lie_elsewhere_are_told(kept: Instance, tmp_path: Path) -> None:
    clips = kept.data / "collections" / "kept" / "clips.csv"
    clips.write_text(clips.read_text().replace("audio/", "/elsewhere/"))
    done = run(kept.app, "backup", str(tmp_path / "all.zip"), "--collections", "all")
    assert "Of the collection kept, 18 sounds lie outside the data folder" in done.output
    assert manifest(tmp_path / "all.zip")["sounds_elsewhere"] == {"kept": 18}


def test_a_database_without_tables_is_no_backup(tmp_path: Path) -> None:
    said = run(place(tmp_path / "new"), "backup", str(tmp_path / "all.zip"), wrong=True).output
    assert "there is no such file" in said
    assert not (tmp_path / "all.zip").exists()
