"""The app, served: in a thread of this process, or in a process that can be killed."""

import csv
import io
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.support.places import ROOT
from tests.support.ports import HOST, Port
from tests.support.waiting import wait_for
from webapp import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ANSWER = "sounding_board.answer"
FLASK = ("flask", "run", "--port", "{port}")
GUNICORN = ("gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"{HOST}:{{port}}")
"""As the README says, at a port of the test's own."""


def is_ready(url: str) -> bool:
    """Say whether what is served there can take answers, by its own word."""
    try:
        with urlopen(f"{url}/readyz", timeout=30) as answer:
            return answer.status == 200
    except HTTPError as error:
        error.close()
        return False


class _Handler(WSGIRequestHandler):
    """Answers without a line in the log, and closes what it was sending to who hung up.

    Werkzeug reads what is left of a request before it closes the answer, and leaves the answer's
    file open where that fails, as it does once a browser is gone.
    """

    def log_request(self, *_: object) -> None:
        """Say nothing."""

    def run_wsgi(self) -> None:
        """Answer a request."""
        try:
            super().run_wsgi()
        finally:
            close = getattr(self.environ.get(_ANSWER), "close", None)
            if close is not None:
                close()


def _kept(app: "WSGIApplication") -> "WSGIApplication":
    """Return an app whose answers a handler finds again in the request's environment."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ[_ANSWER] = answered = app(environ, start_response)
        return answered

    return answer


class Thread:
    """An app served by a thread of this process, at a port that the system picks.

    Attributes
    ----------
    url : where it is, without a slash at the end
    """

    def __init__(self, app: "Flask | WSGIApplication") -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server(HOST, 0, _kept(app), threaded=True, request_handler=_Handler)
        self.url = f"http://{HOST}:{self._server.server_port}"
        # It looks often whether it should stop: werkzeug's own half a second adds up.
        self._thread = threading.Thread(
            target=lambda: self._server.serve_forever(poll_interval=0.02), daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Process:
    """A Python module that serves the app of a data folder in a process of its own.

    It can be killed and started again at the same port. `module` is its command line, in which
    "{port}" stands for the port.

    Attributes
    ----------
    url : where it is, without a slash at the end
    process : the process that serves
    """

    process: subprocess.Popen[bytes]

    def __init__(self, data: Path, module: Sequence[str] = FLASK) -> None:
        self._port = Port()
        self._command = [part.format(port=self._port.number) for part in module]
        self._environment = os.environ | {"SOUNDING_BOARD_DATA": str(data)}
        self.url = f"http://{HOST}:{self._port.number}"
        self.start()

    def start(self) -> None:
        """Start serving, and return when the app answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self._command], cwd=ROOT, env=self._environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(self._answers, f"{self._command} does not answer")

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"{self._command} ended"
        try:
            with urlopen(f"{self.url}/healthz", timeout=30) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """Kill the server as a power cut would (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it, whether it was killed before or not."""
        self.process.terminate()
        self.process.wait()
        self._port.release()


class Server:
    """The app of a data folder, served, with the commands that prepare what it shows.

    Attributes
    ----------
    app : the app, to look into its database and to run its commands; not the one that serves
    url : where it is, without a slash at the end
    """

    def __init__(self, data: Path) -> None:
        self.app = create_app({"DATA": data})
        self._serves = self._serve(data)
        self.url = self._serves.url

    def _serve(self, data: Path) -> Thread | Process:
        return Thread(create_app({"DATA": data}))

    def stop(self) -> None:
        """Stop serving."""
        self._serves.stop()

    def flask(self, *args: str) -> str:
        """Run a command on the server's data, in this process; return what it prints."""
        done = self.app.test_cli_runner().invoke(args=list(args))
        assert done.exit_code == 0, done.output
        return done.stdout

    def judgements(self) -> list[dict[str, str]]:
        """Return the rows of the study's judgements.csv."""
        return list(
            csv.DictReader(io.StringIO(self.flask("studies", "export", "which", "-o", "-")))
        )


class KillableServer(Server):
    """A server that a test kills, and starts again."""

    _serves: Process

    def _serve(self, data: Path) -> Process:
        return Process(data)

    def kill(self) -> None:
        """Kill it as a power cut would (SIGKILL)."""
        self._serves.kill()

    def start(self) -> None:
        """Start it again, at the same address; return when it answers."""
        self._serves.start()
