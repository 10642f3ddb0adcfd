"""A million clips on one machine: ranked and scored, browsed, mapped, and asked about in a study.

    python -m benchmarks.million FOLDER                  # an hour or two; 20 GB in FOLDER
    python -m benchmarks.million FOLDER --clips 200000   # some minutes
    python -m benchmarks.million FOLDER --only pages

The collection is made: FSD50K's class sizes, no sounds but those that the study needs, vectors of
100 dimensions in which a clip's classes show. One system is ranked and scored from them, in a
process of its own whose peak memory is told; what is stopped goes on when it is called again. The
other thirteen, for the pages, have lists that are drawn at random and scores of one of them. What
lies in FOLDER is left there.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.objective import machine
from embeddings.collection.clips import Collection, open_collection
from embeddings.search.sums import tiles
from embeddings.simulation.fsd50k_shape import make_collection

NAME = "million"
CLIPS, DIM, TOP = 10**6, 100, 150
BASE = 50_000  # clips that a pair's time is compared with
SYSTEMS = 14
SHARE = 0.8  # of a class's direction in its clips' vectors
DRAWN = [f"drawn{number:02d}" for number in range(1, SYSTEMS)]
STEPS = ("search", "pages", "study")
REPEATS = 20
PAGES = {
    "Browse, 14 columns x 15": "/browse/{name}?columns=all&query={clip}",
    "Browse, as it opens": "/browse/{name}?query={clip}",
    "Browse: a search for words": "/browse/{name}?find=dog+bark",
    "Scores": "/scores/{name}",
    "Map": "/browse/{name}/map",
    "Map: its clips": "/browse/{name}/map/clips.json",
    "Map: its points": "/browse/{name}/map/points/made/pca",
}


def main() -> None:
    """Print what is asked for."""
    options = argparse.ArgumentParser(description=str(__doc__).split("\n", 1)[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--clips", type=int, default=CLIPS)
    options.add_argument("--only", choices=STEPS)
    options.add_argument("--child", choices=("make", "rank", "score"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        _CHILDREN[given.child](given.folder, given.clips)
        return
    print(f"{machine()}, {datetime.now(UTC):%Y-%m-%d}, {given.clips:,} clips x {DIM}", flush=True)
    _child(given.folder, given.clips, "make")
    for step, work in (("search", _search), ("pages", _pages), ("study", _study)):
        if given.only in (None, step):
            for line in work(given.folder, given.clips):
                print(line, flush=True)


def _search(folder: Path, clips: int) -> Iterator[str]:
    """Rank and score the system of the vectors; the smaller collection's pairs are the measure."""
    sizes = [BASE, clips] if clips > BASE else [clips]
    for count in sizes:
        place = folder if count == clips else folder / "smaller"
        _child(place, count, "make")
        for step in ("rank", "score"):
            said = _child(place, count, step)
            yield f"{step} {count:,} clips: {said}"


def _pages(folder: Path, clips: int) -> Iterator[str]:
    """Write the other systems, and time the pages as `benchmarks.pages` does."""
    from benchmarks import pages

    collection = open_collection(folder, NAME)
    _draw_systems(collection)
    for name, address in PAGES.items():
        pages.PAGES[name] = address
        yield pages.show(pages.measure(folder, collection, name, REPEATS))


def _study(folder: Path, clips: int) -> Iterator[str]:
    """Open a study of two drawn systems with distractors, and time it."""
    from evaluation.protocol.reading import parse_protocol
    from webapp import create_app
    from webapp.core import database
    from webapp.study import lifecycle, opening

    collection = open_collection(folder, NAME)
    _draw_systems(collection)
    systems = [f"{name}.l2.mcss" for name in DRAWN[:2]]
    slug = f"million-{time.time_ns()}"
    protocol = {
        "slug": slug, "title": "Million", "collection": NAME, "systems": systems, "depth": 5,
        "queries": {"per_family": 2}, "controls": {"distractors": 2},
    }  # fmt: skip
    app = create_app({"DATA": folder})
    with app.app_context():
        database.prepare()
        begun = time.perf_counter()
        study = lifecycle.create_study(parse_protocol(protocol, "the benchmark's protocol"))
        drawn = time.perf_counter()
        rankings = [one for one in _rankings(collection) if one.system in systems]
        pools = opening.study_pools(study, collection, rankings)
        pooled = time.perf_counter()
        _write_sounds(collection, sorted(set().union(*(one.rows for one in pools))))
        wrote = time.perf_counter()
        opening.open_study(study)
        opened = time.perf_counter()
        database.db.session.remove()
        database.db.engine.dispose()
    yield (
        f"study of {len(pools)} queries: drawn in {drawn - begun:.1f} s, pools and controls in "
        f"{pooled - drawn:.1f} s, opened in {opened - wrote:.1f} s"
    )


def _make(folder: Path, clips: int) -> None:
    from embeddings.systems.store import embedding_names, write_embedding

    collection = make_collection(folder, NAME, clips)
    if "made" in embedding_names(collection):
        return
    rng, labels = np.random.default_rng(1), collection.columns.labels
    vectors = rng.standard_normal((clips, DIM), dtype=np.float32)
    directions = SHARE * rng.standard_normal((len(labels.classes), DIM), dtype=np.float32)
    owners = labels.clips
    for some in tiles(len(owners), DIM, 1 << 24):
        np.add.at(vectors, owners[some], directions[labels.codes[some]])
    meta = {"provenance": "simulated", "representation": "Made", "title": "Made"}
    write_embedding(collection, "made", vectors, meta)


def _rank(folder: Path, clips: int) -> None:
    from embeddings.search.processing import Recipe
    from embeddings.systems.rankings import build_ranking
    from embeddings.systems.store import open_embedding

    collection = open_collection(folder, NAME)
    embedding = open_embedding(collection, "made")
    _timed(clips, lambda: build_ranking(collection, embedding, Recipe("mean", "l2", DIM), "mcss"))


def _score(folder: Path, clips: int) -> None:
    from evaluation.objective.scoring import score_ranking

    collection = open_collection(folder, NAME)
    (ranking,) = (one for one in _rankings(collection) if one.system.startswith("made."))
    _timed(clips, lambda: score_ranking(collection, ranking))


def _timed(clips: int, work: Callable[[], object]) -> None:
    """Print the time, per pair too, and the peak memory: JSON."""
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps(
        f"{seconds:,.0f} s, {1e9 * seconds / clips**2:.2f} ns a pair "
        f"({1e9 * time.process_time() / clips**2:.2f} of the processors), "
        f"peak memory {used.ru_maxrss * 1024 / 1e9:.2f} GB"
    ))  # fmt: skip


_CHILDREN = {"make": _make, "rank": _rank, "score": _score}


def _child(folder: Path, clips: int, step: str) -> str:
    command = [sys.executable, "-m", "benchmarks.million", str(folder), "--clips", str(clips)]
    done = subprocess.run(
        [*command, "--child", step], check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout or '""')


def _rankings(collection: Collection) -> list:
    from embeddings.systems.store import open_ranking, system_names

    return [open_ranking(collection, name) for name in system_names(collection)]


def _draw_systems(collection: Collection) -> None:
    """Write systems whose lists are drawn, and the scores of the first of them for all."""
    from embeddings.files import read_json, write_json
    from embeddings.systems.store import open_ranking, system_names, write_ranking
    from evaluation.objective.scoring import score_ranking

    clips, there = len(collection.clips), system_names(collection)
    folders = [collection.folder / "rankings" / f"{name}.l2.mcss" for name in DRAWN]
    for number, folder in enumerate(folders):
        if folder.name in there:
            continue
        rng = np.random.default_rng(number)
        shape = clips, TOP
        meta = {
            "title": f"{DRAWN[number].capitalize()} · L2 · MCSS", "embedding": None,
            "representation": DRAWN[number].capitalize(), "provenance": "simulated",
            "search": "mcss", "top": TOP, "exclude_same": None,
        }  # fmt: skip
        scores = rng.random(shape, dtype=np.float32)
        scores.sort(axis=1)
        neighbours = rng.integers(clips, size=shape, dtype=np.int32)
        write_ranking(collection, folder.name, neighbours, scores[:, ::-1], None, meta)
    first = folders[0]
    if not (first / "objective.json").is_file():
        score_ranking(collection, open_ranking(collection, first.name))
    for folder in folders[1:]:
        if not (folder / "objective.json").is_file():
            os.link(first / "objective_queries.npz", folder / "objective_queries.npz")
            title = read_json(folder / "meta.json")["title"]
            facts = {"system": folder.name, "title": title}
            write_json(folder / "objective.json", read_json(first / "objective.json") | facts)


def _write_sounds(collection: Collection, rows: list[int]) -> None:
    import soundfile

    for row in rows:
        path = collection.audio_path(collection.clips[row])
        path.parent.mkdir(exist_ok=True)
        sound = 0.1 * np.random.default_rng(row).standard_normal(44100)
        soundfile.write(path, sound, 44100)


if __name__ == "__main__":
    main()
