"""Settings: one table, written with comments, read from the file and the environment."""

import os
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest

from embeddings.errors import InputError
from tests.support.places import ROOT
from webapp import create_app
from webapp.core.config import SETTINGS, read_settings, secret_in, template


def test_the_first_start_writes_every_setting_with_its_help(tmp_path: Path) -> None:
    values = read_settings(tmp_path, {})
    assert values == {setting.name: setting.default for setting in SETTINGS}
    text = (tmp_path / "config.toml").read_text()
    assert text == template()
    assert tomllib.loads(text) == {}
    uncommented = "\n".join(line[2:] for line in text.splitlines() if " = " in line)
    assert tomllib.loads(uncommented) == values
    assert all(setting.help in text for setting in SETTINGS)


def test_the_file_wins_over_the_default_and_the_environment_over_both(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("signin_minutes = 5\nsecure_cookies = true\n")
    values = read_settings(tmp_path, {"SOUNDING_BOARD_SIGNIN_MINUTES": "7"})
    assert (values["signin_minutes"], values["secure_cookies"]) == (7, True)
    values = read_settings(tmp_path, {"SOUNDING_BOARD_SECURE_COOKIES": "no"})
    assert (values["signin_minutes"], values["secure_cookies"]) == (5, False)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_settings_are_read_as_windows_notepad_saves_them(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "config.toml").write_text("signin_days = 3\r\n", encoding=encoding)
    assert read_settings(tmp_path, {})["signin_days"] == 3
    (tmp_path / "secret").write_text("0123456789" * 4, encoding=encoding)
    assert secret_in(tmp_path / "secret") == "0123456789" * 4


@pytest.mark.parametrize(
    ("text", "environment", "sentence"),
    [
        ("signin_minute = 5", {}, "signin_minute is no setting; there are: "),
        ("signin_minutes = 'x'", {}, "signin_minutes must be a whole number from 0, not 'x'"),
        ("secure_cookies = 1", {}, "secure_cookies must be true or false, not 1"),
        ("signin_minutes =", {}, "not valid TOML"),
        (
            "",
            {"SOUNDING_BOARD_SIGNIN_DAYS": "x"},
            "DAYS must be a whole number from 0, not 'x'",
        ),
        ("", {"SOUNDING_BOARD_SECURE_COOKIES": "x"}, "COOKIES must be true or false, not 'x'"),
    ],
)
def test_a_bad_setting_is_one_sentence(
    tmp_path: Path, text: str, environment: dict[str, str], sentence: str
) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_settings(tmp_path, environment)


def test_the_secret_key_is_made_once_and_for_the_owner(tmp_path: Path) -> None:
    key = create_app({"DATA": tmp_path}).config["SECRET_KEY"]
    assert len(key) == 64
    assert create_app({"DATA": tmp_path}).config["SECRET_KEY"] == key
    assert os.stat(tmp_path / "secret_key").st_mode & 0o077 == 0


def test_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    keys = []

    def start() -> None:
        barrier.wait()
        keys.append(secret_in(tmp_path / "secret_key"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert len(keys[0]) == 64
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_an_empty_secret_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").touch()
    with pytest.raises(InputError, match="a secret must have at least 32 characters"):
        secret_in(tmp_path / "secret_key")


def test_the_data_folder_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_DATA", str(tmp_path / "elsewhere"))
    app = create_app()
    assert app.config["DATA"] == tmp_path / "elsewhere"
    assert (tmp_path / "elsewhere" / "config.toml").is_file()


def test_a_bad_setting_stops_a_command_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text("colour = 'red'")
    monkeypatch.setenv("SOUNDING_BOARD_DATA", str(tmp_path))
    command = [sys.executable, "-m", "flask", "studies", "list"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode != 0
    assert "colour is no setting" in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stderr.count("Error:") == 1


@pytest.mark.parametrize("address", ["foo", "nosuch://a/b", "sqlite:////nowhere/at/all.sqlite"])
def test_a_database_that_cannot_be_used_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("SOUNDING_BOARD_DATABASE_URL", address)
    command = [sys.executable, "-m", "flask", "studies", "list"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 1
    assert run.stderr.startswith("Error: The database")
    assert run.stderr.count("\n") == 1
