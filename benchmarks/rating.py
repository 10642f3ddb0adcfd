"""Fifty raters at once, on SQLite and on PostgreSQL: is every grade there once, and how fast?

Run it from the project's folder::

    python -m benchmarks.rating                          # everything, in one table
    python -m benchmarks.rating --only killed            # one kind of trouble, on all databases
    python -m benchmarks.rating --only two-servers --raters 10
    python -m benchmarks.rating --database sqlite

A study is made in a temporary folder and served on 127.0.0.1 by gunicorn as it is shipped. Every
rater is a thread that reads its pages and posts its grades one after the other over real HTTP, with
the CSRF token, the retries and the waits of the browser's queue. What was acknowledged is compared
with the database afterwards. The runs:

undisturbed     one server; as fast as it goes
killed          the same, and a worker is killed (SIGKILL) every two seconds
two-servers     PostgreSQL, two servers and a real nginx before them; a server is killed after 5 s
                and brought back 30 s later, PostgreSQL is stopped and started after 20 s; every
                rater gives a grade each half a second, so that all of this happens meanwhile

In the table, ``wait`` is from the first try of a grade until it was saved, its retries and the time
between them included; ``request`` is a single request for a grade that got an answer, whatever that
was. Figures go to docs/evidence/rating.json (or EVIDENCE_FOLDER).
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from benchmarks.rating_raters import Outcome, RatingThread
from benchmarks.rating_study import SITTING, SLUG, check, make_study
from tests.support.databases.cluster import Cluster, programs
from tests.support.evidence import note
from tests.support.serving.app_servers import AppServer, Balancer, has_nginx

DATABASES = ("sqlite", "postgresql")
TROUBLES = ("undisturbed", "killed", "two-servers")
ADDRESS = "SOUNDING_BOARD_DATABASE_URL"


@dataclass(frozen=True)
class Timetable:
    """When things happen in a run: all in seconds from its beginning.

    Attributes
    ----------
    bound : raters give up
    between : no seconds, but how many grades lie between two kills of a worker, so that as many are
        killed on a fast machine as on a busy one; 0 where it is measured: then by the clock
    pace : that each rater takes for a grade, at least, where two servers are watched
    away_at, restart_at, back_at : then a server is killed, PostgreSQL restarted, the server back
    """

    bound: float = 240.0
    between: int = 0
    pace: float = 0.5
    away_at: float = 5.0
    restart_at: float = 20.0
    back_at: float = 35.0


@dataclass(frozen=True)
class Run:
    """One run: how long it took, what its raters saw, what befell it, what the database says."""

    database: str
    trouble: str
    raters: int
    seconds: float
    outcome: Outcome
    found: dict[str, int]
    killed: list[int]
    events: list[str]

    def wrong(self) -> list[str]:
        """Return what is not as it has to be."""
        bad = [name for name, value in self.found.items() if value and "grades " not in name]
        bad += ["answers refused"] if self.outcome.refused else []
        bad += ["raters that gave up"] if self.outcome.failures else []
        if self.trouble == "undisturbed" and self.outcome.retries:
            bad.append("answers asked for again")
        return bad

    def figures(self) -> dict[str, float]:
        """Return what is told of it: times in milliseconds."""
        outcome = self.outcome
        figures = {
            "raters": self.raters,
            "seconds": round(self.seconds, 1),
            "grades a second": round(len(outcome.waited) / self.seconds, 1),
        }
        for name, times in (("wait", outcome.waited), ("request", outcome.answered)):
            shares = 1000 * np.percentile(times or [0.0], [50, 95, 99])
            for share, value in zip((50, 95, 99), shares, strict=True):
                figures[f"{name} p{share} ms"] = round(float(value))
        return figures | {
            "workers killed": len(self.killed),
            "grades sent again": outcome.retries,
            "pages loaded again": outcome.reloads,
            "raters that gave up": len(outcome.failures),
            "answers refused": len(outcome.refused),
            **self.found,
        }


@dataclass
class Site:
    """What is served: its servers, the address that raters have, and what can be done to it."""

    servers: list[AppServer]
    url: str
    cluster: Cluster | None
    times: Timetable = Timetable()
    events: list[str] = field(default_factory=list)
    killed: list[int] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    def disturb(self, trouble: str, stop: threading.Event, outcome: Outcome) -> None:
        """Do what a kind of run asks for, until `stop` is set."""
        if trouble == "killed":
            between, killed = self.times.between, self.killed
            self.servers[0].kill_workers(
                stop, killed,
                (lambda: len(outcome.acknowledged) >= between * (len(killed) + 1))
                if between else None,
            )  # fmt: skip
        elif trouble == "two-servers":
            for moment, work in (
                (self.times.away_at, self._kill),
                (self.times.restart_at, self._restart),
                (self.times.back_at, self._back),
            ):
                if stop.wait(max(0.0, self.begun + moment - time.monotonic())):
                    return
                work()

    def _kill(self) -> None:
        self.servers[0].kill()
        self._told("a server killed")

    def _back(self) -> None:
        self.servers[0].start()
        self._told("the server is back")

    def _restart(self) -> None:
        assert self.cluster is not None
        before = time.monotonic()
        self.cluster.restart()
        self._told(f"PostgreSQL restarted in {time.monotonic() - before:.1f} s")

    def _told(self, what: str) -> None:
        self.events.append(f"{time.monotonic() - self.begun:.0f} s: {what}")


@contextmanager
def settings(cluster: Cluster | None) -> Iterator[dict[str, str]]:
    """Give the environment of a database of its own, for this process and for servers."""
    before = os.environ.pop(ADDRESS, None)
    name = cluster.create() if cluster else ""
    try:
        if cluster:
            os.environ[ADDRESS] = cluster.url(name)
        yield {ADDRESS: os.environ[ADDRESS]} if cluster else {}
    finally:
        os.environ.pop(ADDRESS, None)
        if before is not None:
            os.environ[ADDRESS] = before
        if cluster:
            cluster.start()
            cluster.drop(name)


@contextmanager
def site(
    data: Path, cluster: Cluster | None, environment: Mapping[str, str], count: int
) -> Iterator[Site]:
    """Serve a data folder by so many servers, with nginx before more than one."""
    with ExitStack() as stack:
        servers = []
        for _ in range(count):
            servers.append(AppServer(data, environment))
            stack.callback(servers[-1].close)
        url = servers[0].url
        if count > 1:
            balancer = Balancer(servers)
            stack.callback(balancer.close)
            url = balancer.url
        yield Site(servers, url, cluster)


def measure(
    raters: int,
    trouble: str,
    cluster: Cluster | None = None,
    times: Timetable | None = None,
    sitting: int = SITTING,
) -> Run:
    """Let all raters judge `sitting` queries each; on PostgreSQL where a cluster is given."""
    with tempfile.TemporaryDirectory() as folder, settings(cluster) as environment:
        data, outcome = Path(folder), Outcome()
        tokens = make_study(data, raters, sitting)
        url = environment.get(ADDRESS) or f"sqlite:///{data / 'sounding_board.sqlite'}"
        two = trouble == "two-servers"
        with site(data, cluster, environment, 2 if two else 1) as served:
            served.times = times or served.times
            links = [f"{served.url}/rate/{SLUG}/{token}" for token in tokens]
            _judge(links, outcome, served, trouble)
            seconds = time.monotonic() - served.begun
        return Run(
            "postgresql" if cluster else "sqlite", trouble, raters, seconds, outcome,
            check(sa.engine.make_url(url), outcome.acknowledged), served.killed, served.events,
        )  # fmt: skip


def _judge(links: list[str], outcome: Outcome, served: Site, trouble: str) -> None:
    stop = threading.Event()
    served.begun = time.monotonic()
    pace = served.times.pace if trouble == "two-servers" else 0.0
    raters = [
        RatingThread(link, outcome, served.begun + served.times.bound, pace) for link in links
    ]
    for thread in raters:
        thread.start()
    ending = threading.Thread(target=_when_over, args=(raters, stop))
    ending.start()
    try:
        served.disturb(
            trouble, stop, outcome
        )  # here: what this thread starts would end with another one
    finally:
        ending.join()


def _when_over(raters: Sequence[threading.Thread], stop: threading.Event) -> None:
    for thread in raters:
        thread.join()
    stop.set()


def show(runs: list[Run]) -> str:
    """Return the runs as one table, a column each, and what else is to be said."""
    told = [one.figures() for one in runs]
    rows = [("", *(one.database for one in runs)), ("", *(one.trouble for one in runs))]
    rows += [(name, *(f"{one[name]:g}" for one in told)) for name in told[0]]
    lines = [f"{row[0]:34}" + "".join(f"{cell:>14}" for cell in row[1:]) for row in rows]
    for run in runs:
        name = f"{run.database}, {run.trouble}"
        lines += [f"{name}: {event}" for event in run.events]
        lines += [f"{name}: ! {what}" for what in run.outcome.failures[:3]]
        lines += [f"{name}: ! {what}" for what in run.outcome.refused[:3]]
        wrong = run.wrong()
        lines.append(
            f"{name}: " + (f"NOT AS PLANNED: {', '.join(wrong)}" if wrong
                           else "everything is there once, and everybody finished")
        )  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    parser.add_argument("--raters", type=int, default=50)
    parser.add_argument("--only", choices=TROUBLES)
    parser.add_argument("--database", choices=DATABASES)
    chosen = parser.parse_args()
    wanted = [
        (database, trouble)
        for trouble in TROUBLES if chosen.only in (None, trouble)
        for database in DATABASES if chosen.database in (None, database)
        if trouble != "two-servers" or database == "postgresql"
    ]  # fmt: skip
    if programs() is None and ("postgresql" in {database for database, _ in wanted}):
        sys.exit("PostgreSQL is not installed (apt-get install postgresql); or --database sqlite.")
    if not has_nginx() and "two-servers" in {trouble for _, trouble in wanted}:
        sys.exit("nginx is not installed (apt-get install nginx); or --only undisturbed.")
    runs = []
    for database, trouble in wanted:
        with ExitStack() as stack:
            cluster = stack.enter_context(Cluster()) if database == "postgresql" else None
            runs.append(measure(chosen.raters, trouble, cluster))
        note("rating", f"{database}, {trouble}", runs[-1].figures() | {"events": runs[-1].events})
        print(f"{database}, {trouble}: {runs[-1].seconds:.0f} s", file=sys.stderr, flush=True)
    print(show(runs))
    if any(run.wrong() for run in runs):
        sys.exit(1)


if __name__ == "__main__":
    main()
