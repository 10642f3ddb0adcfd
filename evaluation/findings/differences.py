"""Which systems differ: effects first, tests beside them, each with what it speaks for."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluation.analysis.result_tables import MOST_TESTED
from evaluation.figures.charts import counted
from evaluation.figures.shown import Cell, Fact, Heading, Section, Table
from evaluation.figures.study.critical import critical_difference
from evaluation.figures.study.own_dots import own_dots
from evaluation.figures.study.pairs import pair_matrix
from evaluation.findings.view import View, of_whom
from evaluation.findings.words import (
    HIDES,
    estimate_cell,
    missing,
    p_cell,
    spread,
    system_cell,
    undefined,
)
from evaluation.statistics.pair_tests import FRIEDMAN, KENDALL_W, PAIR_TESTS, RANK_TESTS, PairTest
from evaluation.statistics.significance import HIDES_MINORITY

if TYPE_CHECKING:
    import pandas as pd

WAIT = (
    "Tests wait until the study is closed: whoever looks at them while it runs, and stops when "
    "they come out well, finds differences that are not there."
)
PEEKED = (
    "You are looking at tests of a study that still runs. If what you see decides when it ends, "
    "its p values are too small: report how often you looked, or fix the end beforehand."
)
_PLAIN = "{:.2f}"


def differences(view: View) -> Section:
    """Return the section "differences"; without its tests while they wait."""
    title = "Differences between systems"
    if not view.tests:
        return Section("differences", title, notices=(WAIT,))
    of, cast = view.of, view.cast
    own = own_dots(of, cast) if view.hides_minority else None
    figures = (pair_matrix(of, cast), own, critical_difference(of, cast))
    return Section(
        "differences",
        title,
        words=(*_words(view), *_about_model(view)),
        notices=(PEEKED,) if of.tables.state == "open" else (),
        facts=_ranks(view),
        parts=tuple(one for one in (*figures, _pairs(view), *_model(view)) if one is not None),
    )


def _words(view: View) -> tuple[str, ...]:
    protocol = view.of.protocol
    if not len(view.of.pairs):
        return ("It takes two systems to have a difference.",)
    said = [*_family(view), *_whose(view)]
    first = protocol.scale.facets[0].name
    if view.of.facet.name != first:
        said.append(f"The protocol's analysis is of the facet {first}: all here is exploratory.")
    if view.mixed:
        said.append(
            "Simulated systems are compared with others here, and are in the same tests and in "
            "the same rule of Holm."
        )
    if view.alone:
        why = "With so few raters" if view.few else "As chosen here,"
        said.append(f"{why} every p value speaks for these raters alone.")
    if view.hides_minority:
        raters = int(view.of.raters["ratings"].gt(0).sum())
        what = "intervals and p values", ": look at each rater's own differences"
        said.append(HIDES.format(raters, *what, HIDES_MINORITY))
    return tuple(said)


def _whose(view: View) -> tuple[str, ...]:
    """Return whose grades are compared, where the protocol says who is primary."""
    if view.graded is None or view.of.protocol.analysis.raters is None:
        return ()
    return (f"Differences and p values are of {view.of.whose}.",)


def _family(view: View) -> Iterator[str]:
    """Yield which pairs were fixed beforehand, and over how many Holm's rule adjusts."""
    plan, systems, tested = view.of.protocol.analysis, view.of.protocol.systems, len(view.of.pairs)
    fixed = len(plan.fixed(systems))
    others = len(systems) * (len(systems) - 1) // 2 - fixed
    pairs = counted(fixed or tested, "pair", "pairs")
    one = "there is one pair, and nothing for Holm's rule to adjust"
    if plan.exploratory:
        over = one if tested == 1 else f"Holm's rule adjusts p values over all {pairs}"
        yield (
            "The protocol fixed no comparisons beforehand: whatever is found here is exploratory. "
            f"{over[0].upper()}{over[1:]}."
        )
    elif not fixed:
        over = f"so that Holm's rule adjusts p values over all {pairs}"
        yield f"The protocol fixed no comparisons, {f'but {one}' if tested == 1 else over}."
    elif fixed == 1 and not others:
        yield f"The protocol fixed the comparison beforehand; {one}."
    elif not others:
        yield f"The protocol fixed all {pairs} beforehand; Holm's rule adjusts p values over them."
    else:
        rule = "Holm's rule adjusts p values over them" if fixed > 1 else "its p needs no adjusting"
        yield f"The protocol fixed {counted(fixed, 'comparison', 'comparisons')}; {rule}."
        if tested <= fixed:
            yield f"The other {counted(others, 'pair', 'pairs')} are not tested."
        else:
            yield (
                "All other pairs are exploratory: their p values are not adjusted, and find "
                "differences too easily."
            )


def _ranks(view: View) -> tuple[Fact, ...]:
    found = view.of.ranks
    if found.reason:
        return (Fact(FRIEDMAN.title, "–", found.reason),)
    dropped = f", {found.dropped} incomplete ones left out" if found.dropped else ""
    p = p_cell(found.p).text
    return (
        Fact(
            f"{FRIEDMAN.title} ({'all orders counted' if found.exact else 'Iman and Davenport'})",
            f"p {p if p.startswith('<') else '= ' + p}",
            f"for these raters; {found.queries} queries{dropped}",
        ),
        Fact(KENDALL_W.title, spread(found.agreement, None, None, _PLAIN), "1: every query agrees"),
    )


def _pairs(view: View) -> Table | None:
    table = view.of.pairs
    if not len(table):
        return None
    titles = view.cast.set_index("system")
    places = {name: place for place, name in enumerate(view.of.ratings.systems)}
    ranks = view.of.ranks
    groups: dict[str, list[list[Cell]]] = {}
    extra: dict[str, list[float | None]] = {f"p_{name}": [] for name in RANK_TESTS}
    for row in table.to_dict("records"):
        at = places[row["system_a"]], places[row["system_b"]]
        for name, one in RANK_TESTS.items():
            values = one.p(ranks)
            value = values[at] if values.size else np.nan
            extra[f"p_{name}"].append(None if np.isnan(value) else float(value))
        row |= {name: values[-1] for name, values in extra.items()}
        groups.setdefault(_group(view, row), []).append(_pair(view, row, titles))
    return Table(
        _headings(view),
        dict(sorted(groups.items())),
        _with_kinds(table, titles).assign(**extra),
        name="pairs",
        title="Table of the differences",
        caption=(
            f"The first system less the second by {view.of.primary.measure.title}, with 95 % "
            f"interval and the p value that it gives; {of_whom(view.of)}. The tests on the "
            "right speak for these raters alone: where raters differ in which system they like, "
            "they find differences too often. Permutations: seed "
            f"{view.of.seed}. {_over(view)}. {view.of.primary.definition}."
        ),
        folded=len(table) > MOST_TESTED // 4,
    )


_HERE = "these raters"
_ALL = "adjusted by itself, over all pairs of systems"


def _over(view: View) -> str:
    """Return over how many comparisons Holm's rule adjusts the p values of the table."""
    plan, count = view.of.protocol.analysis, int(view.of.pairs["holm_over"].iloc[0])
    which = "fixed by the protocol" if plan.fixed(view.of.protocol.systems) else "of all systems"
    return f"Holm's rule is over {counted(count, 'comparison', 'comparisons')} {which}"


def _headings(view: View) -> list[Heading]:
    scope = _HERE if view.alone else "queries and raters"
    over, count = _over(view), int(view.of.pairs["holm_over"].iloc[0])
    return [
        Heading("System", numeric=False),
        Heading("less", numeric=False),
        Heading("Difference"),
        Heading("p", scope, "From the interval; not adjusted"),
        Heading("p", f"Holm over {count}", f"Adjusted: {over}"),
        *(
            Heading(
                one.title, f"{_HERE}, Holm over {count}" if one.adjusted else _HERE,
                f"{one.definition}; {over if one.adjusted else _ALL}",
            )
            for one in PAIR_TESTS.values()
        ),
        *(Heading(one.title, _HERE, f"{one.definition}; {_ALL}") for one in RANK_TESTS.values()),
    ]  # fmt: skip


def _group(view: View, row: Mapping[str, Any]) -> str:
    plan = view.of.protocol.analysis
    if not plan.exploratory and not plan.fixed(view.of.protocol.systems):
        return ""
    return "Exploratory: not in the protocol" if row["exploratory"] else "As the protocol says"


def _pair(view: View, row: Mapping[str, Any], titles: "pd.DataFrame") -> list[Cell]:
    form = view.form if view.of.primary.measure.in_grades else _PLAIN
    ranks = view.of.ranks.reason or "a system has no rank"
    return [
        *_both(row, titles),
        estimate_cell(row, form),
        p_cell(row["p"], row["reason"] or ""),
        _adjusted(row, "p", row["reason"]),
        *(_tested(row, one) for one in PAIR_TESTS.values()),
        *(p_cell(row[f"p_{name}"], undefined(row[f"p_{name}"], ranks)) for name in RANK_TESTS),
    ]


def _tested(row: Mapping[str, Any], test: PairTest) -> Cell:
    if test.adjusted:
        return _adjusted(row, f"p_{test.name}", row["test_reason"])
    p = row[f"p_{test.name}"]
    return p_cell(p, undefined(p, "nothing varies, or fewer than two queries have every system"))


def _adjusted(row: Mapping[str, Any], column: str, reason: str) -> Cell:
    """Return the cell of a p value by Holm's rule; of what is in no family, why, and its own p."""
    p, own = row[f"{column}_holm"], row[column]
    if missing(p) and not missing(own):
        return p_cell(None, f"not in the protocol; by itself, not adjusted: {p_cell(own).text}")
    return p_cell(p, reason or "")


def _about_model(view: View) -> tuple[str, ...]:
    """Return why a mixed model that was fitted is not shown."""
    found = view.model
    if not found or (found["current"] and found["pairs"]):
        return ()
    if not found["current"]:
        return ("The mixed model was fitted before the last judgement: fit it again.",)
    return (f"The mixed model could not be fitted: {found['reason']}.",)


def _model(view: View) -> list[Table | None]:
    """Return what the mixed model says of the pairs, where it was fitted and nothing came since."""
    found = view.model
    if not found or not found["current"] or not found["pairs"]:
        return []
    import pandas as pd

    titles = view.cast.set_index("system")
    table = _with_kinds(pd.DataFrame(found["pairs"]), titles)
    span = view.of.facet.highest - view.of.facet.lowest
    table[["low", "high"]] = table[["low", "high"]].clip(-span, span)
    rows = [
        [
            *_both(row, titles),
            estimate_cell(row, view.form),
            p_cell(row["p"]),
        ]
        for row in table.to_dict("records")
    ]
    return [
        Table(
            [Heading("System", numeric=False), Heading("less", numeric=False),
             Heading("Difference"), Heading("p", "not adjusted")],
            {"": rows},
            table,
            name="mixed-model",
            title="Table of the mixed model",
            caption=(
                f"The mixed model of the mean grades, {found['formula']}, by restricted maximum "
                f"likelihood (statsmodels {found['statsmodels']}): {found['rows']:,} scores, "
                f"{found['queries']} queries, {found['raters']} raters. By the normal "
                "approximation, which is too sure of itself with few raters or queries. All pairs "
                "are shown, unadjusted, whichever the protocol named."
            ),
            folded=True,
        )
    ]  # fmt: skip


def _with_kinds(table: "pd.DataFrame", titles: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table of pairs with the provenances of both."""
    kinds = {f"provenance_{one}": table[f"system_{one}"].map(titles["provenance"]) for one in "ab"}
    return table.assign(**kinds)


def _both(row: Mapping[str, Any], titles: "pd.DataFrame") -> list[Cell]:
    return [system_cell(titles.loc[row[f"system_{one}"]].to_dict()) for one in "ab"]
