"""What holds for each measure of the house, of whatever kind."""

import string

import pytest

from evaluation.every_measure import EVERY_MEASURE
from evaluation.measure import Measure

MEASURES = [one for kind in EVERY_MEASURE.values() for one in kind]


def test_a_name_is_that_of_one_measure() -> None:
    names = [one.name for one in MEASURES]
    assert len(set(names)) == len(names) > 10


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.name)
def test_it_says_what_it_is(measure: Measure) -> None:
    assert measure.title
    assert measure.says[0].isupper()
    assert measure.says.endswith(".")
    assert measure.definitions
    for definition in measure.definitions.values():
        asked = {field for _, field, _, _ in string.Formatter().parse(definition) if field}
        assert asked <= set(measure.parameters)
