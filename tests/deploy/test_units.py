"""The units that are shipped: what systemd says of them, and their commands, run by nobody.

What only systemd itself can show is not shown here: that the sandbox (ProtectSystem, the filter of
system calls) lets the app do all that it does, that the service is started again when it ends, that
the timer comes, and that StateDirectory makes the data folder.
"""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.places import ROOT
from tests.support.ports import HOST, Port
from tests.support.serving.units import SHIPPED, Unit, copy_project, placed, read
from tests.support.serving.unprivileged import give, needed, nobody, open_folder
from tests.support.waiting import PATIENCE

NAMES = sorted(path.name for path in SHIPPED.iterdir())


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder with a copy of the project that nobody may read, and a data folder of nobody's."""
    with open_folder() as folder:
        copy_project(folder)
        for name in ("data", "backups"):
            (folder / name).mkdir(mode=0o700)
            give(folder / name)
        yield folder


def unit(name: str, place: Path) -> Unit:
    return read(placed(name, place))


def files(place: Path) -> set[Path]:
    return set((place / "project").rglob("*"))


def test_systemd_has_nothing_to_say_of_them(place: Path) -> None:
    assert len(NAMES) == 3
    program = needed("systemd-analyze", "systemd")
    (place / "units").mkdir()
    for name in NAMES:
        (place / "units" / name).write_text(placed(name, place), encoding="utf-8")
    paths = [str(place / "units" / name) for name in NAMES]
    done = subprocess.run([program, "verify", *paths], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".service")])
def test_a_service_may_do_no_more_than_it_needs(name: str, place: Path) -> None:
    """systemd's own count of what is left open: 10 is everything, and what is above 4 is a lot."""
    (place / name).write_text(placed(name, place), encoding="utf-8")
    command = [needed("systemd-analyze", "systemd"), "security", "--offline=yes", "--threshold=25"]
    done = subprocess.run([*command, str(place / name)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
    service = unit(name, place)
    assert service.one("User") not in ("", "root")
    assert service.one("ProtectSystem") == "strict"
    assert service.one("NoNewPrivileges") == "yes"


def test_the_service_serves_for_nobody_and_ends_when_told(place: Path) -> None:
    service, before = unit("sounding-board.service", place), files(place)
    [command] = service.commands("ExecStart")
    with Port() as port, closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as told:
        told.bind(str(place / "notify"))
        give(place / "notify")
        own = {  # as the environment file may say
            "GUNICORN_CMD_ARGS": f"--bind {HOST}:{port.number}",
            "NOTIFY_SOCKET": str(place / "notify"),
        }
        process = subprocess.Popen(
            command, cwd=service.one("WorkingDirectory"), env=service.environment() | own,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **nobody(),
        )  # fmt: skip
        try:
            told.settimeout(PATIENCE)
            assert service.one("Type") == "notify"
            assert b"READY=1" in told.recv(1000)
            with urlopen(f"http://{HOST}:{port.number}/healthz", timeout=PATIENCE) as answer:
                assert json.load(answer) == {"status": "ok"}
            if os.geteuid() == 0:
                assert Path(f"/proc/{process.pid}").stat().st_uid == nobody()["user"]
        finally:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(PATIENCE)
    assert ended == 0
    data = place / "data"
    assert {"sounding_board.sqlite", "secret_key", "config.toml"} <= {
        path.name for path in data.iterdir()
    }
    assert (data / "sounding_board.sqlite").stat().st_mode & 0o077 == 0
    assert files(place) == before  # only the data folder was written


def test_the_backup_is_written_by_nobody(place: Path) -> None:
    backup, before = unit("sounding-board-backup.service", place), files(place)
    [command] = backup.commands("ExecStart")
    done = subprocess.run(
        command, cwd=backup.one("WorkingDirectory"), env=backup.environment(), timeout=PATIENCE,
        capture_output=True, text=True, **nobody(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [written] = (place / "backups").iterdir()
    assert written.stat().st_size > 1000
    assert files(place) == before


def test_the_service_waits_longer_for_its_end_than_gunicorn(place: Path) -> None:
    """Else systemd would kill what is being answered."""
    service = unit("sounding-board.service", place)
    told = (ROOT / "deploy" / "gunicorn.conf.py").read_text(encoding="utf-8")
    [graceful] = [line for line in told.splitlines() if line.startswith("graceful_timeout")]
    assert int(service.one("TimeoutStopSec")) > int(graceful.split()[2])


def test_a_line_that_is_no_setting_is_noticed() -> None:
    with pytest.raises(ValueError, match="no setting of a unit: ExecStart"):
        read("[Service]\nExecStart\n")
    continued = read("[Service]\nExecStart=/a \\\n  b\n")
    assert continued.commands("ExecStart") == [["/a", "b"]]
