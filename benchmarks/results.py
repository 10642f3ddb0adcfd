"""How long the results of a large study take: from the database to every number, and the page.

    python -m benchmarks.results                   # 14 systems, 100 queries, 30 raters
    python -m benchmarks.results --queries 20      # smaller
    python -m benchmarks.results --data DIR        # the study is made there once, and kept

A made collection, fourteen simulated systems and a study of made raters, about 50,000 grades, are
put into a temporary folder. Everything that a page can show is then computed, and the page is asked
for: the first time with nothing kept, then again. The processor's time is printed beside the
clock's, since other work on the machine changes the latter.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SLUG = "results"
CLIPS = 2000
FIRST, AFTER = 2.0, 0.2  # seconds that a page may take
VIEWS = 5

Took = dict[str, tuple[float, float]]
"""What each step took: seconds by the clock, and of the processor."""


@contextmanager
def step(took: Took, name: str) -> Iterator[None]:
    """Measure what is done inside."""
    clock, used = time.perf_counter(), time.process_time()
    yield
    took[name] = time.perf_counter() - clock, time.process_time() - used


def show(title: str, took: Took) -> None:
    """Print what steps took, and all together."""
    print(f"\n{title:32}{'seconds':>10}{'processor':>12}")
    for name, times in took.items():
        print(f"  {name:30}{times[0]:10.3f}{times[1]:12.3f}")
    whole = [sum(part) for part in zip(*took.values(), strict=True)]
    print(f"  {'together':30}{whole[0]:10.3f}{whole[1]:12.3f}")


def make_study(data: Path, queries: int, raters: int, grades: int) -> None:
    """Make a collection, fourteen systems, and a study that made raters have judged."""
    from embeddings.representations import FOURTEEN
    from embeddings.simulation.fsd50k_shape import make_collection
    from evaluation.design.simulated_raters import Panel
    from evaluation.objective.simulated_systems import ready_all_simulated
    from evaluation.protocol.reading import parse_protocol
    from webapp.core import database
    from webapp.demo.made_raters import simulate
    from webapp.study import lifecycle, opening

    collection = make_collection(data, "made", CLIPS)
    systems = ready_all_simulated(collection, FOURTEEN.values())
    protocol: dict[str, Any] = {
        "slug": SLUG, "title": "Results", "collection": "made",
        "systems": list(systems.values()), "practice": False, "largest_block": 200,
        "queries": {"clips": [clip.id for clip in collection.clips[:queries]]},
        "controls": {"distractors": 0, "repeats": 1},
    }  # fmt: skip
    database.prepare()
    draft = lifecycle.create_study(parse_protocol(protocol, "the benchmark"))
    pools = opening.study_pools(draft, *lifecycle.subject(draft.terms))
    each = sum(len(pool.found) + 2 for pool in pools)  # with the query itself and a repeat
    protocol["raters_per_query"] = min(raters, max(1, round(grades / each)))
    study = lifecycle.create_study(parse_protocol(protocol, "the benchmark"))
    stored = simulate(opening.open_study(study, simulated=True), Panel(raters, careless=1))
    print(
        f"{len(systems)} systems, {queries} queries, {raters} raters of whom "
        f"{protocol['raters_per_query']} judge each query, {stored} grades"
    )


def measure(data: Path) -> None:
    """Compute everything, and ask for the page, in a process that has done nothing else."""
    from webapp import create_app
    from webapp.core import database

    app = create_app({"DATA": data, "TESTING": True})
    with app.app_context():
        database.prepare()
        compute()
    ask(app)


def compute() -> None:
    """Compute every part of the results, one after the other."""
    took: Took = {}
    with step(took, "pandas and scipy are loaded"):
        import pandas  # noqa: F401
        import scipy.stats  # noqa: F401
    from evaluation.analysis.graded import Analysis
    from evaluation.analysis.panel import parts_of
    from webapp.study import lifecycle
    from webapp.tables.study_tables import study_tables

    show("once in a process", took)
    took = {}
    with step(took, "tables from the database"):
        analysis = Analysis(study_tables(lifecycle.find_study(SLUG)))
    for name in parts_of(Analysis):
        with step(took, name.replace("_", " ")):
            getattr(analysis, name)
    show("the results", took)


def ask(app: Any) -> None:
    """Ask for the page of results, with nothing kept and then again."""
    from webapp.signin.links import new_token

    client = app.test_client()
    with app.app_context():
        token = new_token()
    client.get(f"/signin/{token}")
    took: Took = {}
    for view in range(1 + VIEWS):
        with step(took, f"view {view + 1}"):
            status = client.get(f"/studies/{SLUG}/results").status_code
        if status != 200:
            print(f"\nthe page: {'not there' if status == 404 else f'status {status}'}")
            return
    show("the page", took)
    first, *after = [times[0] for times in took.values()]
    for name, seconds, most in (("first", first, FIRST), ("after", max(after), AFTER)):
        words = "as planned" if seconds <= most else "TOO LONG"
        print(f"  {name}: {seconds:.2f} s of {most:g} s: {words}")


def main() -> None:
    """Make the study, and measure in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--raters", type=int, default=30)
    parser.add_argument("--grades", type=int, default=50_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        measure(chosen.data)
        return
    from webapp import create_app

    with tempfile.TemporaryDirectory() as folder:
        data = chosen.data or Path(folder)
        if not (data / "studies" / SLUG).is_dir():
            with create_app({"DATA": data}).app_context():
                make_study(data, chosen.queries, chosen.raters, chosen.grades)
        print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "benchmarks.results", "--measure", "--data", str(data)]
        subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    main()
