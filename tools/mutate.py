"""Sample small faults and count how many the tests notice: python -m tools.mutate --help

Each fault is planted in a copy of the project. What became of it is kept at once, so that a run
that is stopped goes on where it was; the figures go to docs/evidence/mutation.json.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import tempfile
import time
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.evidence import commit, record
from tools import forked
from tools.mutants import Mutant, compiles, find
from tools.trees import ROOT, copy_tree, take_back, write_fault

HERE = Path(__file__).resolve().parent
Areas = dict[str, dict[str, list[str]]]  # area -> module -> test files


def read_areas(names: Iterable[str] | None = None) -> Areas:
    """Return the areas of `mutation_areas.toml`, or some of them."""
    table = tomllib.loads((HERE / "mutation_areas.toml").read_text(encoding="utf-8"))
    root = HERE.parent
    files = (root / "tests").rglob("test_*.py")
    where = {path.stem.removeprefix("test_"): str(path.relative_to(root)) for path in files}
    return {
        area: {module: [where[one] for one in tests] for module, tests in rows.items()}
        for area, rows in table.items()
        if names is None or area in names
    }


def draw(areas: Areas, count: int, seed: int) -> list[tuple[str, Mutant]]:
    """Draw `count` faults with their areas, the same number of each, one of a line at most.

    The draw goes by each fault's own name: what changes elsewhere leaves the others drawn.
    """
    drawn = []
    for number, (area, modules) in enumerate(areas.items()):
        texts = {file: (ROOT / file).read_text(encoding="utf-8") for file in modules}
        found = [one for file, text in texts.items() for one in find(file, text)]
        found.sort(key=lambda one: _digest(f"{seed} {one.name}"))
        share = count // len(areas) + (number < count % len(areas))
        chosen: dict[tuple[str, int], Mutant] = {}
        for one in found:
            if len(chosen) == share:
                break
            if (one.file, one.first) not in chosen and compiles(one.applied(texts[one.file])):
                chosen[one.file, one.first] = one
        drawn += [(area, one) for one in chosen.values()]
    return drawn


def key(mutant: Mutant) -> str:
    """Return what a fault's fate is kept under: it holds for as long as its file is the same."""
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    return f"{mutant.name} in {_digest(text)[:8]}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def equivalent() -> dict[str, str]:
    """Return a fault's name -> why it changes nothing, of `equivalent_mutants.toml`."""
    table = tomllib.loads((HERE / "equivalent_mutants.toml").read_text(encoding="utf-8"))
    return {
        f"{one['file']}: {one['line']} [{one['change']}] #{one.get('number', 0)}": one["why"]
        for one in table["mutant"]
    }


@dataclass
class Worker:
    """What one process needs: a copy of the project, what its tests touch, where results go."""

    tree: Path
    known: dict[str, dict[str, Any]]
    kept: Path

    def fate(self, mutant: Mutant, files: list[str]) -> tuple[str, str]:
        """Return ("killed" or "survived", by which test) of a fault."""
        path = self.tree / mutant.file
        text, before = path.read_text(encoding="utf-8"), path.stat()
        write_fault(path, mutant.applied(text), before)
        try:
            for tests in self._in_turn(mutant, files):
                limit = 30 + 5 * sum(self.known[one]["seconds"] for one in tests)
                log = self.tree.parent / "log"
                own = [one for one in files if any(t.startswith(f"{one}::") for t in tests)]
                code = forked.run_tests(self.tree, own, forked.Chosen(tests), limit, log)
                if code is None:
                    return "killed", "time, or a signal"
                if code == 4 and b"while loading conftest" in log.read_bytes():
                    return "killed", "the tests could not be begun"
                if code not in (0, 1, 2, 3, 5) or (code == 5 and tests):
                    raise SystemExit(f"pytest ended with {code}: see {log}")
                if code:
                    return "killed", _first_failed(log)
        finally:
            take_back(path, text, before)
        return "survived", ""

    def _in_turn(self, mutant: Mutant, files: list[str]) -> list[list[str]]:
        """Return the tests to run in turn: those that run the fault's lines, then all others."""
        own = {test: one for test, one in self.known.items() if test.partition("::")[0] in files}
        quick = sorted(own, key=lambda test: (own[test]["seconds"], test))
        lines = {*range(mutant.first, mutant.last + 1), mutant.statement}
        near = [test for test in quick if lines & {*own[test]["lines"].get(mutant.file, ())}]
        return [part for part in (near, [one for one in quick if one not in near]) if part]


def _first_failed(log: Path) -> str:
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith(("FAILED ", "ERROR ")):
            return line.split()[1].rstrip(":")
    return "the tests could not be collected"


def trace(areas: Areas, tree: Path, kept: Path) -> dict[str, dict[str, Any]]:
    """Run the areas' test files without a fault; return test -> its seconds and lines.

    A test that fails without a fault is left out. What was traced is read from `kept` where
    neither the test file nor any watched file that it runs has changed.
    """
    watched = sorted({module for modules in read_areas().values() for module in modules})
    files = {file for modules in areas.values() for some in modules.values() for file in some}
    known: dict[str, dict[str, Any]] = {}
    for file in sorted(files):
        if not (tree / file).is_file():
            continue
        stored = kept / f"{Path(file).stem}.json"
        found = _stored(tree, file, stored)
        if found is None:
            new = tree.parent / "traced.json"
            plugin = forked.Traced(tree, watched, new)
            began = time.monotonic()
            code = forked.run_tests(tree, [file], plugin, 900, tree.parent / "log", stop=False)
            if code not in (0, 1):
                said = (tree.parent / "log").read_text(encoding="utf-8", errors="replace")
                raise SystemExit(f"{said}\n{file} without a fault: pytest ended with {code}")
            found = json.loads(new.read_text(encoding="utf-8"))
            stamp = _stamp(tree, file, found)
            stored.write_text(json.dumps({"stamp": stamp, "tests": found}), encoding="utf-8")
            print(f"traced {file} in {time.monotonic() - began:.0f} s", flush=True)
        known |= {test: one for test, one in found.items() if one["outcome"] == "passed"}
        for test in (test for test, one in found.items() if one["outcome"] == "failed"):
            print(f"left out, since it fails without a fault: {test}", flush=True)
    return known


def _stored(tree: Path, file: str, path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    return told["tests"] if told["stamp"] == _stamp(tree, file, told["tests"]) else None


def _stamp(tree: Path, file: str, tests: dict[str, Any]) -> str:
    """Return what changes with a test file or with a watched file that it runs."""
    touched = {module for one in tests.values() for module in one.get("lines", {})}
    texts = [
        (tree / one).read_bytes() for one in [file, *sorted(touched)] if (tree / one).is_file()
    ]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def _work(worker: Worker, todo: Any) -> None:
    while (job := todo.get()) is not None:
        area, mutant, files = job
        began = time.monotonic()
        fate, by = worker.fate(mutant, files)
        seconds = round(time.monotonic() - began, 1)
        row = {
            "key": key(mutant),
            "line": mutant.first,
            "area": area,
            "fate": fate,
            "by": by,
            "seconds": seconds,
            "commit": commit(),
        }
        with worker.kept.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{fate:9}{seconds:6.1f} s  {key(mutant)}  {by}", flush=True)


def read_kept(path: Path) -> dict[str, dict[str, Any]]:
    """Return key -> what became of a fault, the last word of each."""
    if not path.is_file():
        return {}
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["key"]: row for row in rows}


def figures(drawn: list[tuple[str, Mutant]], kept: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return how many of the drawn faults were killed, of each area and of all, and the others."""
    alike = equivalent()
    areas: dict[str, dict[str, int]] = {}
    survivors, changing_nothing = [], []
    for area, mutant in drawn:
        row = areas.setdefault(area, {"drawn": 0, "killed": 0, "survived": 0, "equivalent": 0})
        row["drawn"] += 1
        why = alike.get(mutant.name)
        told = {"file": mutant.file, "line": mutant.first, "text": mutant.line}
        if kept[key(mutant)]["fate"] == "killed":
            row["killed"] += 1
        elif why is not None:
            row["equivalent"] += 1
            changing_nothing.append(told | {"change": mutant.change, "why": why})
        else:
            row["survived"] += 1
            survivors.append(told | {"change": mutant.change})
    total = {name: sum(row[name] for row in areas.values()) for name in next(iter(areas.values()))}
    share = total["killed"] / max(total["drawn"] - total["equivalent"], 1)
    asked = {kept[key(mutant)].get("commit", "") for _, mutant in drawn}
    return {
        "asked of the tests of": sorted(asked), "areas": areas, "all": total,
        "killed share of those not equivalent": round(share, 4),
        "survivors": survivors, "equivalent": changing_nothing,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.mutate", description=__doc__)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--area", action="append", help="only this one; can be repeated")
    parser.add_argument("--again", action="store_true", help="ask of the survivors once more")
    parser.add_argument("--kept", type=Path, default=ROOT / ".mutation")
    options = parser.parse_args()
    everything = read_areas()
    drawn = draw(everything, options.count, options.seed)
    areas = read_areas(options.area)
    options.kept.mkdir(exist_ok=True)
    results = options.kept / "results.jsonl"
    kept = read_kept(results)
    todo = [
        (area, one, areas[area][one.file]) for area, one in drawn
        if area in areas and (key(one) not in kept or (
            options.again and kept[key(one)]["fate"] == "survived"
            and one.name not in equivalent()))
    ]  # fmt: skip
    print(f"{len(todo)} faults to plant, of {len(drawn)}", flush=True)
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")  # before numpy: what is forked has no threads
    forked.load_packages()
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        run(areas, todo, Path(folder), options.kept, options.jobs)
    kept = read_kept(results)
    if all(key(one) in kept for _, one in drawn):
        found = figures(drawn, kept)
        seconds = round(sum(kept[key(one)]["seconds"] for _, one in drawn))
        record("mutation", {"seed": options.seed} | found, seconds=seconds)
        print(json.dumps(found, indent=1), f"at {commit()}")


def run(areas: Areas, todo: list[Any], folder: Path, kept: Path, jobs: int) -> None:
    """Ask the tests of each fault, `jobs` at a time, each job in a copy of its own."""
    trees = [copy_tree(folder / str(number)) for number in range(jobs)]
    wanted = {module for _, one, _ in todo for module in [one.file]}
    needed = {a: {m: t for m, t in rows.items() if m in wanted} for a, rows in areas.items()}
    known = trace(needed, trees[0], kept)
    queue: Any = multiprocessing.get_context("fork").SimpleQueue()
    workers = [
        multiprocessing.get_context("fork").Process(
            target=_work, args=(Worker(tree, known, kept / "results.jsonl"), queue)
        )
        for tree in trees
    ]
    for worker in workers:
        worker.start()
    for job in [*todo, *[None] * jobs]:
        queue.put(job)
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
