"""Protocols: good ones are kept as they are, bad ones are one sentence each."""

import json
import re
import tomllib
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.errors import InputError
from embeddings.representations import CARDS
from evaluation.protocol.reading import (
    parse_protocol,
    protocol_from_json,
    protocol_toml,
    read_protocol,
    ready_protocols,
    template,
)
from evaluation.protocol.scales import FACET_QUESTIONS, PREFERENCE, PRESETS, RATING
from evaluation.protocol.terms import (
    ANCHORS,
    INSTRUCTIONS,
    MEASURES,
    METHODS,
    QUESTION,
    Controls,
    Facet,
    Listening,
    Protocol,
    Queries,
    Question,
    Screening,
)
from tests.support.places import ROOT

GOOD = """
title = "A test"
collection = "small"
systems = ["a", "b", "c"]
depth = 3
[queries]
per_family = 2
seed = 7
"""

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


def parsed(text: str = "") -> Protocol:
    """Return GOOD with `text` behind it as a protocol."""
    return parse_protocol({"slug": "x", **tomllib.loads(GOOD + text)}, "x")


def top(line: str) -> str:
    """Return GOOD with a line more at its top."""
    return f"{line}\n{GOOD}"


def back(protocol: Protocol) -> list[Protocol]:
    """Return a protocol after a way through JSON, and through TOML."""
    table = tomllib.loads(protocol_toml(protocol))
    return [protocol_from_json(protocol.as_json()), parse_protocol(table, "back")]


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
        Facet(name, FACET_QUESTIONS[name], base.anchors, 0) for name in ("semantic", "acoustic")
    )
    assert parsed('[scale]\nfacets = ["semantic"]').scale.facets[0].anchors == ANCHORS
    described = parsed(
        '[scale]\nstep = 10\n[[scale.facets]]\nname = "acoustic"\n'
        '[[scale.facets]]\nname = "mood"\nquestion = "Same mood?"\nanchors = [[0, "n"], [1, "y"]]'
    ).scale.facets
    assert described == (
        Facet("acoustic", FACET_QUESTIONS["acoustic"], ANCHORS, 10),
        Facet("mood", "Same mood?", ((0, "n"), (1, "y")), 0),
    )


def test_lists_have_no_controls_and_a_question_of_their_own() -> None:
    for method, facet, page in (("preference", PREFERENCE, 2), ("rating", RATING, 8)):
        protocol = parse_protocol({"slug": "x", **tomllib.loads(top(f'method = "{method}"'))}, "x")
        assert (protocol.controls, protocol.screening) == (Controls(False, 0, 0), Screening(0, 0))
        assert (protocol.scale.facets, protocol.page) == ((facet,), page)
        assert protocol.analysis.primary_measure == MEASURES[method][0]
        text = top(f'method = "{method}"') + '[scale]\nquestion = "Which?"'
        other = parse_protocol({"slug": "x", **tomllib.loads(text)}, "x")
        assert other.scale.facets == (replace(facet, question="Which?"),)
        assert back(other) == [other, other]


def test_screening_asks_what_the_controls_can_tell() -> None:
    assert parsed("[controls]\nidentity = false").screening == Screening(0, 0)
    assert parsed("[controls]\ndistractors = 0").screening == Screening(0.8, 0)


def test_comparisons_become_pairs() -> None:
    def pairs(value: str) -> tuple[tuple[str, str], ...]:
        return parsed(f"[analysis]\ncomparisons = {value}").analysis.comparisons

    assert pairs('"all"') == pairs("[]") == ()
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


def test_blanks_around_and_in_text_are_not_kept() -> None:
    text = GOOD.replace('"A test"', '"""\n A\n test """')
    protocol = parse_protocol({"slug": "x", **tomllib.loads(text)}, "x")
    assert protocol.title == "A test"


def test_what_the_first_version_stored_keeps_its_meaning() -> None:
    old = protocol_from_json(json.dumps(FIRST_VERSION))
    assert (old.systems, old.raters_per_query, old.sitting) == (("a",), 0, 0)
    assert (old.controls, old.screening) == (Controls(False, 0, 0), Screening(0, 0))
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


QUESTIONS = """
[[questionnaire.before]]
id = "age"
text = "How old are you?"
kind = "number"
[[questionnaire.after]]
id = "where"
text = "Where did you listen?"
kind = "choice"
choices = ["at home", "elsewhere"]
"""

BAD = [
    # the top
    (GOOD.replace('collection = "small"', ""), "collection is missing."),
    (GOOD.replace("title", "titel"), "title is missing; is titel meant?"),
    (GOOD.replace("[queries]", "[query]"), "queries is missing; is query meant?"),
    (GOOD.replace("depth = 3", "dept = 3"), "dept is no known key; did you mean depth?"),
    (GOOD + "[control]", "control is no known key; did you mean controls?"),
    (top('"a key" = 1'), "'a key' is no known key; known are slug, "),
    (GOOD.replace("depth = 3", "depth = 0"), "depth must be from 1 to 150, not 0."),
    (GOOD.replace("depth = 3", "depth = 151"), "depth must be from 1 to 150, not 151."),
    (GOOD.replace("depth = 3", "depth = true"), "depth must be a whole number, not True."),
    (GOOD.replace("depth = 3", "depth = '3'"), "depth must be a whole number, not '3'."),
    (GOOD.replace('"A test"', '" "'), "title must be text that is not empty, not ''."),
    (GOOD.replace('"A test"', "1"), "title must be text, not 1."),
    (GOOD.replace("A test", "\\u0000"), "title must be text without control characters, not "),
    (GOOD.replace(', "b", "c"', ""), "systems must name 2 to 14 systems, not 1."),
    (
        GOOD.replace('["a"', str([f"s{number}" for number in range(12)])[:-1] + ', "a"'),
        "systems must name 2 to 14 systems, not 15.",
    ),
    (GOOD.replace('["a", "b", "c"]', '"a"'), "systems must be a list, not 'a'."),
    (GOOD.replace('"b"', '"a"'), "systems has 'a' twice."),
    (GOOD.replace('"b"', "3"), "systems must be a list of names, not 3."),
    (GOOD.replace('"b"', '""'), "systems must be a list of names, not ''."),
    (
        top('slug = "a b"'),
        "slug must be 1 to 64 letters, digits, '-' or '_', starting with a letter or digit, "
        "not 'a b'.",
    ),
    (
        top('method = "prefrence"'),
        "method must be one of graded, preference, rating, not 'prefrence'; "
        "did you mean preference?",
    ),
    (top("raters_per_query = -1"), "raters_per_query must be from 0 to 1000, not -1."),
    (top("page = 1"), "page must be from 2 to 100, not 1."),
    (top("largest_block = 8"), "largest_block must be from 9 to 2500, not 8."),
    (top("sitting = 1001"), "sitting must be from 0 to 1000, not 1001."),
    (top("lease_minutes = 4"), "lease_minutes must be from 5 to 100000, not 4."),
    (top('instructions = ""'), "instructions must be text that is not empty, not ''."),
    (top("consent = false"), "consent must be text, not False."),
    (top('ends = "1.3.2027"'), "ends must be a date as YYYY-MM-DD, not '1.3.2027'."),
    (top('ends = "20270301"'), "ends must be a date as YYYY-MM-DD, not '20270301'."),
    (top("ends = 7"), "ends must be a date as YYYY-MM-DD, not 7."),
    (
        top("ends = 2027-03-01T10:00:00"),
        "ends must be a date as YYYY-MM-DD, not 2027-03-01 10:00:00.",
    ),
    (
        top("ends = 2027-03-01\nwithdrawal_until = 2027-02-28"),
        "withdrawal_until must be 2027-03-01, when the study ends, or later, not '2027-02-28'.",
    ),
    ("title = ", "not valid TOML: "),
    # queries
    (top("").replace("[queries]", "queries = 1\n[other]"), "queries must be a table, not 1."),
    (GOOD.replace("seed = 7", "sed = 7"), "queries.sed is no known key; did you mean seed?"),
    (
        GOOD.replace("per_family = 2", ""),
        "queries must have exactly one of clips, per_family, per_class, not none of them.",
    ),
    (
        GOOD.replace("seed = 7", "clips = ['x']"),
        "queries must have exactly one of clips, per_family, per_class, not clips and per_family.",
    ),
    (
        GOOD.replace("per_family = 2", "clips = ['x']\nleave_out = ['y']"),
        "queries.leave_out must be left out where clips are named: nothing is drawn.",
    ),
    (GOOD.replace("per_family = 2", "clips = ['x', 'x']"), "queries.clips has 'x' twice."),
    (GOOD + "leave_out = 'y'", "queries.leave_out must be a list, not 'y'."),
    # scale
    (
        GOOD + "[scale]\npreset = 'fivepoint'",
        "scale.preset must be one of anchored, graded-3, five-point, binary, mirex, mirex-fine, "
        "not 'fivepoint'; did you mean five-point?",
    ),
    (
        GOOD + "[scale]\npreset = 'binary'\nanchors = [[0, 'a'], [1, 'b']]",
        "scale.anchors must be left out where there is a preset: it has its own.",
    ),
    (
        GOOD + "[scale]\npreset = 'mirex-fine'\nfacets = ['semantic']",
        "scale.facets must be left out with the preset 'mirex-fine': it has two questions of its "
        "own.",
    ),
    (
        GOOD + "[scale]\nanchors = [[0, 'no']]",
        "scale.anchors must be a list of 2 to 10 [grade, words], grades from 0 to 100 and rising, "
        "not [0].",
    ),
    (GOOD + "[scale]\nanchors = []", "scale.anchors must be a list of 2 to 10 [grade, words], "),
    (
        GOOD + "[scale]\nanchors = [[5, 'a'], [1, 'b']]",
        "scale.anchors must be a list of 2 to 10 [grade, words], grades from 0 to 100 and rising, "
        "not [5, 1].",
    ),
    (
        GOOD + "[scale]\nanchors = [[0, 'a'], [101, 'b']]",
        "scale.anchors must be a list of 2 to 10 [grade, words], grades from 0 to 100 and rising, "
        "not [101, 'b'].",
    ),
    (GOOD + "[scale]\nanchors = [[0, 'a'], ['b', 1]]", "scale.anchors must be a list of 2 to 10 "),
    (GOOD + "[scale]\nanchors = [[0, 'a'], [9, ' ']]", "scale.anchors must be a list of 2 to 10 "),
    (
        GOOD + f"[scale]\nanchors = {[[one, 'x'] for one in range(11)]}",
        "scale.anchors must be a list of 2 to 10 [grade, words], grades from 0 to 100 and rising, "
        "not [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].",
    ),
    (
        GOOD + "[scale]\nstep = 30",
        "scale.step must be 0, or a number that divides the scale's 100 evenly, not 30.",
    ),
    (
        GOOD + "[scale]\nanchors = [[1, 'a'], [4, 'b']]\nstep = -1",
        "scale.step must be 0, or a number that divides the scale's 3 evenly, not -1.",
    ),
    (
        GOOD + "[scale]\nfacets = ['semantic', 'taste']",
        "scale.facets must be tables, or names out of relevance, semantic, acoustic, not 'taste'.",
    ),
    (GOOD + "[scale]\nfacets = []", "scale.facets must be 1 to 4 facets, not 0."),
    (GOOD + "[scale]\nfacets = 'semantic'", "scale.facets must be a list, not 'semantic'."),
    (GOOD + "[scale]\nfacets = ['semantic', 'semantic']", "scale.facets has 'semantic' twice."),
    (
        GOOD + "[scale]\nquestion = 'Q?'\nfacets = ['semantic']",
        "scale.question must be left out where there are facets: each has its own.",
    ),
    (GOOD + "[[scale.facets]]\nname = 'mood'", "scale.facets[1].question is missing."),
    (
        GOOD + "[[scale.facets]]\nname = 'semantic'\nanchor = 1",
        "scale.facets[1].anchor is no known key; did you mean anchors?",
    ),
    # controls, screening, listening
    (GOOD + "[controls]\nidentity = 1", "controls.identity must be true or false, not 1."),
    (GOOD + "[controls]\nrepeats = 21", "controls.repeats must be from 0 to 20, not 21."),
    (
        GOOD + "[screening]\nidentity = 80",
        "screening.identity must be a number from 0 to 1, not 80.",
    ),
    (GOOD + "[screening]\nauc = nan", "screening.auc must be a number from 0 to 1, not nan."),
    (
        GOOD + "[controls]\nidentity = false\n[screening]\nidentity = 0.5",
        "screening.identity must be 0 without identity controls, not 0.5.",
    ),
    (
        GOOD + "[controls]\ndistractors = 0\n[screening]\nauc = 0.9",
        "screening.auc must be 0 without identity controls and distractors, not 0.9.",
    ),
    (
        GOOD + "[listening]\nmust_listen = true",
        "listening.must_listen must be a number from 0 to 1, not True.",
    ),
    (
        GOOD + "[listening]\nloudness = -71",
        "listening.loudness must be a number from -70 to 0, not -71.",
    ),
    (
        GOOD + "[listening]\nformat = 'ogg'",
        "listening.format must be one of flac, mp3, not 'ogg'.",
    ),
    # questionnaire
    (
        GOOD + QUESTIONS.replace('"where"', '"age"'),
        "questionnaire has the id 'age' twice.",
    ),
    (
        GOOD + QUESTIONS.replace(', "elsewhere"', ""),
        "questionnaire.after[1].choices must be a list of 2 or more for a choice, not ['at home'].",
    ),
    (
        GOOD + QUESTIONS.replace('"choice"', '"text"'),
        "questionnaire.after[1].choices must be left out where the kind is 'text'.",
    ),
    (
        GOOD + QUESTIONS.replace('"number"', '"date"'),
        "questionnaire.before[1].kind must be one of choice, text, number, not 'date'.",
    ),
    (
        GOOD + "[questionnaire]\nbefore = ['How old?']",
        "questionnaire.before must be a list of tables, not 'How old?'.",
    ),
    # joining
    (
        GOOD + "[joining]\nids = ['a b']",
        "joining.ids must be names of address parameters (a letter, then letters, digits, '_' or "
        "'-'), not 'a b'.",
    ),
    (
        GOOD + "[joining]\ncompletion_code = 'C 1'",
        "joining.completion_code must be at most 64 characters without spaces, not 'C 1'.",
    ),
    (
        GOOD + "[joining]\nredirect = 'app.prolific.com'",
        "joining.redirect must be an address that begins with https:// or http:// and has no "
        "braces but {code}, not 'app.prolific.com'.",
    ),
    (
        GOOD + "[joining]\nredirect = 'https://x.org/?cc={cod}'",
        "joining.redirect must be an address that begins with https:// or http:// and has no "
        "braces but {code}, not 'https://x.org/?cc={cod}'.",
    ),
    # analysis
    (
        GOOD + "[analysis]\nprimary_measure = 'win_rate'",
        "analysis.primary_measure must be one of mean_grade, graded_precision, precision, ndcg, "
        "graded_ap, rbp, first_relevant, psum, wcsum, sdsum, greater0, greater1, not 'win_rate'.",
    ),
    (
        GOOD + "[analysis]\nprimary_measure = 'psum'",
        "analysis.primary_measure must not be 'psum' unless the grades are 0, 1 and 2.",
    ),
    (GOOD + "[analysis]\ngood = 60", "analysis.good must be a number from 0 to 1, not 60."),
    (
        GOOD + "[analysis]\ngood = 0",
        "analysis.good must be above 0, not 0: every grade would count as good.",
    ),
    (
        GOOD + "[analysis]\ncomparisons = 'vs:d'",
        'analysis.comparisons must be "all", "vs:SYSTEM", or a list of pairs, of the study\'s '
        "systems, not 'vs:d'.",
    ),
    (
        GOOD + "[analysis]\ncomparisons = [['a', 'a']]",
        'analysis.comparisons must be "all", "vs:SYSTEM", or a list of pairs, of the study\'s '
        "systems, not ['a', 'a'].",
    ),
    (
        GOOD + "[analysis]\ncomparisons = [['a', 'b'], ['b', 'a']]",
        "analysis.comparisons has the pair ['b', 'a'] twice.",
    ),
    # what does not go together with whole lists
    (
        top("method = 'preference'") + "[controls]\nidentity = true",
        "controls.identity must be left out with the method 'preference': lists have no controls.",
    ),
    (
        top("method = 'rating'") + "[controls]\nrepeats = 1",
        "controls.repeats must be left out with the method 'rating': lists have no controls.",
    ),
    (
        top("method = 'preference'") + "[screening]\nidentity = 0.8",
        "screening.identity must be 0 without identity controls, not 0.8.",
    ),
    (
        top("method = 'preference'\npage = 12"),
        "page must be 2 with the method 'preference', which compares two lists, not 12.",
    ),
    (top("method = 'rating'\npage = 9"), "page must be from 4 to 8, not 9."),
    (
        top("method = 'preference'") + "[scale]\nfacets = ['semantic', 'acoustic']",
        "scale.facets must be left out with the method 'preference': lists are asked about once.",
    ),
    (
        top("method = 'rating'") + "[scale]\npreset = 'binary'",
        "scale.preset must be left out with the method 'rating': the ready scales are for single "
        "sounds.",
    ),
    (
        top("method = 'preference'") + "[scale]\nanchors = [[0, 'A'], [1, 'B']]",
        "scale.anchors must be left out with the method 'preference': it asks for A, B or neither.",
    ),
    (
        top("method = 'rating'") + "[listening]\nmust_listen = 0.5",
        "listening.must_listen must be 0 with the method 'rating', not 0.5.",
    ),
    (
        top("method = 'preference'") + "[analysis]\nprimary_measure = 'ndcg'",
        "analysis.primary_measure must be win_rate, not 'ndcg'.",
    ),
]


@pytest.mark.parametrize(("text", "sentence"), BAD, ids=[sentence[:60] for _, sentence in BAD])
def test_a_bad_protocol_is_one_sentence_with_the_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_protocol(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: {sentence}")
    if sentence.endswith((".", "?")):
        assert message == f"{path}: {sentence}"
    assert "\n" not in message
    assert len(message) < len(str(path)) + 400


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_protocol(tmp_path / "none.toml")
    (tmp_path / "study.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(InputError, match=r"not UTF-8 \(byte 9\)"):
        read_protocol(tmp_path / "study.toml")
    (tmp_path / "my study.toml").write_text(GOOD)
    sentence = r"slug is missing, and the file's name cannot stand for it: .*, not 'my study'\.$"
    with pytest.raises(InputError, match=sentence):
        read_protocol(tmp_path / "my study.toml")


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).map(
    lambda text: " ".join(text.split())
)
LINES = WORDS.filter(bool)
MARKDOWN = st.lists(WORDS, min_size=1).map("\n".join).map(str.strip)
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)
SYSTEMS = st.lists(LINES, min_size=2, max_size=14, unique=True)
FRACTIONS = st.floats(0, 1)
QUESTION_TABLES = st.lists(
    st.fixed_dictionaries(
        {"id": NAMES, "text": MARKDOWN.filter(bool), "required": st.booleans()},
        optional={"kind": st.sampled_from(["text", "number"])},
    )
    | st.fixed_dictionaries(
        {
            "id": NAMES,
            "text": LINES,
            "kind": st.just("choice"),
            "choices": st.lists(LINES, min_size=2, unique=True),
        }
    ),
    unique_by=lambda question: question["id"],
    max_size=3,
)
SCALES = (
    st.fixed_dictionaries({"preset": st.sampled_from(list(PRESETS))})
    | st.fixed_dictionaries({"facets": st.just(["semantic", "acoustic"])})
    | st.fixed_dictionaries(
        {
            "question": LINES,
            "anchors": st.lists(
                st.tuples(st.integers(0, 100), LINES).map(list),
                min_size=2,
                max_size=10,
                unique_by=lambda anchor: anchor[0],
            ).map(sorted),
        },
        optional={"step": st.sampled_from([0, 1])},
    )
)
TABLES = st.fixed_dictionaries(
    {
        "slug": NAMES,
        "title": LINES,
        "collection": LINES,
        "systems": SYSTEMS,
        "queries": st.fixed_dictionaries(
            {"per_class": st.integers(1, 1000)}, optional={"leave_out": SYSTEMS}
        )
        | st.fixed_dictionaries({"clips": SYSTEMS}),
    },
    optional={
        "method": st.sampled_from(METHODS),
        "depth": st.integers(1, 150),
        "consent": MARKDOWN,
        "ends": st.dates().map(str),
        "questionnaire": st.fixed_dictionaries({"before": QUESTION_TABLES}),
        "listening": st.fixed_dictionaries({"loudness": st.floats(-70, 0), "level": st.booleans()}),
        "joining": st.fixed_dictionaries({"redirect": st.just("https://x.org/?cc={code}&d=1")}),
    },
)


@settings(max_examples=60, deadline=None)
@given(TABLES, SCALES, FRACTIONS, st.data())
def test_a_good_protocol_comes_back_from_json_and_toml(
    table: dict, scale: dict, share: float, data: st.DataObject
) -> None:
    if table.get("method", "graded") == "graded":
        table |= {"scale": scale, "screening": {"auc": share}, "listening": {"must_listen": share}}
    base = data.draw(st.sampled_from(table["systems"]))
    table["analysis"] = {"comparisons": f"vs:{base}"}
    protocol = parse_protocol(table, "it")
    assert len(protocol.analysis.comparisons) == len(protocol.systems) - 1
    assert back(protocol) == [protocol, protocol]


def test_text_that_toml_writes_in_its_own_way_comes_back() -> None:
    odd = 'one\n"""two""" \\n \\\n\ttab “ü” \r\n three\\'
    protocol = replace(parsed(QUESTIONS), consent=odd, title='a "b" \\')
    assert back(protocol) == [protocol, protocol]
    assert '\n"""\none' not in protocol_toml(protocol)
    assert 'consent = """\none\n' in protocol_toml(protocol)
    where = Question("where", "Where did you listen?", "choice", ("at home", "elsewhere"))
    assert protocol.questionnaire.after == (where,)


def test_the_template_is_a_good_protocol_that_shows_every_key(tmp_path: Path) -> None:
    path = tmp_path / "my-study.toml"
    path.write_text(template(), encoding="utf-8")
    protocol = read_protocol(path)
    assert protocol == Protocol(
        slug="my-study",
        title="Which sounds are like this one?",
        collection="my-collection",
        systems=("first-system", "second-system"),
        queries=Queries(per_family=2),
    )
    sections = re.split(r"^\[(\w+)\]$", template(), flags=re.MULTILINE)
    shown = dict(zip(["", *sections[1::2]], sections[::2], strict=True))
    for field in fields(Protocol):
        value = getattr(protocol, field.name)
        part = {"scale": Facet, "questionnaire": Question}.get(field.name, value)
        keys = [one.name for one in fields(part)] if is_dataclass(part) else [field.name]
        for key in keys:
            section = shown[field.name if is_dataclass(part) else ""]
            assert re.search(rf"^(# )?{key} = ", section, re.MULTILINE), (field.name, key)
    assert INSTRUCTIONS in template()


def test_what_the_template_shows_are_the_defaults() -> None:
    """Taking away the # of a key alone changes nothing."""
    lines = template().splitlines()
    plain = parse_protocol({"slug": "my-study", **tomllib.loads(template())}, "template")
    changing = {"anchors", "facets"}  # anchors come without a step, facets instead of relevance
    tried = set()
    table, example = "", False
    for number, line in enumerate(lines):
        if line.startswith(("[", "# [[")):
            table, example = line.strip("[]"), line.startswith("#")
        found = re.match(r"# (\w+) = ", line)
        if not found or (example and line):
            continue
        changed = [*lines[:number], line.removeprefix("# "), *lines[number + 1 :]]
        protocol = parse_protocol(
            {"slug": "my-study"} | tomllib.loads("\n".join(changed)), "template"
        )
        assert (protocol == plain) == (found[1] not in changing), line
        tried.add((table, found[1]))
    assert len(tried) > 40


def test_the_examples_in_the_template_are_good() -> None:
    blocks = re.findall(r"(?:^# \[\[.*\n)(?:^# \w.*\n)+", template(), re.MULTILINE)
    assert len(blocks) == 3
    text = template()
    for block in blocks:
        text = text.replace(block, re.sub(r"^# ", "", block, flags=re.MULTILINE))
    protocol = parse_protocol({"slug": "x", **tomllib.loads(text)}, "template")
    assert [facet.name for facet in protocol.scale.facets] == ["brightness"]
    assert [one.id for one in protocol.questionnaire.before] == ["years"]
    assert [one.kind for one in protocol.questionnaire.after] == ["choice"]


@pytest.mark.parametrize(
    ("name", "representations"),
    [
        ("cbmi2024-four", ["Freesound", "LAION-CLAP", "BEATs", "CAV-MAE"]),
        ("cbmi2024-three", ["LAION-CLAP", "CLAP2023", "Pengi"]),
    ],
)
def test_the_ready_protocols_name_the_systems_of_the_cards(
    name: str, representations: list[str]
) -> None:
    assert list(ready_protocols()) == ["cbmi2024-four", "cbmi2024-three"]
    protocol = read_protocol(ready_protocols()[name])
    cards = [CARDS[representation] for representation in representations]
    systems = [
        f"{card.embedding}.{card.recipe.slug(card.frame_level)}.{card.search}" for card in cards
    ]
    assert (protocol.slug, protocol.collection) == (name, "fsd50k")
    assert list(protocol.systems) == systems
    assert back(protocol) == [protocol, protocol]


def test_the_protocol_in_the_readme_is_a_good_one() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = readme.split("```toml\n")[1].split("```")[0]
    assert parse_protocol({"slug": "x", **tomllib.loads(text)}, "README").systems
