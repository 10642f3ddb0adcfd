"""The cells of a sweep: every aggregation, normalisation, size of PCA and search."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from embeddings.search.neighbours import SEARCHES
from embeddings.search.processing import AGGREGATIONS, NORMALISATIONS, Recipe
from embeddings.systems.rankings import default_system
from embeddings.systems.store import Embedding

COMPONENTS = (100, 200, None)
"""The paper's sizes of PCA; None for no PCA."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One processing and search."""

    recipe: Recipe
    search: str

    def name(self, frame_level: bool) -> str:
        """Return its part of a system's name, such as "mean-l2-pca100.mcss"."""
        return f"{self.recipe.slug(frame_level)}.{self.search}"

    @property
    def same_as(self) -> "Cell":
        """The cell whose ranking is the same.

        Of unit vectors all three searches agree, and a cosine makes unit vectors itself.
        """
        normalise = self.recipe.normalise
        alike = normalise == "l2" or (normalise == "none" and self.search == "mcss")
        if self.recipe.pca or not alike:
            return self
        return Cell(replace(self.recipe, normalise="l2"), "mcss")


def cells(embedding: Embedding) -> list[Cell]:
    """Return the cells of an embedding: 81 where it has frames, 27 where it has none.

    Those of the representation's usual normalisation (its own recipe's, or L2) come first: with
    PCA 100, 200 and none they are the paper's. PCA keeps what the vectors allow, so that there
    are fewer cells where both sizes are more than that.
    """
    usual = default_system(embedding)[0]
    aggregations: Sequence[str] = AGGREGATIONS
    if embedding.frames is None:
        aggregations = (usual.aggregation,)
    normalisations = dict.fromkeys((usual.normalise, *NORMALISATIONS))
    return [
        Cell(Recipe(how, normalise, pca), search)
        for normalise, how, pca, search in product(
            normalisations, aggregations, components(embedding), SEARCHES
        )
    ]


def components(embedding: Embedding) -> tuple[int | None, ...]:
    """Return the sizes of PCA of an embedding's cells: `COMPONENTS`, cut to what can be.

    Vectors of n clips span at most n - 1 dimensions about their mean.
    """
    most = min(len(embedding.rows) - 1, embedding.vectors.shape[1])
    sizes = [min(size, most) for size in COMPONENTS if size]
    return (*dict.fromkeys(size for size in sizes if size), None)


def what_is_cut(embedding: Embedding) -> str:
    """Return a sentence on the sizes of PCA that are cut, "" where none is."""
    sizes = components(embedding)
    cut = [str(size) for size in COMPONENTS if size and size not in sizes]
    if not cut:
        return ""
    kept = f"cut to {max(filter(None, sizes))}" if len(sizes) > 1 else "left out"
    return (
        f"PCA {' and '.join(cut)} {'is' if len(cut) == 1 else 'are'} {kept}: the vectors are of "
        f"{len(embedding.rows)} clips and {embedding.vectors.shape[1]} dimensions."
    )


def papers_cells(embedding: Embedding) -> set[Cell]:
    """Return those of `cells` that the paper has: 27 where the vectors allow all sizes of PCA."""
    usual = default_system(embedding)[0].normalise
    return {
        cell
        for cell in cells(embedding)
        if cell.recipe.normalise == usual and cell.recipe.pca in COMPONENTS
    }
