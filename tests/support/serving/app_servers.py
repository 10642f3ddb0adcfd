"""App servers that are killed and come back, and the nginx that stands before two of them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.places import ROOT
from tests.support.ports import HOST, Port
from tests.support.serving.processes import children
from tests.support.waiting import wait_for

KILL_EVERY = 2.0  # seconds
_LOOK_EVERY = 0.02
_NGINX = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream board {{
        {servers}
    }}
    server {{
        listen {host}:{port};
        location / {{
            proxy_pass http://board;
            proxy_connect_timeout 2s;
            proxy_next_upstream error timeout;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
"""


class AppServer:
    """The app as it is shipped, by gunicorn, in processes of its own at one port.

    `settings` are environment variables. Attributes: `url`, without a slash at the end, and
    `process`, the one that keeps the workers.
    """

    process: subprocess.Popen[bytes]

    def __init__(self, data: Path, settings: Mapping[str, str], *options: str) -> None:
        self._port = Port()
        self.address = f"{HOST}:{self._port.number}"
        self.url = f"http://{self.address}"
        self._command = [
            *_ends_with_us(), sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py",
            "--bind", self.address, "--log-level", "critical", *options,
        ]  # fmt: skip
        self._environment = {**os.environ, **settings, "SOUNDING_BOARD_DATA": str(data)}
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start serving, and return when the app answers."""
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, start_new_session=True,
            stdout=self._said, stderr=self._said,
        )  # fmt: skip
        wait_for(self._answers, "gunicorn does not answer")

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"gunicorn ended: {self.said()[-2000:]}"
        return answers(self.url)

    def said(self) -> str:
        """Return what it logged."""
        self._said.seek(0)
        return self._said.read().decode(errors="replace")

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        return children(self.process.pid)

    def kill(self) -> None:
        """Kill all of it as a power cut does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def kill_workers(
        self, stop: threading.Event, killed: list[int], due: Callable[[], bool] | None = None
    ) -> None:
        """Kill one worker after the other as a power cut would, until `stop` is set.

        One is killed every `KILL_EVERY` seconds; or, by no clock, as soon as the next is `due`.
        """
        while not stop.wait(KILL_EVERY if due is None else _LOOK_EVERY):
            workers = self.workers()
            if workers and (due is None or due()):
                victim = workers[len(killed) % len(workers)]
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    def close(self) -> None:
        """End it, whether it was killed before or not."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self._said.close()
        self._port.release()


class Balancer:
    """nginx before some app servers: who does not answer is left out for two seconds."""

    def __init__(self, servers: Sequence[AppServer]) -> None:
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self._port = Port()
        self._folder = Path(tempfile.mkdtemp(prefix="sounding-board-nginx."))
        self.url = f"http://{HOST}:{self._port.number}"
        lines = [f"server {one.address} max_fails=1 fail_timeout=2s;" for one in servers]
        text = _NGINX.format(
            folder=self._folder, servers="\n        ".join(lines), host=HOST,
            port=self._port.number, user="user root;" if os.geteuid() == 0 else "",
        )  # fmt: skip
        (self._folder / "nginx.conf").write_text(text, encoding="utf-8")
        self.process = subprocess.Popen(
            [
                *_ends_with_us(), program, "-p", str(self._folder),
                "-c", str(self._folder / "nginx.conf"),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            wait_for(lambda: self._runs() and answers(self.url), "nginx does not answer")
        except BaseException:
            self.close()
            raise

    def _runs(self) -> bool:
        assert self.process.poll() is None, "nginx ended"
        return True

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()
        self._port.release()
        shutil.rmtree(self._folder)


def _ends_with_us() -> list[str]:
    """Return what a command begins with that is to end when the thread that starts it ends."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "TERM"] if found else []


def has_nginx() -> bool:
    """Return whether nginx is installed."""
    return bool(shutil.which("nginx") or Path("/usr/sbin/nginx").exists())


def answers(url: str) -> bool:
    """Return whether an app answers at an address."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=30) as answer:
            return answer.status == 200
    except OSError:
        return False
