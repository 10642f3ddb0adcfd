"""Numbers as people read them: a minus sign, and zero without one."""

import pandas as pd
import pytest

from evaluation.figures.figure import as_csv
from evaluation.numerals import numeral


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (-0.004, "{:.2f}", "0.00"),
        (0.004, "{:+.2f}", "0.00"),
        (-0.0, "{:.0f}", "0"),
        (-0.005001, "{:.2f}", "−0.01"),
        (0.5, "{:+.2f}", "+0.50"),
        (-1234.5, "{:,.1f}", "−1,234.5"),
        (-0.0004, "{:.0%}", "0%"),
        (float("-inf"), "{:.2f}", "−inf"),
        (float("nan"), "{:.2f}", "–"),
        (None, "{:.2f}", "–"),
    ],
)
def test_zero_has_no_sign_and_what_is_below_it_a_minus(
    value: float | None, form: str, text: str
) -> None:
    assert numeral(value, form) == text


def test_a_csv_has_numbers_as_they_are_and_no_negative_zero() -> None:
    table = pd.DataFrame({"name": ["a", "b"], "value": [-0.0, -0.1234567890123], "n": [1, 2]})
    assert as_csv(table) == "name,value,n\na,0.0,1\nb,-0.1234567890123,2\n"
