"""Cases of which every run looks at some, and ``make test-long`` at all."""

from collections.abc import Iterable
from typing import Any

import pytest


def chosen(cases: Iterable[Any], *here: Any) -> list[Any]:
    """Return the cases for a parametrised test: `here` stay in ``make test``, the rest is long.

    Raises ValueError where there is no case that stays.
    """
    cases = list(cases)
    if missing := [one for one in here if one not in cases]:
        raise ValueError(f"there is no case {missing[0]!r}")
    return [one if one in here else pytest.param(one, marks=pytest.mark.long) for one in cases]
