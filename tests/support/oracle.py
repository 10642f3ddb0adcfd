"""Search and scores written once more, in plain Python and from the definitions alone.

Nothing here is shared with the project: these are what its results are compared to.
"""

import math
from collections.abc import Sequence


def similarity(one: Sequence[float], other: Sequence[float], search: str) -> float:
    """Return how similar two vectors are; higher is more."""
    if search == "nns":
        return -math.sqrt(math.fsum((a - b) ** 2 for a, b in zip(one, other, strict=True)))
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    if search == "mcss":
        product /= math.hypot(*one) * math.hypot(*other)
    return product


def ranking(
    vectors: Sequence[Sequence[float]],
    query: int,
    search: str,
    groups: Sequence[str] | None = None,
) -> list[int]:
    """Return all other clips of other groups, best first, equal ones in clip order."""
    others = [
        clip
        for clip in range(len(vectors))
        if clip != query and not (groups and groups[clip] and groups[clip] == groups[query])
    ]
    keys = {clip: round(similarity(vectors[query], vectors[clip], search), 9) for clip in others}
    return sorted(others, key=lambda clip: (-keys[clip], clip))


def average_precision(relevant: Sequence[bool], cutoff: int, z: int) -> float:
    """Return AP@cutoff of a ranking's relevances, divided by z."""
    hits, total = 0, 0.0
    for rank, hit in enumerate(relevant[:cutoff], 1):
        if hit:
            hits += 1
            total += hits / rank
    return total / z


def scores(
    rankings: Sequence[Sequence[int]],
    labels: Sequence[Sequence[str]],
    cutoff: int,
    convention: str,
) -> dict[str, dict[str, tuple[float | None, float | None]] | tuple[float | None, float | None]]:
    """Return {"classes": class -> (MAP@cutoff, MR1), "macro": ..., "micro": ...}."""
    seed = convention == "cbmi2024"
    classes: dict[str, tuple[float | None, float | None]] = {}
    for label in sorted({name for own in labels for name in own}):
        members = [clip for clip, own in enumerate(labels) if label in own]
        pairs = []
        for query in members:
            relevant = [label in labels[clip] for clip in rankings[query]]
            if any(relevant):  # what is left out of the ranking is not there to be found
                z = min(cutoff, sum(relevant) + (1 if seed else 0))
                first = relevant.index(True) + (0 if seed else 1)
                pairs.append((average_precision(relevant, cutoff, z), first))
        classes[label] = _means(pairs)
    micro = []
    for query, own in enumerate(labels):
        relevant = [bool(set(own) & set(labels[clip])) for clip in rankings[query]]
        if any(relevant):
            z = cutoff if seed else min(cutoff, sum(relevant))
            first = relevant.index(True) + (0 if seed else 1)
            micro.append((average_precision(relevant, cutoff, z), first))
    defined = [pair for pair in classes.values() if pair[0] is not None]
    return {"classes": classes, "macro": _means(defined), "micro": _means(micro)}


def _means(pairs: Sequence) -> tuple[float | None, float | None]:
    if not pairs:
        return None, None
    return tuple(math.fsum(column) / len(pairs) for column in zip(*pairs, strict=True))
