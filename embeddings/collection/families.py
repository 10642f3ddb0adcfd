"""FSD50K's sound families, which the project knows itself."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from embeddings.collection.clips import families_of
from embeddings.files import read_json


@cache
def fsd50k_families() -> dict[str, tuple[str, ...]]:
    """Return the six families of FSD50K's evaluation classes: family -> classes.

    178 of the 200 classes have a family. The other 22 have several parents in the AudioSet
    ontology and are left without one, as in Araz et al. (CBMI 2024).
    """
    stored = read_json(Path(__file__).with_name("fsd50k_families.json"))
    return {family: tuple(labels) for family, labels in stored.items()}


def known_families(labels: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return FSD50K's families narrowed to `labels`: empty where no label is a class of FSD50K."""
    return families_of(labels, fsd50k_families())
