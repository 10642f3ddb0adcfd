"""Bad protocols are one sentence each, with the key."""

from pathlib import Path

import pytest

from embeddings.errors import InputError
from embeddings.files import toml_of
from evaluation.protocol.reading import check_protocol, read_protocol
from evaluation.protocol.terms import PRIMARY_MEASURES
from tests.support.protocols import GOOD, QUESTIONS, parsed, top

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
    (top(f'contact = "{201 * "x"}"'), "contact must have at most 200 characters, not 201."),
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
    (
        GOOD.replace("per_family = 2", "clips = ['x']\nreplaced = [{clip = 'x', reason = 'y'}]"),
        "queries.replaced must be left out where clips are named: name another one.",
    ),
    (
        GOOD + "replaced = [{clip = 'x', reason = 'y'}, {clip = 'x', reason = 'z'}]",
        "queries.replaced has 'x' twice.",
    ),
    (
        GOOD + "replaced = [{clip = 'x', reason = ' '}]",
        "queries.replaced[1].reason must be text that is not empty, not ''.",
    ),
    (
        GOOD + f"replaced = [{{clip = 'x', reason = '{'y' * 301}'}}]",
        "queries.replaced[1].reason must have at most 300 characters, not 301.",
    ),
    (GOOD + "[listening]\nleave_out = 'y'", "listening.leave_out must be a list, not 'y'."),
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
        "listening.format must be one of flac, mp3, opus, not 'ogg'.",
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
        f"analysis.primary_measure must be one of {', '.join(PRIMARY_MEASURES['graded'])}, not "
        "'win_rate'.",
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
        'analysis.comparisons must be "all", "none", "vs:SYSTEM", or a list of pairs, of the '
        "study's systems, not 'vs:d'.",
    ),
    (
        GOOD + "[analysis]\ncomparisons = [['a', 'a']]",
        'analysis.comparisons must be "all", "none", "vs:SYSTEM", or a list of pairs, of the '
        "study's systems, not ['a', 'a'].",
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
        top("method = 'preference'") + "[screening]\nheard = 0.5",
        "screening.heard must be 0 with the method 'preference': lists are not screened, not 0.5.",
    ),
    (
        top("method = 'rating'") + "[analysis]\nraters = 'passed'",
        "analysis.raters must be 'all' with the method 'rating': lists have no controls, not "
        "'passed'.",
    ),
    (
        GOOD + "[analysis]\nraters = 'pass'",
        "analysis.raters must be one of passed, all, not 'pass'; did you mean passed?",
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


KEYED = [(text, sentence) for text, sentence in BAD if not sentence.startswith("not valid TOML")]


@pytest.mark.parametrize(("text", "sentence"), KEYED, ids=[one[:60] for _, one in KEYED])
def test_an_error_is_told_among_all_others(text: str, sentence: str) -> None:
    """Whatever else is wrong, too: with two keys that are, all three sentences come."""
    table = {"slug": "a b", **toml_of(text, "x"), "practice": 7}
    found, wrong = check_protocol(table, "x")
    assert found is None
    said = [str(one) for one in wrong]
    slug = "a b" if table["slug"] == "a b" else None
    assert any(one.startswith(f"x: {sentence}") for one in said), said
    assert "x: practice must be true or false, not 7." in said
    assert (slug is None) or any(one.startswith("x: slug must be 1 to 64") for one in said)
    assert len({one.key for one in wrong}) == len(wrong)


def test_a_good_protocol_has_no_errors() -> None:
    found, wrong = check_protocol({"slug": "x", **toml_of(GOOD + QUESTIONS, "x")}, "x")
    assert wrong == []
    assert found == parsed(QUESTIONS)


def test_pairs_of_something_else_are_refused() -> None:
    table = {"slug": "x", **toml_of(GOOD + '[analysis]\ncomparisons = [[["a"], "b"]]', "x")}
    assert [one.key for one in check_protocol(table, "x")[1]] == ["analysis.comparisons"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_protocol(tmp_path / "none.toml")
    (tmp_path / "study.toml").write_bytes(b'title = "\xff"')
    with pytest.raises(InputError, match=r"line 1: the text is not UTF-8 \(byte 0xff\)"):
        read_protocol(tmp_path / "study.toml")
    (tmp_path / "my study.toml").write_text(GOOD)
    sentence = r"slug is missing, and the file's name cannot stand for it: .*, not 'my study'\.$"
    with pytest.raises(InputError, match=sentence):
        read_protocol(tmp_path / "my study.toml")
