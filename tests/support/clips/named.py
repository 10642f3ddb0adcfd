"""Collections of clips with any names, which have no sounds and need none."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embeddings.collection.clips import Clip, Collection, open_collection, write_collection

ODD = (
    "007", "7", "NA", "nan", "None", "null", "true", "1e5", "a%20b", "a#b", "a?b", "a b",
    "a\u3000b", "a\u00a0b", "=1+1", "a|b", "a'b", 'a"b', "a,b", "a;b",
    "fold1/a", "fold1/b.wav", "fold1/b", "\u00e9t\u00e9", "犬👩\u200d🚀",
)  # fmt: skip
"""Names that are read wrong where somebody takes them for something else."""


def named(data: Path, ids: Sequence[str] = ODD, name: str = "odd") -> Collection:
    """Store a collection of clips of these ids, a class for each two, and open it."""
    clips = [Clip(one, "none.wav", (f"C{row // 2}",), 1.0, 16000, 1) for row, one in enumerate(ids)]
    info = {"name": name, "title": name, "convention": "corrected"}
    target = data / "collections" / name
    write_collection(target, info, clips, {"F": ("C0", "C1")}, np.zeros((len(clips), 200)))
    return open_collection(data, name)
