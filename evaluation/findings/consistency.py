"""How far the raters agree, with each other and with themselves, and what sways them."""

from typing import TYPE_CHECKING

from evaluation.analysis.graded import Analysis
from evaluation.analysis.rater_effects import Sway
from evaluation.figures.shown import Cell, Fact, Heading, Section, Table, number
from evaluation.figures.study.agreement_figures import (
    grade_histogram,
    rater_kappas,
    reliability_curves,
    variance_parts,
)
from evaluation.findings.view import View
from evaluation.findings.words import p_cell, percent, sorted_by, spread
from evaluation.numerals import numeral
from evaluation.statistics.agreement import Measured, raters_needed
from evaluation.statistics.rater_coefficients import (
    ALPHA,
    ICC_PANEL,
    ICC_SINGLE,
    ICC_WITHIN,
    PERCENT,
    RETEST,
)
from evaluation.statistics.within_queries import WithinQueries

if TYPE_CHECKING:
    from evaluation.analysis.panel import PanelResults

WANTED = 0.8
"""The reliability of a mean grade for which the raters are counted."""
_TWO = "{:.2f}"


def consistency(view: View) -> Section:
    """Return the section "agreement"."""
    of = view.of
    figures = (
        grade_histogram(of), rater_kappas(of), reliability_curves(of), variance_parts(of)
    )  # fmt: skip
    facts = [_alpha(of, "ordinal"), _percent(of), *_reliability(of)]
    if view.graded:
        facts += _retest(view.graded, view.form)
    facts += [
        _sway("From the first to the last place of a block", of.position, view.form),
        _sway("From a rater's first to the last minute", of.fatigue, view.form),
    ]
    tables = [_levels(of), _parts(of)]
    return Section(
        "agreement",
        "Do the raters agree?",
        words=(
            "Alpha is near zero where nearly all grades are alike, however well raters agree: look "
            "at the grades and at the share of equal ones, too. For grades of similarity it is "
            "usually lower than for facts.",
        ),
        facts=tuple(facts),
        parts=tuple(one for one in (*figures, *tables) if one is not None),
    )


def _alpha(of: "PanelResults", level: str) -> Fact:
    one = of.alpha[level]
    note = f"{one.count:,} grades beside which there is another rater's"
    if one.low is not None:
        note = f"for these raters, not for others like them: the interval draws queries; {note}"
    return Fact(ALPHA[level].title, _measured(one), one.reason or note)


def _percent(of: "PanelResults") -> Fact:
    one = of.percent
    note = f"equal; {percent(one.close)} within a tenth of the scale; {one.pairs:,} pairs of grades"
    return Fact(PERCENT.title, percent(one.equal), note)


def _reliability(of: "PanelResults") -> list[Fact]:
    one, within = of.reliability, of.within
    if one.single is None:
        return [Fact("Intraclass correlation", "–", one.reason)]
    thing = "sound" if isinstance(of, Analysis) else "list"
    return [
        Fact(
            f"{ICC_SINGLE.title}, of one rater",
            numeral(one.single, _TWO),
            "absolute agreement",
        ),
        Fact(
            f"{ICC_PANEL.title}, of the mean of {one.raters:.1f} raters",
            numeral(one.panel, _TWO),
        ),
        Fact(
            f"{ICC_WITHIN.title}, of one rater",
            spread(within.value, within.low, within.high, _TWO),
            within.reason
            if within.value is None
            else f"how a rater tells the {thing}s of one "
            "query apart, which strong queries do not flatter",
        ),
        Fact(f"Raters a {thing} for {WANTED:g}", *_needed(within)),
    ]


def _needed(within: WithinQueries) -> tuple[str, str]:
    """Return how many raters are needed, in words, and from what that is known.

    "–" and what is missing where the study is too small to tell.
    """
    if within.reason or within.value is None:
        return "–", f"{within.reason}; so nothing is said of more queries or raters"
    needed, most, least = (
        raters_needed(icc or 0.0, WANTED) for icc in (within.value, within.low, within.high)
    )
    return f"{needed}", (
        f"by Spearman and Brown from the {ICC_WITHIN.title}; by its interval {least} to {most}"
    )


def _retest(of: Analysis, form: str) -> list[Fact]:
    one = of.retests[""]
    if not one.pairs:
        return [Fact("Repeats", "–", "nothing was graded again")]
    kappa = "" if one.kappa is None else f", weighted kappa {numeral(one.kappa, _TWO)}"
    noise = "" if one.noise is None else f", noise of one grade {numeral(one.noise, form)}"
    note = f"within a tenth of the scale, of {one.pairs} repeats{kappa}{noise}"
    return [Fact(RETEST.title, percent(one.close), note)]


def _sway(name: str, one: Sway, form: str) -> Fact:
    if one.value is None:
        return Fact(name, "–", one.reason)
    p = p_cell(one.p).text
    return Fact(
        name,
        f"{'+' if one.value > 0 else ''}{spread(one.value, one.low, one.high, form)}",
        f"grades, beside the other raters of the same; p {p if p[0] == '<' else '= ' + p}",
    )


def _levels(of: "PanelResults") -> Table:
    import pandas as pd

    rows = [
        {
            "level": level, "alpha": one.value, "low": one.low, "high": one.high,
            "grades": one.count, "reason": one.reason,
        }
        for level, one in of.alpha.items()
    ]  # fmt: skip
    return Table(
        [Heading("Grades as", numeric=False), Heading("Alpha"), Heading("Grades")],
        {
            "": [
                [
                    Cell(level, level),
                    Cell(_measured(one), sorted_by(one.value), numeric=True, note=one.reason),
                    number(one.count, "{:,.0f}"),
                ]
                for level, one in of.alpha.items()
            ]
        },
        pd.DataFrame(rows),
        name="alpha",
        title="Table of Krippendorff's alpha",
        caption=(
            "Krippendorff's alpha, with 95 % intervals from 2,000 draws of the queries where they "
            f"can be had (seed {of.seed}), which speak for these raters and not for others like "
            "them: grades as ranks, as numbers, as names. Only what two raters or more graded "
            "counts."
        ),
        folded=True,
    )  # fmt: skip


_NAMES = {
    "system": "systems",
    "query": "queries",
    "rater": "raters",
    "query+system": "queries × systems",
    "rater+system": "raters × systems",
    "query+rater": "queries × raters",
    "query+rater+system": "all three, and noise",
}


def _parts(of: "PanelResults") -> Table | None:
    import pandas as pd

    found = of.generalizability
    if not found.parts:
        return None
    whole = sum(found.parts.values()) or 1.0
    names = [one for one in _NAMES if one in found.parts]
    rows = [
        [
            Cell(_NAMES[name], _NAMES[name]),
            number(found.parts[name], "{:.2f}"),
            Cell(percent(found.parts[name] / whole), found.parts[name], numeric=True),
        ]
        for name in names
    ]
    return Table(
        [Heading("What varies", numeric=False), Heading("Variance"), Heading("Share")],
        {"": rows},
        pd.DataFrame(
            {
                "component": names,
                "variance": [found.parts[one] for one in names],
                "share": [found.parts[one] / whole for one in names],
            }
        ),
        name="variance-components",
        title="Table of the variance components",
        caption=(
            "What the scores of the systems vary by, in squared grades: a G-study of "
            f"{found.queries} queries and {found.raters} raters. Components below zero stand as "
            "zero."
        ),
        folded=True,
    )


def _measured(one: Measured) -> str:
    return spread(one.value, one.low, one.high, _TWO)
