"""A PostgreSQL of the tests' own: a cluster in a temporary folder, started and stopped by them.

It is what a study runs on: fsync is on, a password is asked for, and text is sorted by a language's
rules, so that whoever leans on the order of bytes is found out.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.support.ports import HOST, Port
from tests.support.waiting import wait_for

DEBIAN = Path("/usr/lib/postgresql")
OWNERS = ("postgres", "nobody")
"""Who runs it where the tests run as root, whom PostgreSQL refuses: the first that there is."""


def programs() -> Path | None:
    """Return the folder that holds initdb and postgres, of the newest version; None for none."""
    folders = sorted(DEBIAN.glob("[0-9]*/bin"), key=lambda one: -int(one.parent.name))
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    whole = (one for one in folders if (one / "initdb").exists() and (one / "postgres").exists())
    return next(whole, None)


class Cluster:
    """A running PostgreSQL, at a port of 127.0.0.1 and a socket in its folder.

    `more` are options of `initdb`, for a cluster of another kind.
    """

    def __init__(self, *more: str) -> None:
        found = programs()
        assert found is not None
        self.programs = found
        self.port = Port()
        self.password = secrets.token_urlsafe(12)
        self.folder = Path(tempfile.mkdtemp(prefix="sounding-board-pg."))
        self._owner = _owner()
        self._process: subprocess.Popen[bytes] | None = None
        self._made = 0
        try:
            self._initialise(more)
            self.start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, name: str, user: str = "tester", password: str | None = None) -> str:
        """Return the address of a database, as `database_url` takes it."""
        secret = self.password if password is None else password
        return f"postgresql+psycopg://{user}:{secret}@{HOST}:{self.port.number}/{name}"

    def create(self, template: str = "template0") -> str:
        """Make a database of a name of its own, a copy of another one, and return the name."""
        self._made += 1
        name = f"test_{self._made}"
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return name

    def drop(self, name: str) -> None:
        """Remove a database, and throw out who is still connected to it."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: Any, values: tuple[Any, ...] = (), name: str = "postgres") -> list:
        """Run one statement as the cluster's owner; return its rows, [] where it has none."""
        with self.connect(name) as connection:
            done = connection.execute(statement, values)
            return done.fetchall() if done.description else []

    @contextmanager
    def connect(self, name: str = "postgres") -> Iterator["psycopg.Connection[Any]"]:
        """Connect to a database as the cluster's owner, by the socket; every statement commits."""
        where = {"host": str(self.folder), "port": self.port.number, "dbname": name}
        with psycopg.connect(user="tester", autocommit=True, **where) as connection:  # type: ignore[arg-type]
            yield connection

    def throw_out(self, name: str, most: int = 1000) -> int:
        """Break connections to a database, as a network does; return how many there were.

        All of them, or `most`, picked by chance.
        """
        found = self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> pg_backend_pid() ORDER BY random() LIMIT %s",
            (name, most),
        )
        return len(found)

    def start(self) -> None:
        """Start it where it does not run, and wait until it answers."""
        if self._process is None:
            wait_for(self._starts, f"PostgreSQL does not start: {self.said()[-2000:]}")

    def stop(self) -> None:
        """Stop it cleanly, whoever is connected: their connections are closed."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill it as a power cut does; `start` recovers what was committed."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop it cleanly and start it again."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it, and remove all of it."""
        self.stop()
        self.port.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def said(self) -> str:
        """Return the server's log."""
        log = self.folder / "log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""

    def _initialise(self, more: tuple[str, ...]) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password, encoding="ascii")
        (self.folder / "log").touch()
        if self._owner is not None:
            for path in (self.folder, secret, self.folder / "log"):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid)
        by_language = ["--locale-provider=icu", "--icu-locale=en-US"]
        if int(self._version()) < 15:
            by_language = []
        command = [
            str(self.programs / "initdb"), "--no-sync", "--username=tester", "--encoding=UTF8",
            "--locale=C.UTF-8", *by_language, "--auth-local=trust", "--auth-host=scram-sha-256",
            f"--pwfile={secret}", f"--pgdata={self.folder / 'data'}", *more,
        ]  # fmt: skip
        done = self._popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = done.communicate()
        assert done.returncode == 0, said.decode(errors="replace")
        secret.unlink()

    def _version(self) -> str:
        command = [str(self.programs / "postgres"), "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return said.split()[2].partition(".")[0]

    def _popen(self, command: list[str], **options: Any) -> "subprocess.Popen[bytes]":
        if self._owner is not None:
            options |= {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []}
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}
        return subprocess.Popen(command, cwd=self.folder, env=environment, **options)

    def _starts(self) -> bool:
        """Start the server once; return whether it answers, False where it ended at once.

        After `kill` it does for a moment: until the last of its old processes is gone.
        """
        command = [
            str(self.programs / "postgres"), "-D", str(self.folder / "data"),
            "-c", f"listen_addresses={HOST}", "-c", f"port={self.port.number}",
            "-c", f"unix_socket_directories={self.folder}", "-c", "fsync=on",
            "-c", "max_connections=200", "-c", "shared_buffers=32MB", "-c", "log_statement=none",
        ]  # fmt: skip
        if setpriv := shutil.which("setpriv"):  # it ends with the tests, however they end
            command = [setpriv, "--pdeathsig", "INT", *command]
        with (self.folder / "log").open("ab") as log:
            self._process = self._popen(command, stdout=log, stderr=log)
        wait_for(lambda: self._process.poll() is not None or self._answers())  # type: ignore[union-attr]
        if self._process.poll() is None:
            return True
        self._process = None
        return False

    def _answers(self) -> bool:
        try:
            return self.execute("SELECT 1") == [(1,)]
        except psycopg.OperationalError:
            return False

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(by)
            self._process.wait()
            self._process = None


def _owner() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {one.pw_name: one for one in pwd.getpwall()}
    return next(known[name] for name in OWNERS if name in known)
