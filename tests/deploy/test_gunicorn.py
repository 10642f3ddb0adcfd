"""gunicorn by the configuration that is shipped: what is slow, half sent or killed stops nobody."""

import json
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.support.ports import HOST
from tests.support.server import GUNICORN, Process
from tests.support.serving.hasty import HASTY
from tests.support.serving.processes import catches, children, open_files
from tests.support.waiting import PATIENCE, wait_for
from webapp.core.hosting import workers

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="asks Linux's /proc")

HEADERS = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
BODY = (
    b"POST /signout HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded"
    b"\r\nContent-Length: 9\r\n\r\na="
)


class Served:
    """gunicorn, and sockets to it that a test need not close."""

    def __init__(self, data: Path, module: tuple[str, ...] = GUNICORN) -> None:
        self.data = data
        begun = time.monotonic()
        self.process = Process(data, module)
        self.starting = time.monotonic() - begun
        self.open = ExitStack()

    def stop(self) -> None:
        """End it; gunicorn waits long for a worker that was told before it could hear."""
        self.open.close()
        if self.process.process.poll() is None:
            self.workers()
        self.process.stop()

    def connect(self, sent: bytes = b"") -> socket.socket:
        port = int(self.process.url.rpartition(":")[2])
        connection = self.open.enter_context(socket.create_connection((HOST, port), PATIENCE))
        connection.sendall(sent)
        return connection

    def ask(self, seconds: float = PATIENCE) -> None:
        """Ask whether it is well; raise OSError where it is not, or does not say so in time."""
        with urlopen(f"{self.process.url}/healthz", timeout=seconds) as answer:
            assert json.load(answer) == {"status": "ok"}

    def workers(self) -> list[int]:
        """Return its workers, when there are two that are whole: they hear what they are told."""

        def two() -> list[int]:
            found = children(self.process.process.pid)
            return found if len(found) == 2 and all(map(_is_whole, found)) else []

        return wait_for(two, "there are no two workers")

    def answers(self) -> bool:
        try:
            self.ask()
        except (OSError, HTTPException):  # killed before or while it answered
            return False
        return True


def _is_whole(worker: int) -> bool:
    try:
        return catches(worker, signal.SIGABRT)  # unlike the process that forked it
    except FileNotFoundError:
        return False


def status(connection: socket.socket) -> int:
    """Read one whole answer, and return its status."""
    with HTTPResponse(connection) as answer:
        answer.begin()
        answer.read()
        return answer.status


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests that leave it as well as it was: it starts for some seconds."""
    served = Served(tmp_path_factory.mktemp("served"))
    yield served
    served.stop()


@pytest.fixture
def served(shipped: Served) -> Iterator[Served]:
    """gunicorn with two workers and no connection of another test."""
    shipped.workers()
    yield shipped
    shipped.open.close()


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("hasty"), HASTY)
    yield served
    served.stop()


def test_tables_are_there_and_closed_before_the_workers(served: Served) -> None:
    """A connection that crosses a fork loses its locks, or is closed under another process."""
    first = served.process.process.pid
    assert len(served.workers()) == 2
    assert (served.data / "sounding_board.sqlite").is_file()
    assert [path for path in open_files(first) if served.data in path.parents] == []
    assert len(list(Path(f"/proc/{first}/task").iterdir())) == 1  # no thread was there to be forked


def test_idle_and_half_sent_connections_stop_nobody(served: Served) -> None:
    for _ in range(8):
        served.connect()
        served.connect(HEADERS)
        served.connect(BODY)
    begun = time.monotonic()
    for _ in range(40):
        served.ask()
    # They wait all the while: none was given up yet.
    assert time.monotonic() - begun < workers.HEADERS, "the machine is too slow for this test"


def test_half_a_request_is_given_up(hasty: Served) -> None:
    headers, body, dripping = hasty.connect(HEADERS), hasty.connect(BODY), hasty.connect(HEADERS)
    assert headers.recv(100) == b""
    assert status(body) == 400  # and not what half a form would come to

    def given_up() -> bool:
        try:
            dripping.sendall(b"X")  # a byte now and then does not help
        except OSError:
            return True
        return False

    wait_for(given_up, "a request that comes byte by byte is waited for")
    hasty.ask()


def test_a_whole_request_has_the_time_it_needs(hasty: Served) -> None:
    """One connection, kept: the limit is for each request, and not for what lies between them."""
    connection = hasty.connect()
    for _ in range(3):
        connection.sendall(HEADERS + b"\r\n")
        assert status(connection) == 200
        time.sleep(1.2)


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n"], ids=["kept open", "closed"])
def test_who_sends_more_than_is_taken_reads_the_answer(served: Served, more: bytes) -> None:
    size = 30_000_000  # more than a connection holds while nobody reads it
    head = BODY.replace(
        b"Content-Length: 9\r\n\r\na=", b"Content-Length: %d\r\n%b\r\n" % (size, more)
    )
    connection = served.connect(head)
    select.select([connection], [], [], PATIENCE)  # it is refused by what the headers say
    connection.sendall(b"a" * size)
    assert status(connection) == 413


def test_a_body_in_pieces_that_are_none_is_answered_once(served: Served) -> None:
    head = BODY.replace(b"Content-Length: 9\r\n\r\na=", b"Transfer-Encoding: chunked\r\n")
    head = head.replace(b"/signout", b"/nothing/here") + b"Connection: close\r\n\r\n"
    connection = served.connect(head + b"5\r\nabcde\r\nno length\r\n")
    with connection.makefile("rb") as answer:
        assert answer.read().count(b"HTTP/1.1 ") == 1


def test_a_worker_that_is_killed_is_back_at_once(served: Served) -> None:
    """Both are killed, so that nobody else answers; a start from nothing is what it saves."""
    took = []
    for _ in range(3):
        killed = served.workers()
        begun = time.monotonic()
        for worker in killed:
            os.kill(worker, signal.SIGKILL)
        wait_for(served.answers)
        took.append(time.monotonic() - begun)
    print("back after", took, "seconds; started in", served.starting)
    assert min(took) < served.starting / 2


def test_killing_a_worker_every_two_seconds_lets_requests_go_on(served: Served) -> None:
    over, answered, lock = threading.Event(), [0], threading.Lock()

    def ask() -> None:
        while not over.is_set():
            wait_for(served.answers)
            with lock:
                answered[0] += 1

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for one in asking:
        one.start()
    for _ in range(3):
        before = answered[0]
        os.kill(served.workers()[0], signal.SIGKILL)
        over.wait(2.0)
        wait_for(lambda before=before: answered[0] > before + 20, "requests do not go on")
    over.set()
    for one in asking:
        one.join()
    assert served.process.process.poll() is None


def test_what_is_being_answered_is_finished_before_the_end(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    served = Served(tmp_path)
    request.addfinalizer(served.stop)
    served.workers()
    half = served.connect(BODY)
    served.ask()  # so that what came before is there
    served.process.process.terminate()
    wait_for(lambda: len(children(served.process.process.pid)) == 1, "nobody ends")
    half.sendall(b"1234567")
    assert status(half) == 403  # a form without a token, answered in words
    served.process.process.wait(PATIENCE)
