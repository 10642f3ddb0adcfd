"""The small collection: its made sounds, its source folder, its two systems."""

import csv
from pathlib import Path

import numpy as np
import soundfile

from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import write_random_embedding
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding, write_embedding
from evaluation.objective.scoring import score_ranking

RATE = 16000

CLASSES = {"Hum": "Machine", "Beep": "Machine", "Hiss": "Weather"}

FAMILIES = '{"Things": ["Hum", "Beep", "Machine"], "Nature": ["Hiss", "Weather"]}'


def make_sound(kind: str, take: int, seconds: float = 0.6) -> np.ndarray:
    """Return one take of a tiny class: clips of a class are alike, and never the same."""
    rng = np.random.default_rng([sorted(CLASSES).index(kind), take])
    times = np.arange(round(seconds * RATE)) / RATE
    if kind == "Hiss":
        return 0.2 * rng.standard_normal(len(times))
    pitch = {"Hum": 120, "Beep": 2000}[kind] * (1 + 0.05 * take)
    return 0.4 * np.sin(2 * np.pi * pitch * times) + 0.005 * rng.standard_normal(len(times))


def write_source(folder: Path, takes: int = 6) -> Path:
    """Write a folder that the csv reader takes: 3 classes x `takes` WAV files, with families."""
    (folder / "audio").mkdir(parents=True)
    rows = [["fname", "labels", "title", "author", "license", "pack"]]
    for kind, parent in CLASSES.items():
        for take in range(takes):
            name = f"{kind.lower()}-{take}"
            soundfile.write(folder / "audio" / f"{name}.wav", make_sound(kind, take), RATE)
            rows.append([name, f"{kind},{parent}", f"{kind} {take}", "somebody", "CC0", f"p{take}"])
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    (folder / "families.json").write_text(FAMILIES, encoding="utf-8")
    return folder


def rank(small: Collection) -> list[Ranking]:
    """Rank the small collection by two systems: one that finds the class, one that guesses."""
    classes = sorted(small.leaf_classes)
    rng = np.random.default_rng(9)
    vectors = rng.normal(size=(18, 6)) * 0.1
    for row, clip in enumerate(small.clips):
        vectors[row, classes.index(clip.labels[0])] += 1
    meta = {"provenance": "imported", "representation": "Good"}
    write_embedding(small, "good", vectors, meta)
    write_random_embedding(small)
    systems = []
    for name in ("good", "random"):
        recipe = Recipe(pca=None)
        systems.append(build_ranking(small, open_embedding(small, name), recipe, "mcss"))
        score_ranking(small, systems[-1])
    return systems
