"""What a study of whole lists says beside the rest: do raters hear the ends of the scale?"""

from evaluation.analysis.rated_lists import RatingAnalysis
from evaluation.figures.shown import Cell, Fact, Heading, Section, Table, number
from evaluation.findings.view import View
from evaluation.findings.words import (
    BASIS,
    basis,
    estimate_cell,
    known_cell,
    share_cell,
    spread,
)

_NOT_BOTH = "no block has ratings of both"
"""Why what a rater says of the anchors is missing."""


def anchors(view: View) -> Section | None:
    """Return the section "anchors"; None where single results were graded, or there are none."""
    of = view.of
    if not isinstance(of, RatingAnalysis) or not len(of.anchors):
        return None
    apart = of.anchors_apart
    fact = Fact(
        "The labels' own list above the random one",
        spread(apart.value, apart.low, apart.high, view.form),
        apart.reason or "grades",
    )
    rows = [
        [Cell(row["title"], row["title"].lower()), estimate_cell(row, view.form), *basis(row)]
        for row in of.anchors.to_dict("records")
    ]
    table = Table(
        [Heading("List", numeric=False), Heading("Mean rating"), *BASIS],
        {"": rows},
        of.anchors,
        name="anchors",
        title="Table of the anchors",
        caption="Mean rating of the lists that mark the ends of the scale, with 95 % interval.",
    )
    return Section(
        "anchors",
        "The ends of the scale",
        words=(
            "Hidden among the lists are the best that labels can make, and a random one. Who hears "
            "no difference between them cannot tell systems apart.",
        ),
        facts=(fact,),
        parts=(table, *_by_rater(of, view.form)),
    )


def _by_rater(of: RatingAnalysis, form: str) -> list[Table]:
    table = of.anchors_by_rater
    if not len(table):
        return []
    rows = [
        [
            Cell(row["rater"], row["rater"]),
            number(row["blocks"], "{:.0f}"),
            known_cell(row["labels"], form, _NOT_BOTH),
            known_cell(row["random"], form, _NOT_BOTH),
            share_cell(row["above"], _NOT_BOTH),
        ]
        for row in table.to_dict("records")
    ]
    return [
        Table(
            [
                Heading("Rater", numeric=False),
                Heading("Blocks"),
                Heading("Labels' list"),
                Heading("Random list"),
                Heading("Above", "", "Blocks in which the labels' list has the higher rating"),
            ],
            {"": rows},
            table,
            name="anchors-by-rater",
            title="Table of the anchors by rater",
            caption="The mean ratings of the anchors by each rater, in blocks with both.",
            folded=True,
        )
    ]
