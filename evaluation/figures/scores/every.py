"""The figures of a collection's scores: families, modalities, size, processing, and classes.

Their numbers are those of `evaluation.objective.scoreboard`; a figure's table has what is drawn in
it.
"""

from embeddings.collection.clips import Collection
from evaluation.figures.charts import cast
from evaluation.figures.figure import Figure
from evaluation.figures.scores.card_figures import modalities, sizes
from evaluation.figures.scores.class_figure import compared_classes
from evaluation.figures.scores.family_figures import family_differences, family_scores
from evaluation.figures.scores.sweep_figure import swept
from evaluation.figures.scores.system_dots import system_dots
from evaluation.objective.definitions import METRICS, check_word
from evaluation.objective.scoreboard import (
    compare_classes,
    family_means,
    family_table,
    sweep_table,
    systems_table,
)

NO_SWEEP = (
    "No processing was swept yet: flask rankings sweep {collection} REPRESENTATION scores every "
    "aggregation, normalisation, PCA and search of a representation."
)
"""What to say where `score_figures` has no figure "sweep"; it wants the collection's name."""


def score_figures(collection: Collection, convention: str) -> list[Figure]:
    """Return the figures of a collection's scored systems, without those that would be empty.

    They are named "families", "families-published", "modalities", "dimensions", "parameters" and
    "sweep". Raises InputError for an unknown convention.
    """
    systems = cast(systems_table(collection, convention))
    if systems.empty:
        return []
    about = described(collection)
    families = family_table(collection, convention)
    means = family_means(collection, convention)
    found = [
        family_scores(systems, families, means, about, convention),
        family_differences(systems, families, means, about, convention),
        modalities(systems, about, convention),
        *sizes(systems, about, convention),
        swept(sweep_table(collection, convention), about, convention),
    ]
    return [figure for figure in found if figure is not None]


def systems_figure(
    collection: Collection, convention: str, measure: str = "map@15", average: str = "class"
) -> Figure | None:
    """Return the figure "systems": all scored systems by a measure; None without a score.

    Raises InputError for an unknown convention, measure or average.
    """
    check_word("measure", measure, METRICS)
    systems = cast(systems_table(collection, convention))
    return system_dots(systems, described(collection), convention, measure, average)


def class_scatter(
    collection: Collection, convention: str, a: str, b: str, measure: str = "map@15"
) -> Figure:
    """Return the figure "classes": every class by a measure of the systems `a` and `b`.

    Raises InputError as `scoreboard.compare_classes` does.
    """
    table = compare_classes(collection, convention, a, b, measure)
    rows = cast(systems_table(collection, convention)).set_index("system")
    about = described(collection)
    return compared_classes(table, rows.loc[[a, b]].reset_index(), about, convention, measure)


def described(collection: Collection) -> str:
    """Return a collection in words: "FSD50K (10,231 clips, 200 classes)"."""
    clips, classes = len(collection.clips), len(collection.class_counts)
    title = collection.info.get("title") or collection.name
    return f"{title} ({clips:,} clips, {classes:,} classes)"
