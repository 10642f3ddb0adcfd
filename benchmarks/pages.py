"""How long the pages of a collection of FSD50K's size take on the server, fourteen systems in it.

    python -m benchmarks.pages FOLDER       # the made collection lies there, and is made if not
    python -m benchmarks.pages              # in a temporary folder: some minutes to make it
    python -m benchmarks.pages --clips 600  # smaller

The app is served on 127.0.0.1 by gunicorn with two workers, started anew for each page. After the
first answer of each worker ("cold") and two more of each, 20 requests follow one after the other,
every one for another clip where the page shows one. The times are gunicorn's own, from the request
to the last byte sent.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.objective import machine
from embeddings.collection.clips import Collection
from embeddings.representations import FOURTEEN
from embeddings.simulation.fsd50k_shape import CLIPS, make_collection
from evaluation.objective.simulated_systems import ready_all_simulated
from tests.support.places import ROOT
from tests.support.serving.app_servers import AppServer

PAGES = {
    "Browse, 14 columns x 15": "/browse/{name}?columns=all&query={clip}",
    "Browse, as it opens": "/browse/{name}?query={clip}",
    "Scores": "/scores/{name}",
    "Map": "/browse/{name}/map",
    "Map: its clips": "/browse/{name}/map/clips.json",
    "Map: its points": "/browse/{name}/map/points/simulated-beats/pca",
}
"""What is asked for, by what it is called in the table."""

NAME = "made"
WORKERS = 2
WARM = 3  # answers of each worker before it counts: the cold one and two more
ROUNDS = 100  # of two requests at once, until every worker has given as many
REPEATS = 20
LOGGED = "%(p)s %(D)s %(s)s %(B)s %(U)s"  # worker, microseconds, status, bytes, path
# our own logger writes no line of a request for gunicorn
TIMED = ("--logger-class", "gunicorn.glogging.Logger", "--access-logformat", LOGGED)
PATIENCE = 30.0  # seconds for the log to be written


class Answer(NamedTuple):
    """One request as gunicorn saw it: by which worker, in how many ms, with how many bytes."""

    worker: str
    milliseconds: float
    status: int
    size: int


@dataclass(frozen=True)
class Timing:
    """What came out for a page: its status and, where that is 200, the ms of the requests that
    count, those of the slowest worker's first answer, and bytes."""

    page: str
    status: int
    warm: list[float] = field(default_factory=list)
    cold: float = 0
    size: int = 0


def make(data: Path, clips: int) -> Collection:
    """Make the collection and its fourteen systems, or open what is there."""
    collection = make_collection(data, NAME, clips)
    ready_all_simulated(collection, FOURTEEN.values())
    return collection


def measure(data: Path, collection: Collection, page: str, repeats: int = REPEATS) -> Timing:
    """Serve the app, ask for a page until both workers know it, and then `repeats` times."""
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as folder:
        log = Path(folder) / "access.log"
        server = AppServer(data, {}, *TIMED, "--access-logfile", str(log))
        try:
            visit = _visitor(data, server.url)
            addresses = _addresses(collection, page)
            path = addresses(0).partition("?")[0]
            first = _warm_up(visit, addresses, log, path)
            if first[-1].status != 200:
                return Timing(page, first[-1].status)
            for number in range(repeats):
                visit(addresses(len(first) + number))
            warm = _answers(log, path, len(first) + repeats)[len(first) :]
        finally:
            server.close()
    cold = {answer.worker: answer.milliseconds for answer in reversed(first)}
    times = [answer.milliseconds for answer in warm]
    return Timing(page, 200, times, max(cold.values()), max(answer.size for answer in warm))


def _visitor(data: Path, url: str) -> Callable[[str], None]:
    """Sign in; return what asks for an address and reads the answer, whatever its status."""
    command = [sys.executable, "-m", "flask", "--app", "webapp", "signin-link", "--base", url]
    environment = os.environ | {"SOUNDING_BOARD_DATA": str(data)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def visit(address: str) -> None:
        try:
            opener.open(url + address, timeout=60).read()
        except urllib.error.HTTPError as error:
            error.read()

    visit(done.stdout.strip().removeprefix(url))
    return visit


def _addresses(collection: Collection, page: str) -> Callable[[int], str]:
    """Return what gives the address of the page's n-th request."""
    order = np.random.default_rng(1).permutation(len(collection.clips))

    def address(number: int) -> str:
        clip = collection.clips[order[number % len(order)]]
        return PAGES[page].format(name=collection.name, clip=clip.id)

    return address


def _warm_up(
    visit: Callable[[str], None], addresses: Callable[[int], str], log: Path, path: str
) -> list[Answer]:
    """Ask, two at once, until every worker has answered often enough; return the answers."""
    with ThreadPoolExecutor(WORKERS) as pool:
        for asked in range(0, ROUNDS * WORKERS, WORKERS):
            list(pool.map(visit, map(addresses, range(asked, asked + WORKERS))))
            answers = _answers(log, path, asked + WORKERS)
            workers = [answer.worker for answer in answers]
            known = len(set(workers)) == WORKERS and min(map(workers.count, workers)) >= WARM
            if known or answers[-1].status != 200:
                return answers
    raise RuntimeError(f"Of {WORKERS} workers, one answered nearly all of {len(answers)} requests.")


def _answers(log: Path, path: str, count: int) -> list[Answer]:
    """Return the answers to the first `count` requests of the page, once they are in the log."""
    deadline = time.monotonic() + PATIENCE
    while True:
        lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        ours = [line for line in lines if len(line) == 5 and line[4] == path]
        if len(ours) >= count:
            return [
                Answer(worker, int(spent) / 1000, int(status), int(size))
                for worker, spent, status, size, _ in ours
            ]
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(ours)} of {count} requests for {path} are in the log.")
        time.sleep(0.02)


def show(timing: Timing) -> str:
    """Return the page's row of the table."""
    if timing.status != 200:
        what = "not there" if timing.status == 404 else f"answers {timing.status}"
        return f"| {timing.page} | {what} | | | | |"
    median, late = np.percentile(timing.warm, [50, 95])
    return (
        f"| {timing.page} | {median:.0f} ms | {late:.0f} ms | {max(timing.warm):.0f} ms | "
        f"{timing.cold:.0f} ms | {timing.size / 1000:.0f} kB |"
    )


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("folder", nargs="?", type=Path, help="where the collection lies, or will")
    options.add_argument("--clips", type=int, default=CLIPS)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="sounding-board-") as temporary:
        data = (given.folder or Path(temporary)).resolve()
        collection = make(data, given.clips)
        print(
            f"{machine()} (load {os.getloadavg()[0]:.1f}), {datetime.now(UTC):%Y-%m-%d}; "
            f"{len(collection.clips):,} clips, {len(FOURTEEN)} systems, {WORKERS} workers\n"
        )
        print("| page | median | p95 | slowest | cold | size |")
        print("|---|---|---|---|---|---|")
        for page in PAGES:
            print(show(measure(data, collection, page)), flush=True)


if __name__ == "__main__":
    main()
