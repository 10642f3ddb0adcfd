"""The paper's figures: whole, citable, and the same as the facts beside the project."""

import csv
from pathlib import Path

from embeddings.collection.families import fsd50k_families
from embeddings.representations import FOURTEEN
from evaluation.objective import published


def test_the_fourteen_are_there_in_the_papers_order_with_all_families() -> None:
    figures = published.published()
    assert list(figures) == list(FOURTEEN)
    for name, figure in figures.items():
        assert figure.representation == name
        assert set(figure.families) == set(fsd50k_families())
        assert set(figure.scores) == {"map@15", "map@150", "mr1"}
        assert 0 < figure.scores["map@150"] < figure.scores["map@15"] < 1 < figure.scores["mr1"]
    assert published.convention() == "cbmi2024"
    assert "CBMI 2024" in published.citation()
    assert "10,231 clips" in published.measured_on()


def test_they_are_the_facts_beside_the_project(shared: Path) -> None:
    scores, families = _table(shared, "scores"), _table(shared, "family_map15")
    figures = published.published()
    assert list(scores) == list(families) == list(figures)
    for name, figure in figures.items():
        row = scores[name]
        assert figure.families == {key: float(value) for key, value in families[name].items()}
        assert (figure.dim, figure.variation) == (int(row["dimensions"]), row["variation"])
        columns = {"map@15": "map_at_15", "map@150": "map_at_150", "mr1": "mr1"}
        assert figure.scores == {key: float(row[column]) for key, column in columns.items()}


def _table(shared: Path, name: str) -> dict[str, dict[str, str]]:
    with (shared / "facts" / f"published_{name}.csv").open(encoding="utf-8", newline="") as file:
        return {row.pop("representation"): row for row in csv.DictReader(file)}
