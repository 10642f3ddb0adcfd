"""What the browse page says once, and where its buttons for a surprise lead."""

import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.collection.clips import Collection
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Ranking, open_embedding
from evaluation.browsing.nearness import nearness
from webapp.browse.columns import in_order

FIRST, SECOND, MADE = "system-01.l2.mcss", "system-02.l2.mcss", "system-09.l2.mcss"


@pytest.mark.parametrize(
    ("systems", "sentence"),
    [
        ((MADE, "system-10.l2.mcss"), "All systems here are simulated: made numbers that know"),
        ((FIRST, SECOND), "All systems here are computed from the audio."),
    ],
)
def test_where_all_vectors_come_from_is_said_once(
    experimenter: FlaskClient, fourteen: list[Ranking], systems: tuple[str, ...], sentence: str
) -> None:
    chosen = "&".join(f"system={name}" for name in systems)
    page = experimenter.get(f"/browse/small?query=hum-0&{chosen}").text
    assert page.count(sentence) == 1
    assert "group-title" not in page
    for name in systems:  # and what is simulated says so beside its numbers
        head = page[page.index(f'data-system="{name}" aria-l') :]
        head = head[: head.index("</h3>")]
        assert ("provenance-simulated" in head) == (name >= MADE)
        assert "provenance-computed" not in head


def test_surprises_lead_to_the_first_of_an_order_and_on(
    app: Flask, experimenter: FlaskClient, small: Collection, fourteen: list[Ranking]
) -> None:
    def buttons(page: str) -> dict[str, tuple[str, bool]]:
        found = re.findall(
            r'class="surprise-button" href="([^"]+)"( aria-current="true")? title="[^"]+">(\w+)<',
            page,
        )
        return {word: (link.replace("&amp;", "&"), bool(now)) for link, now, word in found}

    page = experimenter.get(f"/browse/small?query=hum-0&system={SECOND}&system={FIRST}").text
    offered = buttons(page)
    assert list(offered) == ["Hubs", "Disagreements", "Failures"]
    assert not any(chosen for _, chosen in offered.values())
    states = {word: parse_qsl(urlsplit(link).query) for word, (link, _) in offered.items()}
    with app.test_request_context():
        best, other = (one.system for one in in_order(small, fourteen[:2]))
    assert ("order", "hubs") in states["Hubs"]
    assert ("by", best) in states["Hubs"]
    assert {("order", "difference"), ("by", best), ("than", other)} <= set(states["Disagreements"])
    assert {("order", "lowest"), ("by", best)} <= set(states["Failures"])
    for word in offered:
        address, seen = offered[word][0], []
        for _ in range(3):
            answer = experimenter.get(address)
            page = experimenter.get(answer.location).text if answer.location else answer.text
            seen.append(re.search(r'id="query-title">Query <span class="clip-id">([^<]+)', page)[1])
            address, chosen = buttons(page)[word]
            assert chosen
        numbered = re.findall(r'walk-number">\d+</span>\s*<a class="clip-id"[^>]*>([^<]+)', page)
        assert seen == numbered[:3]


def test_what_is_not_scored_gives_no_failures(
    experimenter: FlaskClient, small: Collection, fourteen: list[Ranking]
) -> None:
    for name in ("objective.json", "objective_queries.npz"):
        (small.folder / "rankings" / FIRST / name).unlink()
    page = experimenter.get(f"/browse/small?query=hum-0&system={FIRST}").text
    assert re.findall(r'surprise-button"[^>]*>(\w+)<', page) == ["Hubs"]


@pytest.mark.parametrize(
    ("search", "unit", "values", "bars"),
    [
        ("mcss", "cosine", (0.8, 0.4, 0.2), (1, 0.5, 0.25)),
        ("mips", "inner product", (6.0, 3.0, -2.0), (1, 5 / 8, 0)),
        ("nns", "distance", (0.0, 1.5, 2.0), (0, 0.75, 1)),
        (None, "similarity", (0.0, 0.0, 0.0), (0, 0, 0)),
    ],
)
def test_a_bar_is_as_long_as_its_number_says(
    fourteen: list[Ranking], search: str | None, unit: str, values: tuple[float, ...],
    bars: tuple[float, ...],
) -> None:  # fmt: skip
    sign = -1 if search == "nns" else 1
    stored = np.array([[sign * one for one in values] + [9.0 * sign]], dtype=np.float32)
    ranking = replace(
        fourteen[0],
        neighbours=np.array([[4, 2, 7, -1]], dtype=np.int32),  # the last is none
        scores=stored,
        meta=fourteen[0].meta | {"search": search},
    )
    scale = nearness(ranking, 0)
    assert scale.unit == unit
    assert scale.less_is_nearer == (search == "nns")
    found = [float(one) for one in stored[0, :3]]
    assert [scale.value(one) for one in found] == pytest.approx(list(values))
    assert [scale.bar(one) for one in found] == pytest.approx(list(bars))
    empty = replace(ranking, neighbours=np.full((1, 4), -1, dtype=np.int32))
    assert nearness(empty, 0).bar(0.5) == 0


def test_a_column_says_which_way_its_similarity_runs(
    experimenter: FlaskClient, small: Collection, ranked: list[Ranking]
) -> None:
    build_ranking(small, open_embedding(small, "good"), Recipe(pca=3), "nns")
    page = experimenter.get("/browse/small?query=hum-0&columns=all").text
    assert page.count("cosine: more is nearer</p>") == 2
    assert page.count("distance: less is nearer</p>") == 1
    assert page.count('<svg class="near"') == 3 * 15
