"""Protocols: good ones are kept as they are, bad ones are one sentence each."""

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.errors import InputError
from evaluation.protocol.languages import scale_texts
from evaluation.protocol.reading import (
    parse_protocol,
    protocol_from_json,
    protocol_toml,
    read_protocol,
)
from evaluation.protocol.scales import FACETS, PREFERENCE, PRESETS, RATING
from evaluation.protocol.terms import (
    ANCHORS,
    PRIMARY_MEASURES,
    QUESTION,
    Controls,
    Facet,
    Listening,
    Protocol,
    Queries,
    Screening,
)
from tests.support.protocols import GOOD, back, parsed, top

FIRST_VERSION = {
    "slug": "old",
    "title": "An old one",
    "collection": "small",
    "systems": ["a"],
    "queries": {"clips": [], "per_family": 1, "seed": 3},
    "depth": 5,
    "scale": {"question": "Alike?", "anchors": [[0, "no"], [5, "so so"], [10, "yes"]]},
    "instructions": "Listen.",
}
"""What the first version of this project stored."""


def test_a_protocol_is_read(tmp_path: Path) -> None:
    path = tmp_path / "first-study.toml"
    path.write_text(GOOD)
    protocol = read_protocol(path)
    assert protocol == Protocol(
        slug="first-study",
        title="A test",
        collection="small",
        systems=("a", "b", "c"),
        depth=3,
        queries=Queries(per_family=2, seed=7),
    )
    path.write_text(GOOD.replace("depth = 3", "depth = 4"))
    assert read_protocol(path).sha256() != protocol.sha256()
    path.write_text('slug = "other"\n' + GOOD)
    assert read_protocol(path).slug == "other"


def test_the_defaults_are_those_of_the_design() -> None:
    protocol = parsed()
    assert [grade for grade, _ in protocol.scale.facets[0].anchors] == [0, 20, 40, 60, 80, 100]
    assert protocol.scale.facets[0].allowed == tuple(range(0, 101, 5))
    assert (protocol.controls, protocol.screening) == (Controls(True, 1, 2, 10), Screening())
    assert protocol.listening == Listening()
    assert (protocol.raters_per_query, protocol.lease_minutes) == (3, 240)


def test_each_grade_has_a_digit() -> None:
    assert Facet().keys == ("0", "1", "2", "3", "4", "5")
    assert Facet(anchors=((1, "bad"), (3, "fair"), (5, "good"))).keys == ("1", "3", "5")
    assert Facet(anchors=((0, "no"), (10, "yes"))).keys == ("0", "1")


@pytest.mark.parametrize("name", PRESETS)
def test_a_ready_scale_is_named(name: str) -> None:
    scale = parsed(f'[scale]\npreset = "{name}"').scale
    assert scale == PRESETS[name]
    grades = {
        "anchored": [tuple(range(0, 101, 5))],
        "graded-3": [(0, 1, 2, 3)],
        "five-point": [(1, 2, 3, 4, 5)],
        "binary": [(0, 1)],
        "mirex": [(0, 1, 2)],
        "mirex-fine": [(0, 1, 2), tuple(range(101))],
    }
    assert [facet.allowed for facet in scale.facets] == grades[name]


def test_a_scale_of_ones_own() -> None:
    facet = parsed('[scale]\nanchors = [[0, "no"], [10, "yes"]]').scale.facets[0]
    assert facet == Facet("relevance", QUESTION, ((0, "no"), (10, "yes")), 0)
    facet = parsed('[scale]\nanchors = [[0, "no"], [10, "yes"]]\nstep = 5').scale.facets[0]
    assert facet.allowed == (0, 5, 10)
    facet = parsed('[scale]\npreset = "binary"\nquestion = "Alike?"').scale.facets[0]
    assert facet == Facet("relevance", "Alike?", ((0, "no"), (1, "yes")), 0)


def test_facets_are_named_or_described() -> None:
    named = parsed('[scale]\npreset = "graded-3"\nfacets = ["semantic", "acoustic"]').scale.facets
    base = PRESETS["graded-3"].facets[0]
    assert named == tuple(
        replace(FACETS[name], anchors=base.anchors, step=0) for name in ("semantic", "acoustic")
    )
    for preset in ("", 'preset = "anchored"\n'):
        both = parsed(f'[scale]\n{preset}facets = ["semantic", "acoustic"]').scale.facets
        assert both == (FACETS["semantic"], FACETS["acoustic"])
        assert both[0].allowed == both[1].allowed == Facet().allowed
    described = parsed(
        '[scale]\nstep = 10\n[[scale.facets]]\nname = "acoustic"\n'
        '[[scale.facets]]\nname = "mood"\nquestion = "Same mood?"\nanchors = [[0, "n"], [1, "y"]]'
    ).scale.facets
    assert described == (
        replace(FACETS["acoustic"], step=10),
        Facet("mood", "Same mood?", ((0, "n"), (1, "y")), 0),
    )
    own = parsed('[scale]\nanchors = [[0, "n"], [1, "y"]]\nfacets = ["acoustic"]').scale.facets[0]
    assert own == Facet("acoustic", FACETS["acoustic"].question, ((0, "n"), (1, "y")), 0)


def test_the_acoustic_facet_speaks_of_how_it_sounds_and_never_of_sources() -> None:
    question, *words = scale_texts(FACETS["acoustic"])
    assert all(one in question for one in ("timbre", "pitch", "texture", "loudness over time"))
    of_sources = re.compile(r"source|event|mean|kind|take|object|cause", re.I)
    assert [one for one in (question, *words) if of_sources.search(one)] == []
    assert of_sources.search(" ".join(scale_texts(FACETS["semantic"])))


def test_what_was_stored_keeps_the_words_of_its_facets() -> None:
    table = {**json.loads(parsed('[scale]\nfacets = ["acoustic"]').as_json())}
    question = "How far does this sound sound like the query?"
    table["scale"]["facets"][0] |= {"question": question, "anchors": [*map(list, ANCHORS)]}
    (kept,) = protocol_from_json(json.dumps(table)).scale.facets
    assert (kept.question, kept.anchors) == (question, ANCHORS)


def test_lists_have_no_controls_and_a_question_of_their_own() -> None:
    for method, facet, page in (("preference", PREFERENCE, 2), ("rating", RATING, 8)):
        protocol = parse_protocol({"slug": "x", **tomllib.loads(top(f'method = "{method}"'))}, "x")
        assert (protocol.controls, protocol.screening) == (
            Controls(False, 0, 0), Screening(0, 0, 0),
        )  # fmt: skip
        assert (protocol.scale.facets, protocol.page) == ((facet,), page)
        assert protocol.analysis.primary_measure == PRIMARY_MEASURES[method][0]
        text = top(f'method = "{method}"') + '[scale]\nquestion = "Which?"'
        other = parse_protocol({"slug": "x", **tomllib.loads(text)}, "x")
        assert other.scale.facets == (replace(facet, question="Which?"),)
        assert back(other) == [other, other]


def test_screening_asks_what_the_controls_can_tell() -> None:
    assert parsed("[controls]\nidentity = false").screening == Screening(0, 0)
    assert parsed("[controls]\ndistractors = 0").screening == Screening(0.8, 0)


def test_comparisons_become_pairs() -> None:
    def pairs(value: str) -> tuple[tuple[str, str], ...]:
        plan = parsed(f"[analysis]\ncomparisons = {value}").analysis
        return plan.fixed(("a", "b", "c"))

    assert pairs('"all"') == (("a", "b"), ("a", "c"), ("b", "c"))
    assert pairs('"none"') == pairs("[]") == ()
    assert pairs('"vs:b"') == (("a", "b"), ("c", "b"))
    assert pairs('[["c", "a"], ["b", "a"]]') == (("c", "a"), ("b", "a"))


def test_what_counts_as_good_is_a_share_of_the_scale() -> None:
    assert parsed("").analysis.good == 0.6
    protocol = parsed("[analysis]\ngood = 1")
    assert protocol.analysis.good == 1.0
    assert back(protocol) == [protocol, protocol]


def test_dates_are_toml_dates_or_text() -> None:
    text = top('ends = 2027-03-01\nwithdrawal_until = "2027-03-01"')
    protocol = parse_protocol({"slug": "x", **tomllib.loads(text)}, "x")
    assert (protocol.ends, protocol.withdrawal_until) == ("2027-03-01", "2027-03-01")


def test_whom_raters_write_to_is_stored_where_it_is_said_alone() -> None:
    without = parsed("")
    assert "contact" not in without.as_table()
    text = top('contact = " lab@example.org "')
    protocol = parse_protocol({"slug": without.slug, **tomllib.loads(text)}, "x")
    assert protocol.contact == "lab@example.org"
    assert back(protocol) == [protocol, protocol]
    assert replace(protocol, contact="").sha256() == without.sha256() != protocol.sha256()


def test_blanks_around_and_in_text_are_not_kept() -> None:
    text = GOOD.replace('"A test"', '"""\n A\n test """')
    protocol = parse_protocol({"slug": "x", **tomllib.loads(text)}, "x")
    assert protocol.title == "A test"


def test_what_the_first_version_stored_keeps_its_meaning() -> None:
    old = protocol_from_json(json.dumps(FIRST_VERSION))
    assert (old.systems, old.raters_per_query, old.sitting) == (("a",), 0, 0)
    assert (old.controls, old.screening) == (Controls(False, 0, 0), Screening(0, 0, None))
    assert (old.analysis.raters, old.analysis.comparisons) == (None, ())
    assert (old.listening.sound_check, old.listening.level) == (False, False)
    assert old.page < old.largest_block == 2500
    assert old.scale.facets[0].allowed == (0, 5, 10)
    assert (old.scale.facets[0].question, old.instructions) == ("Alike?", "Listen.")
    assert protocol_from_json(old.as_json()) == old
    table = tomllib.loads(protocol_toml(old))
    assert parse_protocol(table, "the bundle", stored=True) == old
    with pytest.raises(InputError, match="systems must name 2 to 14 systems, not 1"):
        parse_protocol(table, "new")
    many = FIRST_VERSION | {"systems": [f"s{number}" for number in range(20)]}
    assert len(protocol_from_json(json.dumps(many)).systems) == 20


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not valid JSON: Expecting property name"),
        ("[1]", r"it must be a table, not \[1\]\."),
        ('{"slug": "x"}', "title is missing"),
    ],
)
def test_what_is_stored_badly_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=f"^the stored protocol: {sentence}"):
        protocol_from_json(text)
