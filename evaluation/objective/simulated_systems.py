"""Simulated systems, whole: made vectors that score as published, their rankings and scores."""

from collections.abc import Iterable
from typing import Any

from embeddings.collection.clips import Collection
from embeddings.progress import progress
from embeddings.representations import Card
from embeddings.search.processing import Recipe
from embeddings.simulation.made_embeddings import simulated_name
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Embedding, embedding_names, open_embedding
from evaluation.objective.published import simulate_as_published
from evaluation.objective.scoring import read_objective, score_ranking


def ready_system(
    collection: Collection,
    embedding: Embedding,
    recipe: Recipe | None = None,
    search: str | None = None,
) -> str:
    """Rank and score an embedding where that is not done yet; return the system's name.

    The processing and the search are those of the representation's card unless told.
    """
    with _one_thread():
        ranking = build_ranking(collection, embedding, recipe, search)
        if read_objective(collection, ranking.system) is None:
            score_ranking(collection, ranking)
    return ranking.system


def ready_simulated(collection: Collection, card: Card, seed: int = 1) -> str:
    """Simulate, rank and score a representation where that is not done yet.

    Returns the system's name. Raises InputError as `published.simulate_as_published` does.
    """
    name = simulated_name(card)
    if name in embedding_names(collection):
        embedding = open_embedding(collection, name)
    else:
        with _one_thread():
            embedding = simulate_as_published(collection, card, seed)
    return ready_system(collection, embedding)


def ready_all_simulated(
    collection: Collection, cards: Iterable[Card], seed: int = 1
) -> dict[str, str]:
    """Simulate, rank and score representations as `ready_simulated` does, with a progress bar.

    Returns embedding -> system. What was finished before it is stopped is kept.
    """
    cards = list(cards)
    return {
        simulated_name(card): ready_simulated(collection, card, seed)
        for card in progress(len(cards), "system", "Simulating", items=cards)
    }


def _one_thread() -> Any:
    """Keep BLAS to one thread: on a busy machine the threads of small products wait for others."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas")
