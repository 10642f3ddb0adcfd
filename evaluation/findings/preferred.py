"""The findings of a study in which lists are compared two by two."""

from typing import TYPE_CHECKING

from evaluation.analysis.ears_tables import LEVELS, SCORES
from evaluation.analysis.preferred_lists import COMPARED, PreferenceAnalysis
from evaluation.figures.charts import counted
from evaluation.figures.shown import Cell, Fact, Heading, Section, Table
from evaluation.figures.study.cast import ranked, study_cast
from evaluation.figures.study.preference_figures import (
    sampled_votes,
    strengths,
    win_matrix,
    win_rates,
)
from evaluation.findings.besides_grades import remarks_of
from evaluation.findings.groups import grouped
from evaluation.findings.labels import least_cell, tau_cell
from evaluation.findings.rated import of_design, of_study
from evaluation.findings.skipped import left_fact, left_notice
from evaluation.findings.words import (
    BASIS,
    HIDES,
    basis,
    estimate_cell,
    number,
    percent,
    share_cell,
    system_table,
)
from evaluation.statistics.bradley_terry import STRENGTH, WIN_RATE
from evaluation.statistics.significance import FEW_RATERS, HIDES_MINORITY

if TYPE_CHECKING:
    import pandas as pd

LISTED = 5
"""How many pairs are named that were never compared."""
LEAST_SYSTEMS = 3
"""From how many systems on orders are correlated: two have one of two orders."""
_TWO = "{:.2f}"


def choices(of: PreferenceAnalysis) -> Section:
    """Return the section "rated"."""
    votes, sides = of.choices, of.sides
    queries = votes["query"].nunique()
    said = ", ".join(f"{name} {count:,}" for name, count in sides.items())
    sided = sides["A"] + sides["B"]
    lean = f"A in {percent(sides['A'] / sided)} of those with a preference" if sided else ""
    return Section(
        "rated",
        "What was rated",
        words=of_design(of.tables),
        notices=(*of_study(of.tables), *left_notice(of.answered, "choice")),
        facts=(
            Fact("Raters whose choices count", f"{votes['rater'].nunique()}",
                 f"{len(of.tables.raters)} invited or joined"),
            Fact("Queries", f"{queries}"),
            Fact("Choices that count", f"{len(votes):,}", f"{said}. {lean}".rstrip(". ")),
            left_fact(of.answered, "choice"),
            Fact("Lists", f"{of.protocol.depth} results",
                 f"of {counted(len(of.systems), 'system', 'systems')}"),
        ),
        parts=remarks_of(of.tables),
    )  # fmt: skip


def strengths_of(of: PreferenceAnalysis) -> Section:
    """Return the section "means"."""
    table, cast = of.table, study_cast(of.tables)
    rows = {}
    for row in table.to_dict("records"):
        strength = {
            "value": row["strength"], "low": row["strength_low"], "high": row["strength_high"],
            "reason": row["strength_reason"],
        }  # fmt: skip
        rows[row["system"]] = [
            estimate_cell(strength, _TWO),
            estimate_cell(row, _TWO),
            *(number(row[one], "{:,.0f}") for one in ("wins", "ties", "losses")),
            *basis(row),
        ]
    shown = system_table(
        ranked(cast, table.set_index("system")["value"]),
        [
            Heading(STRENGTH.title, "log odds", STRENGTH.definition),
            Heading(WIN_RATE.title, "", WIN_RATE.definition),
            Heading("Won"),
            Heading("No difference"),
            Heading("Lost"),
            *BASIS,
        ],
        rows,
        table,
        name="strengths-table",
        title="Table of the strengths",
        caption=(
            "Strengths by Bradley and Terry's model with ties and an advantage of the first place; "
            f"95 % intervals over {sampled_votes(of)}, from random weights, seed {of.seed}. Shares "
            "won with 95 % intervals, in Wilson's form."
        ),
    )
    figures = (strengths(of, cast), win_rates(of, cast), win_matrix(of, cast))
    return Section(
        "means",
        "Which lists are preferred",
        words=_few(of),
        notices=tuple(one for one in (_limits(of), _gaps(of, cast)) if one),
        parts=tuple(one for one in (*figures, shown) if one is not None),
    )


def _few(of: PreferenceAnalysis) -> tuple[str, ...]:
    """Return what so few raters can hide, where intervals are to speak for others."""
    raters = of.choices["rater"].nunique()
    if of.alone or not FEW_RATERS <= raters < HIDES_MINORITY:
        return ()
    return (HIDES.format(raters, "intervals", "", HIDES_MINORITY),)


def _limits(of: PreferenceAnalysis) -> str:
    """Return why strengths rest on a prior, in a sentence; "" where they do not."""
    reason = of.strengths.reason
    return f"{reason[0].upper()}{reason[1:]}." if reason else ""


def _gaps(of: PreferenceAnalysis, cast: "pd.DataFrame") -> str:
    """Return which pairs of systems were never compared, in a sentence; "" where all were."""
    compared = of.table.set_index("system")["votes"] > 0
    pairs = of.matrix[of.matrix["votes"] == 0]
    own = pairs[[*(pairs["system_a"].map(compared) & pairs["system_b"].map(compared))]]
    if not len(own):
        return ""
    name = cast.set_index("system")["name"]
    said = [f"{name[a]} and {name[b]}"
            for a, b in zip(own["system_a"], own["system_b"], strict=True)]  # fmt: skip
    more = f", and {len(said) - LISTED} more" if len(said) > LISTED else ""
    return (
        f"Never compared with each other: {'; '.join(said[:LISTED])}{more}. How these compare is "
        "known from their comparisons with others alone."
    )


def orders_of(of: PreferenceAnalysis) -> Section | None:
    """Return the section "labels"; None where nothing was scored by the labels."""
    table = of.orders
    if not len(table):
        return None
    count = int(table["systems"].max())
    if count < LEAST_SYSTEMS:
        words = f"How far two orders agree needs {LEAST_SYSTEMS} systems; there are {count}."
        return Section("labels", "Ears next to labels", words=(words,))
    rows = [
        [
            Cell(SCORES[row["score"]].single, row["score"]),
            Cell(LEVELS[row["level"]], row["level"]),
            *(tau_cell(row, name) for name in COMPARED),
            number(row["systems"], "{:.0f}"),
            least_cell(row["least"]),
        ]
        for row in table.to_dict("records")
    ]
    shown = Table(
        [
            Heading("By the labels", numeric=False),
            Heading("of", numeric=False),
            *(Heading(one.title, "", one.definition) for one in COMPARED.values()),
            Heading("Systems"),
            Heading("Least tau", "significant"),
        ],
        {"": rows},
        table,
        name="orders",
        title="Table of the orders' agreement",
        caption=(
            "How far the order by strength agrees with that by the labels, convention "
            f"{of.convention}. Intervals (95 %, reversed percentiles) come from random weights, "
            f"over {sampled_votes(of)}, seed {of.seed}; the labels' scores are fixed. R1 is turned "
            "round, so that a positive number means agreement."
        ),
    )
    return Section("labels", "Ears next to labels", parts=(shown,))


def families_of(of: PreferenceAnalysis) -> Section | None:
    """Return the section "groups"; None where queries have no family."""
    table, cast = of.families, study_cast(of.tables)
    if not len(table):
        return None
    shown = grouped(
        cast,
        table,
        "family",
        {one: Heading(one.replace("_", " ")) for one in sorted(table["family"].unique())},
        lambda row: estimate_cell(row, _TWO),
        name="by-family",
        title="Table of the families",
        caption="Share of comparisons won by the family of the query, with 95 % interval.",
    )
    return Section("groups", "Families", parts=(shown,))


def choosers(of: PreferenceAnalysis) -> Section:
    """Return the section "raters"."""
    rows = [
        [
            Cell(row["rater"], row["rater"]),
            number(row["votes"], "{:,.0f}"),
            number(row["queries"], "{:,.0f}"),
            share_cell(row.get("share_a"), "neither A nor B was chosen"),
            share_cell(row.get("share_none"), "nothing was chosen"),
        ]
        for row in of.raters.to_dict("records")
    ]
    shown = Table(
        [
            Heading("Rater", numeric=False),
            Heading("Choices"),
            Heading("Queries"),
            Heading("A", "of A and B", "Near one half, since the sides are random"),
            Heading("No difference"),
        ],
        {"": rows},
        of.raters,
        name="raters",
        title="Table of the raters",
        caption="What each rater chose.",
    )
    return Section("raters", "Raters", parts=(shown,))
