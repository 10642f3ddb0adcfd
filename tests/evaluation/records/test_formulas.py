"""Cells that strangers fill: none runs in a spreadsheet, and all read back as they were typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.records.formulas import as_typed, harmless, would_run

RUNS = ["=1+1", "+1+1", "-2+3", "@SUM(1)", "\tx", "\r=1", "\n=1", " =1+1", "-", "\uff1d1+1", "=-"]


@pytest.mark.parametrize("text", RUNS)
def test_what_would_run_gets_an_apostrophe(text: str) -> None:
    assert would_run(text)
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "5f0001", "-5", "+1.5e-3", "-0,5", "a=1", "'tis", "1-2", "?"])
def test_what_would_not_run_stays(text: str) -> None:
    assert not would_run(text)
    assert harmless(text) == text


@given(st.text() | st.text("'=+-@ \t\r\n1.", max_size=5))
def test_one_apostrophe_less_is_what_was_typed(text: str) -> None:
    assert not would_run(harmless(text))
    assert as_typed(harmless(text)) == text
