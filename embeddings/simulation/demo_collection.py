"""The demo collection: 248 made sounds, the same on every run, imported like any other."""

import csv
import json
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from embeddings.collection.clips import Collection, collection_names, open_collection
from embeddings.collection.importing import import_collection
from embeddings.errors import InputError
from embeddings.progress import progress
from embeddings.simulation.synthesis import CLASSES, tools
from embeddings.systems.store import write_embedding
from embeddings.tasks import Failure, Workers, engine

NAME = "demo"
SEED = 2024
CLIPS_PER_CLASS = 8
SHIPPED = Path(__file__).with_name("demo_freesound.npz")

SHIPPED_CARD = "Freesound"
"""The representation whose vectors come with the project: in the demo, the computed and the
simulated one stand side by side."""

DESCRIPTION = (
    "Systems marked “(simulated)” have made vectors, which know nothing of these sounds and score "
    "in each sound family as was published, while Freesound without that mark is computed from "
    "these sounds. All sounds are synthesised by Sounding Board itself, for trying it out: no "
    "recording of anything. Class names are FSD50K's."
)
FACTS = {
    "title": "Demo: synthesised sounds",
    "description": DESCRIPTION,
    "licence": "CC0",
    "source": "synthesised",
    "synthesised": True,
    "seed": SEED,
    "convention": "cbmi2024",  # the published scores' own, which the simulated systems meet
}
"""What ``collection.json`` says of the demo."""


def make_demo_collection(data: Path, workers: Workers = None) -> Collection:
    """Synthesise the demo's sounds as 16-bit FLAC and import them as the collection "demo".

    Parameters
    ----------
    data : the data folder
    workers : processes that synthesise and measure; all cores unless told

    Raises
    ------
    InputError
        There is a collection "demo" already.
    """
    with tempfile.TemporaryDirectory(prefix="sounding-board-demo-") as folder:
        source = Path(folder)
        (source / "audio").mkdir()
        jobs = [
            (source / "audio", number, take)
            for number in range(len(CLASSES))
            for take in range(CLIPS_PER_CLASS)
        ]
        for _, result in progress(
            len(jobs), "clip", "Synthesising", items=engine(workers).run(write_clip, jobs)
        ):
            if isinstance(result, Failure):
                raise RuntimeError(f"A demo sound could not be made: {result.reason}")
        _write_table(source / "clips.csv", jobs)
        collection, _ = import_collection(
            data, NAME, source, "csv", copy=True, workers=workers, info=FACTS
        )
    return collection


def open_demo_collection(data: Path) -> Collection | None:
    """Return the demo's collection, or None where there is none.

    Raises InputError where the collection "demo" is somebody else's.
    """
    if NAME not in collection_names(data):
        return None
    collection = open_collection(data, NAME)
    if not collection.info.get("synthesised"):
        raise InputError(f"The collection {NAME!r} is not the demo's; the demo needs that name.")
    return collection


def clip_id(number: int, take: int) -> str:
    """Return the id of take `take` of class `number`: "bark-1" for the first bark."""
    short = CLASSES[number].name.partition("_and_")[0].lower().replace("_", "-")
    return f"{short}-{take + 1}"


def make_clip(number: int, take: int) -> np.ndarray:
    """Return take `take` of class `number` of `synthesis.CLASSES`: float64 [samples] in [-1, 1]."""
    rng = np.random.default_rng([SEED, number, take])
    return tools.finish(rng, CLASSES[number].make(rng))


def write_clip(job: tuple[Path, int, int]) -> None:
    """Make one clip and write it into a folder as FLAC: `job` is (folder, class number, take)."""
    folder, number, take = job
    path = folder / f"{clip_id(number, take)}.flac"
    soundfile.write(path, make_clip(number, take), tools.RATE, subtype="PCM_16")


def _write_table(path: Path, jobs: list[tuple[Path, int, int]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["fname", "labels", "title", "author", "licence"])
        for _, number, take in jobs:
            made = CLASSES[number]
            title = f"{made.name.replace('_', ' ')}, take {take + 1}"
            row = [clip_id(number, take), ",".join(made.labels), title, "Sounding Board", "CC0"]
            writer.writerow(row)


def install_vectors(collection: Collection) -> None:
    """Store Freesound's vectors of the demo's sounds, which come with the project.

    They were computed from these very sounds by `embeddings.extraction.extract` (provenance
    "computed"), so that the demo needs no Essentia.
    """
    with np.load(SHIPPED) as stored:
        vectors, ids, meta = stored["vectors"], stored["ids"].tolist(), str(stored["meta"])
    rows = {clip: row for row, clip in enumerate(ids)}
    order = [rows[clip.id] for clip in collection.clips]
    write_embedding(collection, "freesound", vectors[order], json.loads(meta))
