"""What pages keep, and what they leave out, where a collection is large."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from embeddings.systems.store import Ranking
from evaluation.objective.scoring import load_queries, save_queries, score_ranking
from webapp.browse import views, walk


def listed(experimenter: FlaskClient, address: str) -> list[str]:
    """Return the queries that the page leads to, in its order."""
    return re.findall(r"query=([a-z]+-\d)", experimenter.get(address).text)


def test_an_order_is_made_once_and_again_when_scores_change(
    experimenter: FlaskClient,
    small: Collection,
    ranked: list[Ranking],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    score_ranking(small, ranked[1])
    made = []
    real = walk.lowest_first
    monkeypatch.setattr(walk, "lowest_first", lambda values: made.append(1) or real(values))
    address = f"/browse/small?order=lowest&by={ranked[1].system}&query=hum-0"
    first = listed(experimenter, address)
    assert listed(experimenter, address) == first
    assert len(made) == 1
    path = small.folder / "rankings" / ranked[1].system / "objective_queries.npz"
    scores = load_queries(path)
    save_queries(path, replace(scores, precision_sum=-scores.precision_sum))
    assert listed(experimenter, address) != first
    assert len(made) == 2


def test_ids_are_not_compared_letter_by_letter_where_there_are_many(
    experimenter: FlaskClient, small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    misspelt, part = "/browse/small?query=hun-0", "/browse/small?query=UM-0"
    assert "hum-0" in experimenter.get(misspelt).text
    monkeypatch.setattr(views, "_COMPARED", 17)
    assert "hum-0" not in experimenter.get(misspelt).text
    assert "hum-0" in experimenter.get(part).text
