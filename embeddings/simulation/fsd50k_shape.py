"""A made collection of the shape of FSD50K's evaluation set, for benchmarks and for planning.

Known facts in it are how many clips each of the 200 classes has, which class is which one's parent,
and the six families. All else is drawn from a seed: which clips they are, how long and how loud,
their names, their envelopes. There are no sounds.
"""

import csv
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from embeddings import __version__
from embeddings.audio.measuring import ENVELOPE_POINTS
from embeddings.collection.clips import (
    Clip,
    Collection,
    collection_names,
    collections_folder,
    open_collection,
    write_collection,
)
from embeddings.collection.families import known_families
from embeddings.errors import InputError
from embeddings.files import check_name, only_writer

CLIPS = 10_231
"""As many as FSD50K's evaluation set has."""
LEAST = 200

_FACTS = Path(__file__).with_name("fsd50k_classes.csv")
_SMALLEST = 2  # clips of a class, however few there are in all
_SECONDS = (0.3, 30.0)  # of FSD50K's shortest and longest clips
_LICENCES = ("CC0", "CC-BY", "CC-BY-NC")


class SizedClass(NamedTuple):
    """A class of FSD50K: its name, its parent ("" for none) and its clips in the evaluation set."""

    name: str
    parent: str
    clips: int


@cache
def fsd50k_classes() -> tuple[SizedClass, ...]:
    """Return the 200 classes of FSD50K's evaluation set, in alphabetical order."""
    with _FACTS.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return tuple(SizedClass(row["class"], row["parent"], int(row["clips"])) for row in rows)


def draw_labels(clips: int, seed: int = 1) -> list[tuple[str, ...]]:
    """Return made labels of each clip: classes of FSD50K's sizes, each inside its parent.

    The sizes are scaled to `clips`, and no class has fewer than two. Every clip has a label; the
    most specific come first and their parents last, as in FSD50K. Classes of one parent overlap
    only where they have more clips than it, which ones is drawn from `seed`.
    """
    rng = np.random.default_rng(seed)
    members = {"": np.arange(clips)}
    siblings: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(clips, dtype=np.int64))
    labels: list[list[str]] = [[] for _ in range(clips)]
    for one in _parents_first():
        pool, taken = members[one.parent], siblings[one.parent]
        size = max(_SMALLEST, round(one.clips * clips / CLIPS))
        drawn = pool[np.lexsort((rng.random(len(pool)), taken[pool]))[:size]]
        taken[drawn] += 1
        members[one.name] = drawn
        for row in drawn:
            labels[row].append(one.name)
    return [tuple(reversed(own)) for own in labels]


def make_collection(data: Path, name: str, clips: int = CLIPS, seed: int = 1) -> Collection:
    """Store a made collection of FSD50K's shape; one that was made so already is opened.

    Parameters
    ----------
    data : the data folder
    clips : at least 200
    seed : the same seed gives the same collection

    Raises
    ------
    InputError
        The name cannot be used or is another collection's, or there are too few clips.
    """
    check_name("collection", name)
    if clips < LEAST:
        raise InputError(f"A collection of FSD50K's shape has at least {LEAST} clips, not {clips}.")
    made_of = {"clips": clips, "seed": seed}
    with only_writer(data / "locks" / f"import-{name}", f"an import of {name!r}"):
        if name in collection_names(data):
            there = open_collection(data, name)
            if there.info.get("made_of") != made_of:
                raise InputError(
                    f"There is a collection {name!r} already, and it was not made of {clips} clips "
                    f"with seed {seed}; remove it first (flask collections remove {name}) or "
                    "choose another name."
                )
            return there
        rng = np.random.default_rng([seed, clips])
        table = _clips(draw_labels(clips, seed), rng)
        info = {
            "name": name,
            "title": f"Made: {clips:,} clips of FSD50K's shape",
            "description": (
                "No sounds: this collection is made for benchmarks and for planning. Classes and "
                "families have the sizes of FSD50K's evaluation set; everything else is random, "
                "and the vectors of its systems are simulated."
            ),
            "licence": "",
            "convention": "cbmi2024",
            "source": "made",
            "made_of": made_of,
            "imported_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "code_version": __version__,
        }
        families = known_families(label for clip in table for label in clip.labels)
        folder = collections_folder(data) / name
        write_collection(folder, info, table, families, _envelopes(clips, rng))
    return open_collection(data, name)


def _parents_first() -> list[SizedClass]:
    """Return the classes from the top of their trees down, the largest of a level first."""
    parent_of = {one.name: one.parent for one in fsd50k_classes()}

    def depth(name: str) -> int:
        return 1 + depth(parent_of[name]) if name else 0

    return sorted(fsd50k_classes(), key=lambda one: (depth(one.parent), -one.clips, one.name))


def _clips(labels: list[tuple[str, ...]], rng: np.random.Generator) -> list[Clip]:
    """Return made clips with these labels: 0.3 to 30 s long, -24 LUFS give or take 6."""
    count = len(labels)
    seconds = np.clip(rng.lognormal(1.6, 1.0, count), *_SECONDS).round(2).tolist()
    loudness = rng.normal(-24, 6, count).round(2).tolist()
    people = rng.integers(count // 4, size=count).tolist()
    licences = rng.choice(_LICENCES, count).tolist()
    return [
        Clip(
            id=str(row + 1),
            path=f"audio/{row + 1}.wav",  # where it would lie
            labels=own,
            seconds=seconds[row],
            sample_rate=44100,
            channels=1,
            loudness_lufs=loudness[row],
            group=f"person-{people[row]}",
            title=f"{own[0].replace('_', ' ')} {row + 1}",
            author=f"person-{people[row]}",
            licence=licences[row],
        )
        for row, own in enumerate(labels)
    ]


def _envelopes(clips: int, rng: np.random.Generator) -> np.ndarray:
    """Return envelopes that swell and fade, float32 [clips, points] in [0, 1]."""
    times = np.linspace(0, 1, ENVELOPE_POINTS, dtype=np.float32)
    onset, decay = rng.random((2, clips, 1), dtype=np.float32)
    shape = np.exp(-np.abs(times - onset) * (1 + 9 * decay))
    return shape * (0.5 + 0.5 * rng.random(shape.shape, dtype=np.float32))
