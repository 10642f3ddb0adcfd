"""How far raters agree, each coefficient one object: what it is called, what it says, its function.

Their functions are those of `evaluation.statistics.agreement`.
"""

from collections.abc import Mapping
from functools import partial

from evaluation.measure import Coefficient
from evaluation.statistics.agreement import (
    kappa_matrix,
    krippendorff_alpha,
    percent_agreement,
    reliability,
    retest,
)
from evaluation.statistics.within_queries import within_queries


def _alpha(level: str, apart: str) -> Coefficient:
    return Coefficient(
        f"alpha_{level}",
        f"Krippendorff's alpha, {level}",
        f"How far raters agree beyond chance, where two grades differ by {apart}.",
        "1 - observed / expected disagreement, over the grades beside which there is another's",
        interval="from draws of the queries with replacement, for these raters",
        function=partial(krippendorff_alpha, level=level),
    )


ALPHA: Mapping[str, Coefficient] = {
    level: _alpha(level, apart)
    for level, apart in (
        ("ordinal", "how many grades were given between them"),
        ("interval", "their squared difference"),
        ("nominal", "being different at all"),
    )
}
"""Level -> Krippendorff's alpha, in the order of tables; the first is the one reported first."""

KAPPA = Coefficient(
    "kappa",
    "Cohen's kappa with quadratic weights",
    "How far two raters agree beyond chance, where grades differ by their squared difference.",
    "1 - observed / expected squared difference, over what both graded",
    figure="kappas",
    function=kappa_matrix,
)
PERCENT = Coefficient(
    "percent_agreement",
    "Grades that two raters agree on",
    "The share of pairs of grades of one result that are equal, or within a tenth of the scale.",
    "Over all pairs of raters of all results",
    function=percent_agreement,
)
ICC_SINGLE = Coefficient(
    "icc_single",
    "ICC(2,1)",
    "How well one rater's grade tells results apart.",
    "Variance of results / (of results, raters and noise); two-way random, absolute agreement",
    figure="reliability",
    function=reliability,
)
ICC_PANEL = Coefficient(
    "icc_panel",
    "ICC(2,k)",
    "How well the mean grade of all raters of a result tells results apart.",
    "As ICC(2,1), with the variance of raters and noise over k, the raters of a result",
    figure="reliability",
    function=reliability,
)
ICC_WITHIN = Coefficient(
    "icc_within",
    "ICC within queries",
    "How well one rater's grade tells the results of a query apart.",
    "As ICC(2,1), from grades of the same query alone: results nested in queries",
    interval="from jackknifes over queries and raters",
    function=within_queries,
)
RETEST = Coefficient(
    "retest",
    "Raters with themselves",
    "How close the second grade of a hidden repeat is to the first.",
    "The share within a tenth of the scale, with weighted kappa and the noise of one grade",
    function=retest,
)

RATER_COEFFICIENTS = (
    *ALPHA.values(), PERCENT, KAPPA, ICC_SINGLE, ICC_PANEL, ICC_WITHIN, RETEST
)  # fmt: skip
"""All of them, in the order of the findings."""
