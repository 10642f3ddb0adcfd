"""All settings in one table, and where they come from.

A setting is read from, the last one winning: its default, ``config.toml`` in the data folder
(written with comments at first start), the environment variable ``SOUNDING_BOARD_<NAME>``.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.engine import URL, make_url

from embeddings.errors import InputError
from embeddings.files import read_text, read_toml, write_text

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "sounding_board.sqlite"
"""The file of the data folder that holds the database."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name in lower case, its default (whose type it must have), what it does.

    Where it has words to choose from, `one_of` has them.
    """

    name: str
    default: str | int | bool
    help: str
    one_of: tuple[str, ...] = ()


SETTINGS = (
    Setting(
        "database_url",
        "",
        "Where judgements are stored: postgresql://USER:PASSWORD@HOST/NAME, which wants "
        "requirements-postgresql.txt installed; empty means the file sounding_board.sqlite in the "
        "data folder.",
    ),
    Setting(
        "base_url",
        "",
        "The address that raters and you reach the app at, with its path where it has one; links "
        "begin with it. Empty means where make run served last, and on pages what the browser "
        "calls this server.",
    ),
    Setting(
        "secure_cookies",
        False,
        "Send cookies over https only. Turn it on when the app is behind https.",
    ),
    Setting(
        "frame_ancestors",
        "",
        "The sites, with blanks between them, that may show raters' pages in a frame of theirs, as "
        "https://panel.example.org or https://*.example.org; secure_cookies must be on. Empty "
        "means none.",
    ),
    Setting(
        "trusted_proxies",
        0,
        "How many reverse proxies stand in front of the app and set X-Forwarded-For, -Proto, "
        "-Host and, for an address with a path, -Prefix.",
    ),
    Setting(
        "signin_minutes",
        60,
        "How long an unused sign-in link stays good.",
    ),
    Setting(
        "signin_days",
        30,
        "How long an account stays signed in on a browser; 0 means until the browser is closed, "
        "and a day at most.",
    ),
    Setting(
        "requests_per_rater",
        600,
        "How many requests of one rater's link are answered in a minute, in each server process; 0 "
        "means any number. Who asks for more waits, and loses nothing.",
    ),
    Setting(
        "requests_per_address",
        12000,
        "The same for all raters that share a network address, as a lab or a school does.",
    ),
    Setting(
        "external_ids_days",
        90,
        "How many days after a study was closed the ids by which panel services know its raters "
        "are due to be forgotten (flask studies forget-ids).",
    ),
    Setting(
        "audio_cache_days",
        30,
        "How long a browser may keep a clip's audio before it asks again.",
    ),
    Setting(
        "playing_copies_mb",
        2000,
        "How many megabytes each collection's copies of what browsers do not play may take; what "
        "was played longest ago goes first, and is made again when it is played.",
    ),
    Setting(
        "import_roots",
        "",
        "The folders of this server, separated by colons, from which the experimenter's pages may "
        "import sounds and add weights, with all below them. Empty means none.",
    ),
    Setting(
        "upload_mb",
        2000,
        "How many megabytes a zip of sounds, or a file of weights, may have that is sent by a "
        "browser; what a zip unpacks to may have five times as many. 0 means that none is taken.",
    ),
    Setting(
        "least_free_mb",
        500,
        "How many megabytes must be free on the disk of the data folder for /readyz to say that "
        "answers can be taken.",
    ),
    Setting(
        "log_format",
        "text",
        "How a line of the server's log looks: text, or json for what reads logs.",
        one_of=("text", "json"),
    ),
)


def data_folder(overrides: Mapping[str, Any] | None = None) -> Path:
    """Return the folder that everything is stored in: SOUNDING_BOARD_DATA, or instance/."""
    chosen = (overrides or {}).get("DATA") or os.environ.get("SOUNDING_BOARD_DATA")
    return Path(chosen).resolve() if chosen else ROOT / "instance"


def configure(app: Flask, overrides: Mapping[str, Any] | None = None) -> None:
    """Set the app's configuration; `overrides` (Flask's own names) win over everything."""
    data = Path(app.instance_path)
    data.mkdir(parents=True, exist_ok=True)
    settings = read_settings(data, os.environ)
    if not settings["database_url"]:
        _check_place(data)
    app.config.update(
        DATA=data,
        SETTINGS=settings,
        SECRET_KEY=secret_in(data / "secret_key"),
        SQLALCHEMY_DATABASE_URI=settings["database_url"]
        or URL.create("sqlite", database=str(data / DATABASE)),
        SESSION_COOKIE_NAME="sounding_board",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings["secure_cookies"],
        REMEMBER_COOKIE_NAME="sounding_board_signed_in",
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings["secure_cookies"],
        WTF_CSRF_TIME_LIMIT=None,  # a rater's page may stay open for days
        BOOTSTRAP_SERVE_LOCAL=True,
        BABEL_DEFAULT_LOCALE="en",
        MAX_CONTENT_LENGTH=1_000_000,
    )
    if overrides:
        app.config.update(overrides)


def _check_place(data: Path) -> None:
    """Raise InputError where 0.1.0 kept the database of this folder elsewhere, and it is there yet.

    It took a ? or %41 in the folder's name for a part of an address.
    """
    right = data / DATABASE
    wrong = Path(make_url(f"sqlite:///{right}").database or right)
    if wrong == right or right.exists() or not (data / "secret_key").exists():
        return  # nothing was ever served from here
    if wrong.is_file():
        raise InputError(
            f"The database of {data} is not in it but at {wrong}, where 0.1.0 kept it: stop the "
            f"server and move that file, and what is called like it with -wal and -shm, to {right}."
            " To begin without it, make an empty file of that name instead."
        )


def read_settings(data: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return every setting's value, and write a commented config.toml where there is none."""
    path = data / "config.toml"
    if not path.exists():
        write_text(path, template())
    stored = read_toml(path)
    known = {setting.name for setting in SETTINGS}
    for name in stored:
        if name not in known:
            raise InputError(
                f"{path}: {name} is no setting; there are: {', '.join(sorted(known))}."
            )
    values = {}
    for setting in SETTINGS:
        named = variable(setting)
        if named in environment:
            values[setting.name] = _from_text(named, environment[named], setting)
        else:
            values[setting.name] = stored.get(setting.name, setting.default)
        value = values[setting.name]
        if type(value) is not type(setting.default) or (isinstance(value, int) and value < 0):
            raise InputError(f"{path}: {setting.name} must be {_words(setting)}, not {value!r}.")
        if setting.one_of and value not in setting.one_of:
            words = " or ".join(setting.one_of)
            raise InputError(f"{path}: {setting.name} must be {words}, not {value!r}.")
    return values


def variable(setting: Setting) -> str:
    """Return the environment variable that sets a setting."""
    return f"SOUNDING_BOARD_{setting.name.upper()}"


def template() -> str:
    """Return config.toml as it is first written: every setting commented out at its default."""
    parts = [
        "# Sounding Board's settings. Take away a # to change one, then start the app again.\n"
    ]
    for setting in SETTINGS:
        value = json.dumps(setting.default)  # text, a number or true: TOML writes it the same
        parts.append(f"# {setting.help}\n# {setting.name} = {value}\n")
    return "\n".join(parts)


def _from_text(named: str, text: str, setting: Setting) -> Any:
    if isinstance(setting.default, bool):
        if text.lower() in ("1", "true", "yes", "0", "false", "no"):
            return text.lower() in ("1", "true", "yes")
    elif isinstance(setting.default, int):
        if text.isdecimal():
            return int(text)
    else:
        return text
    raise InputError(f"{named} must be {_words(setting)}, not {text!r}.")


def _words(setting: Setting) -> str:
    return {bool: "true or false", int: "a whole number from 0", str: "text"}[type(setting.default)]


def secret_in(path: Path) -> str:
    """Return the secret in a file, made where there is none, for the owner's eyes."""
    if not path.exists():
        # Written whole under another name and linked: of several processes that start together one
        # wins, and none reads a secret that is not there yet.
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
        temporary.unlink()
    key = read_text(path).strip()
    if len(key) < 32:
        raise InputError(f"{path}: a secret must have at least 32 characters; remove the file.")
    return key
