"""Collections of tiny sounds with any labels and families, and made vectors of them."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile

from embeddings.collection.clips import Collection, open_collection
from embeddings.collection.importing import import_collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding, write_embedding
from tests.support.small import RATE

_NONE = "without-label"


def labelled(
    data: Path, name: str, labels: Sequence[str], families: Mapping[str, Sequence[str]]
) -> Collection:
    """Import a collection of one clip a string of `labels`, such as "Dog,Animal".

    "" is none, which no reader takes: what is stored is changed to that.
    """
    folder = data.parent / f"source-{name}"
    (folder / "audio").mkdir(parents=True)
    rng = np.random.default_rng(len(labels))
    for number in range(len(labels)):
        sound = 0.1 * rng.standard_normal(RATE // 5)
        soundfile.write(folder / "audio" / f"c{number:02}.wav", sound, RATE)
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(f"c{number:02}", own or _NONE) for number, own in enumerate(labels)]
        csv.writer(file).writerows([("fname", "labels"), *rows])
    (folder / "families.json").write_text(json.dumps(families), encoding="utf-8")
    kept = import_collection(data, name, folder, "csv", copy=True)[0].folder / "clips.csv"
    kept.write_text(kept.read_text(encoding="utf-8").replace(_NONE, ""), encoding="utf-8")
    return open_collection(data, name)


def ranked_at_random(collection: Collection, name: str, seed: int) -> Ranking:
    """Rank a collection by vectors that know nothing."""
    vectors = np.random.default_rng(seed).normal(size=(len(collection.clips), 4))
    meta = {"provenance": "imported", "representation": name}
    write_embedding(collection, name.lower(), vectors, meta)
    return build_ranking(
        collection, open_embedding(collection, name.lower()), Recipe(pca=None), "mcss"
    )
