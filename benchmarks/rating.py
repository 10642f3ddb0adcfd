"""Fifty raters at once against gunicorn and SQLite: is every grade there once, and how fast?

Run it from the project's folder::

    python -m benchmarks.rating              # both runs: undisturbed, and under kill -9
    python -m benchmarks.rating --raters 10  # smaller

A study is made in a temporary folder and served on 127.0.0.1 by gunicorn with two workers. Every
rater is a thread that reads its pages and posts its grades one after the other over real HTTP, with
the CSRF token and the retries of the browser's queue. In the second run a worker is killed every
two seconds. What was acknowledged is compared with the database afterwards.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from uuid import uuid4

import numpy as np
import soundfile

from tests.support.ports import HOST, Port
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parent.parent
OVERLAP = 5  # raters a query
SITTING = 9  # queries a rater
DEPTH = 5
KILL_EVERY = 2.0  # seconds
LONGEST = 600.0  # seconds for one run, after which it counts as failed
SLUG = "load"


@dataclass
class Outcome:
    """What the raters of one run saw."""

    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    retries: int = 0
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Rater(threading.Thread):
    """One rater: judges blocks until the study has none left."""

    def __init__(self, link: str, outcome: Outcome, deadline: float) -> None:
        super().__init__(daemon=True)
        self.link, self.outcome, self.deadline = link, outcome, deadline
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar())
        )  # fmt: skip

    def run(self) -> None:
        """Judge."""
        try:
            while self.judge_a_page():
                pass
        except Exception as error:
            with self.outcome.lock:
                self.outcome.failures.append(f"{type(error).__name__}: {error}")

    def judge_a_page(self) -> bool:
        """Grade all sounds of the page; return False where there is none."""
        text = self.ask(self.link)
        sounds = re.findall(r'data-sound="(\w+)"', text)
        if not sounds:
            return False
        csrf = re.search(r'name="csrf-token" content="([^"]+)"', text)
        assert csrf
        for number, sound in enumerate(sounds):
            body = {
                "sound": sound,
                "grade": 20 * (number % 6),
                "uuid": str(uuid4()),
                "given_at": datetime.now(UTC).isoformat(),
                "listened_seconds": 0.5,
                "heard": 1.0,
            }
            begun = time.perf_counter()
            answer = json.loads(self.ask(f"{self.link}/grades", json.dumps(body), csrf[1]))
            with self.outcome.lock:
                self.outcome.latencies.append(time.perf_counter() - begun)
                if answer.get("saved") == body["uuid"]:
                    self.outcome.acknowledged.append(body["uuid"])
                else:
                    self.outcome.refused.append(str(answer))
        fields = dict(re.findall(r'name="(block|page)" value="(\w+)"', text))
        fields["csrf_token"] = csrf[1]
        self.ask(f"{self.link}/next", urllib.parse.urlencode(fields), form=True)
        return True

    def ask(self, address: str, body: str = "", csrf: str = "", form: bool = False) -> str:
        """Return the answer's text; try again, as the browser does, until there is one."""
        wait = 0.1
        while True:
            request = urllib.request.Request(address, body.encode() if body else None)
            request.add_header("Accept", "text/html" if form or not body else "application/json")
            if body and not form:
                request.add_header("Content-Type", "application/json")
                request.add_header("X-CSRFToken", csrf)
            try:
                with self.opener.open(request, timeout=30) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return error.read().decode()
            except (OSError, EOFError):
                pass
            except Exception as error:  # http.client's own: the worker died while it answered
                if not type(error).__module__.startswith("http."):
                    raise
            if time.monotonic() > self.deadline:
                raise TimeoutError(f"no answer from {address.rpartition('/')[2]}")
            with self.outcome.lock:
                self.outcome.retries += 1
            time.sleep(wait)
            wait = min(2 * wait, 1.0)


def make_study(data: Path, raters: int) -> list[str]:
    """Make a collection, two systems and an open study; return the raters' secret tokens."""
    from embeddings.collection.clips import open_collection
    from embeddings.collection.importing import import_collection
    from embeddings.collection.sources import Options
    from embeddings.search.processing import Recipe
    from embeddings.systems.rankings import build_ranking
    from embeddings.systems.store import open_embedding, write_embedding
    from evaluation.protocol.reading import parse_protocol
    from webapp import create_app
    from webapp.core import database
    from webapp.rating.people import invite
    from webapp.study import lifecycle, opening

    queries = max(SITTING, raters * SITTING // OVERLAP)
    source = data / "source"
    (source / "audio").mkdir(parents=True)
    rng = np.random.default_rng(1)
    rows = ["fname,labels"]
    for number in range(queries + 20):
        sound = 0.1 * rng.standard_normal(4000)
        soundfile.write(source / "audio" / f"c{number}.wav", sound, 8000)
        rows.append(f"c{number},class{number % 10}")
    (source / "clips.csv").write_text("\n".join(rows) + "\n")
    import_collection(data, "load", source, "csv", options=Options(), copy=True)
    collection = open_collection(data, "load")
    systems = []
    for name in ("one", "two"):
        meta = {"provenance": "imported", "representation": name.capitalize()}
        write_embedding(collection, name, rng.normal(size=(len(rows) - 1, 8)), meta)
        recipe = Recipe(pca=None)
        ranking = build_ranking(collection, open_embedding(collection, name), recipe, "mcss")
        systems.append(ranking.system)
    protocol = parse_protocol(
        {
            "slug": SLUG,
            "title": "Load",
            "collection": "load",
            "systems": systems,
            "depth": DEPTH,
            "page": 100,
            "raters_per_query": OVERLAP,
            "sitting": SITTING,
            "practice": False,
            "queries": {"clips": [f"c{number}" for number in range(queries)]},
            "controls": {"repeats": 0},
            "listening": {"sound_check": False, "level": False},
        },
        "the benchmark's protocol",
    )
    app = create_app({"DATA": data})
    with app.app_context():
        database.prepare()
        study = opening.open_study(lifecycle.create_study(protocol))
        return [rater.token for rater in invite(study, raters)]


class Gunicorn:
    """The app as a real study would run it, two workers, in processes of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        self._port = Port()
        self.url = f"http://{HOST}:{self._port.number}"
        command = [
            sys.executable, "-m", "gunicorn", "webapp:create_app()", "--workers", "2",
            "--threads", "4", "--bind", f"{HOST}:{self._port.number}", "--log-level", "critical",
            *options,
        ]  # fmt: skip
        environment = os.environ | {"SOUNDING_BOARD_DATA": str(data)}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment)
        wait_for(self._answers, "gunicorn does not answer")

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError("gunicorn ended.")
        try:
            urllib.request.urlopen(f"{self.url}/healthz", timeout=30).close()
        except OSError:
            return False
        return True

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        pid = self.process.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(one) for one in text.split()]

    def kill_workers(self, stop: threading.Event, killed: list[int]) -> None:
        """Kill one worker after the other as a power cut would, until `stop` is set."""
        while not stop.wait(KILL_EVERY):
            workers = self.workers()
            if workers:
                victim = workers[len(killed) % len(workers)]
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait()
        self._port.release()


def check(data: Path, outcome: Outcome) -> dict[str, int]:
    """Compare what was acknowledged with what is stored."""
    import sqlalchemy as sa

    engine = sa.create_engine(f"sqlite:///{data / 'sounding_board.sqlite'}")
    with engine.connect() as connection:
        stored = [
            row[0] for row in connection.execute(sa.text("SELECT client_uuid FROM judgement"))
        ]
        given = connection.execute(sa.text("SELECT rater_id, query_id FROM assignment")).all()
        unfinished = connection.scalar(
            sa.text("SELECT count(*) FROM assignment WHERE finished_at IS NULL")
        )
        queries = connection.scalar(sa.text("SELECT count(*) FROM query"))
    engine.dispose()
    counts = Counter(query for _, query in given)
    acknowledged = Counter(outcome.acknowledged)
    return {
        "grades acknowledged": len(outcome.acknowledged),
        "grades stored": len(stored),
        "lost": len(set(acknowledged) - set(stored)),
        "doubled": len(stored) - len(set(stored)),
        "stored but never acknowledged": len(set(stored) - set(acknowledged)),
        "refused": len(outcome.refused),
        "raters that gave up": len(outcome.failures),
        "blocks unfinished": int(unfinished or 0),
        "queries given twice to a rater": len(given) - len({tuple(one) for one in given}),
        f"queries without exactly {OVERLAP} raters": sum(
            1 for count in counts.values() if count != OVERLAP
        ) + int(queries or 0) - len(counts),
    }  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One run: how long it took, what its raters saw, who was killed, what the database says."""

    seconds: float
    outcome: Outcome
    killed: list[int]
    found: dict[str, int]


def measure(raters: int, kill: bool) -> Run:
    """Let all raters judge at once, to the end."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        tokens = make_study(data, raters)
        server = Gunicorn(data)
        outcome, stop = Outcome(), threading.Event()
        killed: list[int] = []
        killer = threading.Thread(target=server.kill_workers, args=(stop, killed), daemon=True)
        try:
            if kill:
                killer.start()
            begun = time.monotonic()
            threads = [
                Rater(f"{server.url}/rate/{SLUG}/{token}", outcome, begun + LONGEST)
                for token in tokens
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            seconds = time.monotonic() - begun
        finally:
            stop.set()
            if kill:
                killer.join()
            server.close()
        return Run(seconds, outcome, killed, check(data, outcome))


def show(run: Run, raters: int, kill: bool) -> bool:
    """Print what came out of a run; return whether everything is as planned."""
    outcome, found = run.outcome, run.found
    title = f"a worker killed every {KILL_EVERY:.0f} s" if kill else "undisturbed"
    print(f"\n{raters} raters at once, 2 workers, SQLite, {title}")
    times = np.array(outcome.latencies or [0.0]) * 1000
    print(f"  {'seconds':34}{run.seconds:10.1f}")
    print(f"  {'grades a second':34}{len(outcome.latencies) / run.seconds:10.1f}")
    for share in (50, 95, 99):
        print(f"  {f'p{share} of a grade, ms':34}{np.percentile(times, share):10.0f}")
    print(f"  {'workers killed':34}{len(run.killed):10}")
    print(f"  {'answers asked for again':34}{outcome.retries:10}")
    for name, value in found.items():
        print(f"  {name:34}{value:10}")
    for failure in outcome.failures[:3] + outcome.refused[:3]:
        print(f"  ! {failure}")
    bad = [
        name
        for name, value in found.items()
        if value and name not in ("grades acknowledged", "grades stored")
    ]
    if not kill and outcome.retries:
        bad.append("answers asked for again")
    print("  everything is there once" if not bad else f"  NOT AS PLANNED: {', '.join(bad)}")
    return not bad


def main() -> None:
    """Run both."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--raters", type=int, default=50)
    parser.add_argument("--only", choices=("undisturbed", "killed"))
    chosen = parser.parse_args()
    runs = [kill for name, kill in (("undisturbed", False), ("killed", True))
            if chosen.only in (None, name)]  # fmt: skip
    fine = [show(measure(chosen.raters, kill), chosen.raters, kill) for kill in runs]
    if not all(fine):
        sys.exit(1)


if __name__ == "__main__":
    main()
