"""Intervals of shares that stay within [0, 1]."""

from dataclasses import replace

import numpy as np

from evaluation.statistics.significance import BOTH, BY_COMPONENTS, Estimate, estimate

WILSONS = f"{BY_COMPONENTS}, in Wilson's form"
"""Where the interval of a `share` comes from."""

_NORMAL = 1.959963984540054  # the 97.5 % quantile


def share(table: np.ndarray, *, alone: bool = False) -> Estimate:
    """Return the mean of shares, float [raters, queries] in [0, 1], with Wilson's interval.

    As `evaluation.statistics.significance.estimate`, but for the interval, which is Wilson's for as
    many independent choices as would be as sure (E. L. Korn and B. I. Graubard, Confidence
    intervals for proportions with small expected number of positive counts estimated from survey
    data, Survey Methodology 24, 1998). Where nothing varies, how sure it is cannot be told; then
    each query, or each rater if they are fewer and sampled, too, counts as one choice.
    """
    found = estimate(table, alone=alone)
    if found.value is None or found.queries < 2:
        return found
    value = min(max(found.value, 0.0), 1.0)  # rounding leads out
    if found.high is not None:
        low, high = wilson(value, found.high - value)
        return replace(found, low=low, high=high)
    count = min(found.queries, found.raters) if found.scope == BOTH else found.queries
    what = "raters" if count < found.queries else "queries"
    half = _NORMAL * (value * (1 - value) / count) ** 0.5
    low, high = wilson(value, half, _NORMAL**2 / count)
    reason = f"nothing varies; the interval is Wilson's of {count} {what}"
    return replace(found, value=value, low=low, high=high, reason=reason)


def wilson(value: float, half: float, squared: float | None = None) -> tuple[float, float]:
    """Return the ends of Wilson's interval of a share, in [0, 1].

    Parameters
    ----------
    value : the share, in [0, 1]
    half : half of its symmetric interval: the quantile times the standard error
    squared : the squared quantile over the number of independent choices; from `half` unless told,
        which a share of 0 or 1 has to
    """
    if squared is None:
        squared = half**2 / (value * (1 - value))
    middle = (value + squared / 2) / (1 + squared)
    apart = (half**2 + squared**2 / 4) ** 0.5 / (1 + squared)
    return max(middle - apart, 0.0), min(middle + apart, 1.0)
