"""How a number is written wherever people read it: on pages, in files, in captions."""

import re

MINUS, UNDEFINED = "−", "–"
_SOMETHING = re.compile("[1-9in]")  # a digit that is not 0, infinity, NaN


def numeral(value: float | None, form: str) -> str:
    """Return a number by a format such as "{:.2f}", with a minus sign where it is below zero.

    What is zero with the digits that are shown has no sign: neither "-0.00" nor "+0.00". "–" stands
    for None and NaN.
    """
    if value is None or value != value:
        return UNDEFINED
    text = form.format(value)
    if text[:1] in ("-", "+") and not _SOMETHING.search(text):
        text = text[1:]
    return text.replace("-", MINUS)
