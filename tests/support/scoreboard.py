"""Stored systems that are changed for a test, and one that was computed elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embeddings.collection.clips import Collection
from embeddings.systems.imported import import_ranking
from embeddings.systems.store import Ranking

GOOD, RANDOM = "good.l2.mcss", "random.l2.mcss"

AS_PUBLISHED = {
    "representation": "VGGish", "provenance": "computed", "aggregation": "mean", "normalise": "l2",
    "pca": 100, "search": "mcss", "exclude_same": None,
}  # fmt: skip


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a stored JSON file."""
    facts = json.loads(path.read_text(encoding="utf-8"))
    change(facts)
    path.write_text(json.dumps(facts), encoding="utf-8")


def disguise(small: Collection, provenance: str = "simulated") -> None:
    """Let the system GOOD say that it is VGGish as the paper processed it."""
    facts = AS_PUBLISHED | {"provenance": provenance}
    edit(small.folder / "rankings" / GOOD / "meta.json", lambda meta: meta.update(facts))


def import_lists(small: Collection, folder: Path, kept: int) -> Ranking:
    """Import the system "theirs", which lists the last clips of the collection for every query."""
    ids = [clip.id for clip in small.clips][::-1]
    lists = {one: [other for other in ids if other != one][:kept] for one in ids}
    lines = [
        json.dumps(
            {
                "query_fname": one,
                "results": [{"result_fname": other, "score": 1.0} for other in others],
            }
        )
        for one, others in lists.items()
    ]
    file = folder / "similarity_results.json"
    file.write_text("\n".join(lines), encoding="utf-8")
    return import_ranking(small, "theirs", file)
