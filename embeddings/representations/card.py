"""What is known of a representation, from which commands, pages and docs are made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.processing import Recipe


@dataclass(frozen=True, slots=True)
class Card:
    """One representation.

    Attributes
    ----------
    name : as the literature writes it; lower-cased it names the embedding's folder
    description : one sentence
    dim : numbers in a vector
    frame_level : whether a clip gives several vectors
    recipe, search : the processing and search that a system uses unless told
    extractions : the ways to extract, the default first, each with one line on what it does
    extract : (path, clip id, extraction) -> float32 [dim] or [frames, dim]; raises with a
        sentence where it cannot
    needs : the import that must be there, and the package that brings it
    licence : of the code that computes it
    citation : where it was published
    """

    name: str
    description: str
    dim: int
    frame_level: bool
    recipe: Recipe
    search: str
    extractions: dict[str, str]
    extract: Callable[[Path, str, str], np.ndarray]
    needs: tuple[str, str]
    licence: str
    citation: str

    @property
    def embedding(self) -> str:
        """The folder name of its embedding under the default extraction."""
        return self.name.lower()
