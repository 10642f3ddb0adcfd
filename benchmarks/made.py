"""A made collection with the class sizes of FSD50K's evaluation set, of any number of clips."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FACTS = Path(__file__).resolve().parents[2] / "shared" / "facts" / "fsd50k_classes.csv"
CLIPS = 10_231
CLASSES = 200
_SIZES = (32, 1972)  # of the smallest and the largest class, where the facts are not at hand


@dataclass(frozen=True, slots=True)
class Made:
    """Vectors float32 [clips, dim], labels of each clip, and where the class sizes come from."""

    vectors: np.ndarray
    labels: list[list[str]]
    source: str


def make(clips: int, dim: int, frames: int = 1, seed: int = 1) -> Made:
    """Make a collection: classes of FSD50K's sizes, scaled to `clips`, inside their parents.

    A clip's vector is the sum of random directions of its classes, and noise; with `frames` there
    are that many vectors a clip, one below the other.
    """
    rng = np.random.default_rng(seed)
    sizes, parents, source = _class_sizes()
    members = _members(sizes, parents, clips, rng)
    labels: list[list[str]] = [[] for _ in range(clips)]
    vectors = rng.standard_normal((clips * frames, dim), dtype=np.float32)
    for name, rows in members.items():
        direction = 0.8 * rng.standard_normal(dim, dtype=np.float32)
        for row in rows:
            labels[row].append(name)
        for frame in range(frames):
            vectors[rows * frames + frame] += direction
    return Made(vectors, labels, source)


def _class_sizes() -> tuple[dict[str, int], dict[str, list[str]], str]:
    if not FACTS.is_file():
        sizes = np.geomspace(*_SIZES, CLASSES).astype(int)
        names = [f"class-{number}" for number in range(CLASSES)]
        return dict(zip(names, sizes.tolist(), strict=True)), {}, "class sizes like FSD50K's"
    with FACTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names_of = {row["class"]: int(row["eval_clips"]) for row in rows}
    parents = {
        row["class"]: [one for one in row["parents"].replace(";", ",").split(",") if one]
        for row in rows
    }
    return names_of, parents, "FSD50K's class sizes"


def _members(
    sizes: dict[str, int], parents: dict[str, list[str]], clips: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw each class's clips, the smallest classes first: those of its children, and others."""
    inside: dict[str, set[int]] = {name: set() for name in sizes}
    members = {}
    for name in sorted(sizes, key=lambda one: (sizes[one], one)):
        size = max(2, round(sizes[name] * clips / CLIPS))
        own = np.array(sorted(inside[name]), dtype=np.int64)[:size]
        others = np.setdiff1d(np.arange(clips), own)
        drawn = rng.choice(others, size - len(own), replace=False)
        members[name] = np.sort(np.concatenate([own, drawn]))
        for parent in parents.get(name, ()):
            if parent in inside:
                inside[parent].update(members[name].tolist())
    return members
