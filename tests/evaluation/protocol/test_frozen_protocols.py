"""What a protocol says of its analysis: new ones write it out, stored ones keep their meaning."""

import hashlib
import json
import tomllib

import pytest

from evaluation.protocol.reading import parse_protocol, protocol_from_json, protocol_toml, template
from evaluation.protocol.terms import ALL, NONE, PASSED
from tests.support.protocols import back, parsed

SYSTEMS = ("a", "b", "c")


def stored(**changes: object) -> str:
    """Return what 0.1.0 stored of a protocol: no key that came later is in it."""
    table = json.loads(parsed().as_json())
    del table["screening"]["heard"], table["analysis"]["raters"]
    table["analysis"] |= {"comparisons": []} | changes
    return json.dumps(table, sort_keys=True, ensure_ascii=False)


def test_a_new_protocol_has_its_defaults_written_out() -> None:
    protocol = parsed()
    assert (protocol.analysis.raters, protocol.analysis.comparisons) == (PASSED, NONE)
    table = json.loads(protocol.as_json())
    assert (table["analysis"]["raters"], table["analysis"]["comparisons"]) == (PASSED, NONE)
    assert table["screening"]["heard"] == 0.2
    assert 'raters = "passed"' in protocol_toml(protocol)
    for line in ('# raters = "passed"', '# comparisons = "none"', "# heard = 0.2"):
        assert line in template()


@pytest.mark.parametrize("comparisons", [[], [["a", "b"]]])
def test_a_frozen_protocol_keeps_its_bytes_and_its_meaning(comparisons: list[list[str]]) -> None:
    text = stored(comparisons=comparisons)
    old = protocol_from_json(text)
    assert old.as_json() == text
    assert old.sha256() == hashlib.sha256(text.encode()).hexdigest()
    assert not {"raters", "heard"} & set(protocol_toml(old).replace("=", " ").split())
    assert (old.analysis.raters, old.analysis.screened, old.screening.heard) == (None, False, None)
    assert not old.analysis.exploratory
    assert list(old.analysis.fixed(SYSTEMS)) == [tuple(pair) for pair in comparisons]


def test_all_is_stored_as_all_and_comes_back_as_all() -> None:
    for word in (ALL, NONE):
        protocol = parsed(f'[analysis]\ncomparisons = {word!r}\nraters = "all"')
        assert json.loads(protocol.as_json())["analysis"]["comparisons"] == word
        assert back(protocol) == [protocol, protocol]
    assert len(parsed("[analysis]\ncomparisons = 'all'").analysis.fixed(SYSTEMS)) == 3


def test_a_study_that_begins_from_a_frozen_one_has_todays_defaults() -> None:
    table = json.loads(stored())
    new = parse_protocol(table, "the form")
    assert (new.analysis.raters, new.analysis.comparisons) == (PASSED, NONE)
    again = tomllib.loads(protocol_toml(protocol_from_json(stored())))
    assert parse_protocol(again, "the form") == new
