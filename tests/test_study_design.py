"""Protocols, drawn queries, pools, and the table that comes out."""

import csv
import io
import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from embeddings.collection import Collection
from embeddings.errors import InputError
from embeddings.store import Ranking
from evaluation.exchange import JUDGEMENT_COLUMNS, JudgementRecord, judgements_csv
from evaluation.pooling import Source, draw_queries, pool
from evaluation.protocol import (
    ANCHORS,
    Queries,
    Scale,
    parse_protocol,
    protocol_from_json,
    read_protocol,
)

GOOD = """
title = "A test"
collection = "small"
systems = ["a", "b"]
depth = 3
[queries]
per_family = 2
seed = 7
"""


def test_a_protocol_is_read(tmp_path: Path) -> None:
    path = tmp_path / "first-study.toml"
    path.write_text(GOOD)
    protocol = read_protocol(path)
    assert protocol.slug == "first-study"
    assert protocol.systems == ("a", "b")
    assert (protocol.depth, protocol.queries) == (3, Queries(per_family=2, seed=7))
    assert protocol.scale.anchors == ANCHORS
    assert [grade for grade, _ in ANCHORS] == [0, 20, 40, 60, 80, 100]
    assert protocol_from_json(protocol.as_json()) == protocol
    path.write_text(GOOD.replace("depth = 3", "depth = 4"))
    assert read_protocol(path).sha256() != protocol.sha256()


def test_each_grade_has_a_digit() -> None:
    assert Scale().keys == ("0", "1", "2", "3", "4", "5")
    assert Scale(anchors=((1, "bad"), (3, "fair"), (5, "good"))).keys == ("1", "3", "5")
    assert Scale(anchors=((0, "no"), (10, "yes"))).keys == ("0", "1")


BAD = [
    (GOOD.replace('collection = "small"', ""), "collection is missing"),
    (GOOD.replace("[queries]", "[query]"), "queries is missing"),
    (GOOD.replace("depth = 3", "dept = 3"), r"dept is no known key; did you mean depth\?"),
    (GOOD.replace("seed = 7", "sed = 7"), r"queries\.sed is no known key; did you mean seed\?"),
    (GOOD.replace("depth = 3", "depth = 0"), "depth must be from 1 to 150, not 0"),
    (GOOD.replace("depth = 3", "depth = true"), "depth must be a whole number, not True"),
    (GOOD.replace("depth = 3", "depth = '3'"), "depth must be a whole number, not '3'"),
    (GOOD.replace('"A test"', '" "'), "title must be text that is not empty, not ''"),
    (GOOD.replace('["a", "b"]', "[]"), "systems must name at least one system"),
    (GOOD.replace('["a", "b"]', '"a"'), "systems must be a list, not 'a'"),
    (GOOD.replace('["a", "b"]', '["a", "a"]'), "systems has 'a' twice"),
    (GOOD.replace('["a", "b"]', '["a", 3]'), "systems must be a list of names, not 3"),
    (GOOD.replace("per_family = 2", ""), "queries must have either clips or per_family, and not"),
    (GOOD.replace("seed = 7", "clips = ['x']"), "queries must have either clips or per_family"),
    (
        GOOD + "[scale]\nanchors = [[0, 'no']]",
        r"must be a list of 2 to 10 \[grade, words\]",
    ),
    (GOOD + "[scale]\nanchors = [[5, 'a'], [1, 'b']]", r"and rising, not \[5, 1\]"),
    (GOOD + "[scale]\nanchors = [[0, 'a'], [101, 'b']]", r"not \[101, 'b'\]"),
    (GOOD + "[scale]\nanchors = [[0, 'a'], ['b', 1]]", r"not \['b', 1\]"),
    (GOOD + f"[scale]\nanchors = {[[one, 'x'] for one in range(11)]}", "a list of 2 to 10"),
    ('slug = "a b"\n' + GOOD, "The study name 'a b' cannot be used"),
    ("title = ", "not valid TOML"),
]


@pytest.mark.parametrize(("text", "sentence"), BAD, ids=[sentence for _, sentence in BAD])
def test_a_bad_protocol_is_one_sentence_with_the_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence) as caught:
        read_protocol(path)
    assert "\n" not in str(caught.value)


def test_a_protocol_that_is_not_there_or_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_protocol(tmp_path / "none.toml")
    (tmp_path / "study.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(InputError, match=r"not UTF-8 \(byte 9\)"):
        read_protocol(tmp_path / "study.toml")


def test_queries_are_drawn_from_leaf_classes_of_each_family(small: Collection) -> None:
    drawn = draw_queries(small, Queries(per_family=4, seed=3), [])
    assert drawn == draw_queries(small, Queries(per_family=4, seed=3), [])
    assert drawn != draw_queries(small, Queries(per_family=4, seed=4), [])
    assert [query.family for query in drawn] == ["Nature"] * 4 + ["Things"] * 4
    assert len({query.row for query in drawn}) == 8
    for query in drawn:
        assert query.label in small.leaf_classes
        assert query.label in small.clips[query.row].labels
    things = [query.label for query in drawn if query.family == "Things"]
    assert sorted(things[:2]) == sorted(things[2:]) == ["Beep", "Hum"]  # no class twice too soon


def test_a_clip_of_two_families_is_asked_about_once(small: Collection) -> None:
    odd = {"hum-0", "hum-1", "hum-2", "hiss-0", "hiss-1", "hiss-2"}
    small.clips = [
        replace(clip, labels=(*clip.labels, "Odd")) if clip.id in odd else clip
        for clip in small.clips
    ]
    small.families = small.families | {"Odd": ("Odd",)}
    for seed in range(10):
        drawn = draw_queries(small, Queries(per_family=3, seed=seed), [])
        assert len({query.row for query in drawn}) == len(drawn) == 9


def test_named_queries_stand_for_their_leaf_class(small: Collection) -> None:
    drawn = draw_queries(small, Queries(clips=("hiss-2", "beep-1")), [])
    assert [(small.clips[query.row].id, query.label, query.family) for query in drawn] == [
        ("hiss-2", "Hiss", "Nature"),
        ("beep-1", "Beep", "Things"),
    ]


def test_queries_that_cannot_be_drawn(small: Collection) -> None:
    with pytest.raises(InputError, match="has no clip 'nobody'"):
        draw_queries(small, Queries(clips=("nobody",)), [])
    with pytest.raises(InputError, match=r"The family 'Nature' has 6 clips to draw, .* asks for 7"):
        draw_queries(small, Queries(per_family=7), [])
    small.families = {}
    with pytest.raises(InputError, match="has no families to draw queries from"):
        draw_queries(small, Queries(per_family=1), [])


def test_a_pool_has_each_clip_once_with_all_its_sources() -> None:
    def ranking(system: str, *rows: int) -> Ranking:
        scores = np.linspace(1, 0.5, len(rows), dtype=np.float32)
        return Ranking(system, np.array([rows], dtype=np.int32), scores[None], {})

    systems = [ranking("a", 4, 2, 9), ranking("b", 2, 7, 4), ranking("c", -1, -1, -1)]
    found = pool(systems, 0, depth=2)
    assert [candidate.row for candidate in found] == [2, 4, 7]
    assert found[0].sources == (Source("a", 2, 0.75), Source("b", 1, 1.0))
    assert found[1].sources == (Source("a", 1, 1.0),)
    assert found[2].sources == (Source("b", 2, 0.75),)


def test_the_table_of_judgements() -> None:
    moment = datetime(2026, 5, 1, 12, 30, 15, 250000, tzinfo=UTC)
    record = JudgementRecord(
        "s", "rater-001", "q", "Hum", "", "c,1", 80, True, 3, 1.5, moment, moment, "u", {"b": 4}
    )
    text = judgements_csv([record], ["a", "b"])
    row = next(csv.DictReader(io.StringIO(text)))
    assert list(row) == [*JUDGEMENT_COLUMNS, "rank.a", "rank.b"]
    assert (row["candidate"], row["grade"], row["counts"]) == ("c,1", "80", "1")
    assert (row["rank.a"], row["rank.b"]) == ("", "4")
    assert row["given_at"] == "2026-05-01T12:30:15.250Z"


def test_the_protocol_in_the_readme_is_a_good_one() -> None:
    from tests.conftest import ROOT

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = readme.split("```toml\n")[1].split("```")[0]
    assert parse_protocol({"slug": "x", **tomllib.loads(text)}, "README").systems
