"""flask doctor: what is planted is named, by its own check, with what to do about it."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask

from tests.support.databases.cluster import Cluster
from tests.support.deployment.looked import Findings, write_settings
from webapp import create_app
from webapp.backups.making import LAST
from webapp.core import database
from webapp.core.machines import mounts
from webapp.doctor import folder_checks, python_checks, registry
from webapp.doctor.patient import Patient

DATABASE = "sounding_board.sqlite"
Look = Callable[..., Findings]


def sql(data: Path, statement: str) -> None:
    """Change the database behind the app's back."""
    with closing(sqlite3.connect(data / DATABASE)) as other:
        other.execute(statement)
        other.commit()


def damage(data: Path) -> None:
    """Overwrite the second half of the database, as a bad disk does."""
    path = data / DATABASE
    sql(data, "PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xa5" * (size - size // 2))


def lose_a_sound_of_the_study(data: Path) -> None:
    next((data / "studies" / "way" / "sounds").glob("*")).unlink()


def lose_a_sound_of_the_collection(data: Path) -> None:
    next((data / "collections" / "small").rglob("*.wav")).unlink()


def leave_half_a_folder(data: Path) -> None:
    folder = data / "collections" / ".small.abcdef"
    folder.mkdir()
    os.utime(folder, (0, 0))


def grow_old(data: Path) -> None:
    old = time.time() - 30 * 86_400
    os.utime(data / "backups" / LAST, (old, old))


def settings(**values: str | int | bool) -> Callable[[Path], None]:
    return lambda data: write_settings(data, **values)


PLANTED = {
    "a key that others read": (
        lambda data: (data / "secret_key").chmod(0o644),
        "secret key", "fault", "Others can read or write", "chmod 600",
    ),
    "a database that others read": (
        lambda data: (data / DATABASE).chmod(0o640),
        "database file", "fault", "mode 640", "chmod 600",
    ),
    "a folder that everybody writes": (
        lambda data: data.chmod(0o777),
        "data folder", "fault", "Everybody may write", "chmod o-w",
    ),
    "no room": (
        settings(least_free_mb=10**9),
        "free space", "fault", "least_free_mb is 1000000000", "Make room",
    ),
    "no base_url": (
        settings(),
        "base_url", "warning", "It is not set", "Set base_url",
    ),
    "a base_url without a scheme": (
        settings(base_url="listen.example.org"),
        "base_url", "fault", "does not begin with http", "Write the whole address",
    ),
    "a base_url that is not encrypted": (
        settings(base_url="http://nobody.invalid"),
        "base_url", "warning", "is not encrypted", "https",
    ),
    "cookies over http": (
        settings(base_url="https://nobody.invalid"),
        "secure_cookies", "fault", "sent over http, too", "secure_cookies = true",
    ),
    "cookies that never arrive": (
        settings(base_url="http://nobody.invalid", secure_cookies=True),
        "secure_cookies", "fault", "nobody can sign in", "secure_cookies = false",
    ),
    "nobody there": (
        settings(base_url="http://nobody.invalid"),
        "running app", "fault", "Nothing answers at http://nobody.invalid", "Start the server",
    ),
    "tables of a newer version": (
        lambda data: sql(data, "UPDATE alembic_version SET version_num = '9999'"),
        "migrations", "fault", "of revision 9999", "docs/upgrading.md",
    ),
    "tables of an older version": (
        lambda data: sql(data, "UPDATE alembic_version SET version_num = '0003'"),
        "migrations", "warning", "of revision 0003", "Make a backup",
    ),
    "a damaged database": (
        damage,
        "integrity", "fault", "", "",
    ),
    "a sound that a study lost": (
        lose_a_sound_of_the_study,
        "studies", "fault", "way is open and lacks 1 of", "from a backup",
    ),
    "what a study froze and lost": (
        lambda data: (data / "studies" / "way" / "clips.csv").unlink(),
        "studies", "fault", "way has lost clips.csv", "from a backup",
    ),
    "a sound that a collection lost": (
        lose_a_sound_of_the_collection,
        "collections", "fault", "small lacks 1 of 18 sounds", "flask collections check small",
    ),
    "a damaged collection": (
        lambda data: (data / "collections" / "small" / "clips.csv").write_text("broken"),
        "collections", "fault", "damaged", "Import small anew",
    ),
    "something left over": (
        leave_half_a_folder,
        "leftovers", "warning", ".small.abcdef was never finished", "rm -r",
    ),
    "no backup": (
        lambda data: shutil.rmtree(data / "backups"),
        "backups", "warning", "There is none", "every day",
    ),
    "a copy before a migration and no backup": (
        lambda data: (data / "backups" / LAST).rename(data / "backups" / "before-1.sqlite"),
        "backups", "warning", "There is none", "every day",
    ),
    "an old backup": (
        grow_old,
        "backups", "warning", "is 30 days old", "every day",
    ),
    "an empty folder": (
        lambda data: (data / DATABASE).unlink(),
        "data folder", "warning", "nothing was served from here", "SOUNDING_BOARD_DATA",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_named(data: Path, look: Look, what: str) -> None:
    plant, name, state, words, remedy = PLANTED[what]
    before = [one for one in look(name) if one["state"] == state and "base_url" not in what]
    assert before == []
    plant(data)
    found = [one for one in look(name) if one["state"] == state]
    assert found, look()
    assert words in found[0]["words"]
    assert remedy in found[0]["remedy"]


def test_a_deployment_that_is_well_is_green(data: Path, look: Look, served: str) -> None:
    found = look()
    assert [one for one in found if one["state"] != "ok"] == []
    assert {one["check"] for one in found} >= {
        "running app", "readiness", "scheme and host", "trusted_proxies", "server", "clock",
        "running version", "database", "studies",
    }  # fmt: skip


def test_nothing_is_changed_by_looking(data: Path, look: Look) -> None:
    sql(data, "UPDATE alembic_version SET version_num = '0003'")
    look()
    app = create_app({"TESTING": True, "DATA": data})
    assert database.revisions(app)[0] == "0003"
    for path in data.glob(f"{DATABASE}*"):
        path.unlink()
    look()
    assert list(data.glob(f"{DATABASE}*")) == []  # SQLite would make one, open to everybody


def test_a_package_of_another_version_and_one_that_is_missing(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(python_checks.ROOT / "pyproject.toml", root)
    wanted = 'flask==0.1\nno-such-package==1\nnumpy==1; python_version < "3"\n'
    (root / "requirements-web.txt").write_text(wanted)
    monkeypatch.setattr(python_checks, "ROOT", root)
    other, missing, _ = look("packages")
    assert (other["state"], missing["state"]) == ("warning", "fault")
    assert "==0.1 was tested" in other["words"]
    assert "no-such-package==1 is not installed" in missing["words"]
    (root / "pyproject.toml").write_text('[project]\nrequires-python = "<3.11"\n')
    (python,) = look("python")
    assert python["state"] == "fault"


def test_sqlite_on_a_network_is_a_fault(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = folder_checks.file_system(Patient(app))
    assert said.state == "ok"
    monkeypatch.setattr(mounts, "file_system", lambda path: "nfs4")
    (said,) = folder_checks.file_system(Patient(app))
    assert said.state == "fault"
    assert "database_url" in said.remedy


@pytest.mark.parametrize(
    ("statement", "name", "words"),
    [
        ("SET synchronous_commit = off", "durability", "synchronous_commit is off"),
        ("SET default_transaction_read_only = on", "database", "read-only transaction"),
    ],
)
def test_faults_of_postgresql(
    look: Look,
    cluster: Cluster,
    postgresql_name: str,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    name: str,
    words: str,
) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", cluster.url(postgresql_name))
    database.prepare(create_app({"TESTING": True}))
    assert [one for one in look() if one["state"] == "fault"] == [
        one for one in look() if one["check"] == "studies" and one["state"] == "fault"
    ]
    assert [one["state"] for one in look("postgresql")] == ["ok", "ok"]
    cluster.execute(f'ALTER DATABASE "{postgresql_name}" {statement}')
    found = [one for one in look(name) if one["state"] == "fault"]
    assert words in found[0]["words"]
    assert cluster.password not in str(look())


def test_a_check_that_fails_is_a_finding_and_stops_no_other(
    data: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    look()

    def broken(patient: Patient) -> list[registry.Said]:
        raise RuntimeError("a wheel came off")

    with pytest.raises(ValueError, match="there is a check 'clock' already"):
        registry.check("clock")(broken)
    monkeypatch.setitem(registry._CHECKS, "planted", broken)
    (found,) = look("planted")
    assert found["state"] == "fault"
    assert "a wheel came off" in found["words"]


def test_in_words_a_finding_is_a_line(data: Path) -> None:
    (data / "secret_key").chmod(0o644)
    app = create_app({"TESTING": True, "DATA": data})
    done = app.test_cli_runner().invoke(args=["doctor"])
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    (key,) = (line for line in lines if " secret key: " in line)
    assert key == (
        f"fault   secret key: Others can read or write {data}/secret_key (mode 644). -> "
        f"chmod 600 {data}/secret_key"
    )
    assert all(line.startswith(("ok ", "warning ", "fault ")) for line in lines[:-1])
    assert lines[-1].startswith("Faults: 1, warnings: ")
