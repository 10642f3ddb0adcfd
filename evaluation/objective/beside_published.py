"""Which of our numbers may stand beside the published ones, and as what."""

from typing import Any

from embeddings.collection.clips import Collection
from embeddings.representations import CARDS
from embeddings.simulation.fsd50k_shape import CLIPS
from evaluation.objective import published
from evaluation.objective.definitions import METRICS

PUBLISHED: dict[str, tuple[str, ...]] = {
    "same": tuple(METRICS),
    "simulated": ("map@15",),
    "sounds": (),
}
"""Kind of comparison beside which published values stand -> the measures of which a difference
means something. Of simulated vectors only MAP@15 was brought near them, family by family."""
COMPARISONS = {
    "same": "The sounds, representation, checkpoint, processing and search are those that were "
    "published.",
    "simulated": "Made vectors, tuned so that each family's MAP@15 is near the published one; the "
    "mean over classes, MAP@150 and MR1 are not tuned.",
    "sounds": "The system is the published one, the sounds are others: a difference would say more "
    "of the sounds than of the system.",
    "processing": "Published of this representation is another checkpoint, processing or search, "
    "or it is not known how this ranking was made.",
    "unpublished": "The paper has no such representation.",
    "convention": "The published values are counted by the convention cbmi2024.",
}
"""Kind of comparison -> what it means, in words."""


def comparison(
    collection: Collection, ranking: dict[str, Any], embedding: dict[str, Any], convention: str
) -> str:
    """Return what a system's scores are beside the published ones, a key of `COMPARISONS`.

    Parameters
    ----------
    ranking, embedding : what ``meta.json`` of either says; the embedding's may be empty
    convention : by which the scores are counted
    """
    name = ranking["representation"]
    if name not in published.published():
        return "unpublished"
    if convention != published.convention():
        return "convention"
    if not embedding or not _as_published(ranking, embedding):
        return "processing"
    if ranking["provenance"] == "simulated":
        return "simulated"
    return "same" if has_published_sounds(collection) else "sounds"


def has_published_sounds(collection: Collection) -> bool:
    """Return whether a collection is FSD50K's whole evaluation set, which the paper scored."""
    return collection.info.get("reader") == "fsd50k" and len(collection.clips) == CLIPS


def _as_published(ranking: dict[str, Any], embedding: dict[str, Any]) -> bool:
    """Return whether a system is its card's own: default checkpoint, processing and search."""
    card = CARDS[ranking["representation"]]
    usual = card.recipe
    if embedding["frame_level"] and ranking["aggregation"] != usual.aggregation:
        return False
    defaults = [one.name for one in card.variations[:1]]
    return (
        (ranking["normalise"], ranking["pca"]) == (usual.normalise, usual.pca)
        and ranking["search"] == card.search
        and not ranking.get("exclude_same")
        and embedding.get("variation") in (None, *defaults)
    )
