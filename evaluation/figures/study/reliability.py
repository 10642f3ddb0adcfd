"""Figures of the G-study: what scores vary by, and how sure more queries or raters would be."""

from typing import TYPE_CHECKING, Any

from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import BARE, counted, labels, titled
from evaluation.figures.figure import PALETTE, Figure
from evaluation.figures.study.sentences import in_words, joined, panel_size, worded

if TYPE_CHECKING:
    import pandas as pd

PARTS = {
    "system": "Systems",
    "query": "Queries: some are easier for all",
    "rater": "Raters: some are kinder to all",
    "query+system": "Systems × queries: who is better depends on the query",
    "rater+system": "Systems × raters: who is better depends on the rater",
    "query+rater": "Queries × raters: raters differ on the same query",
    "query+rater+system": "All three together, and error",
}
"""The components of variance in words, in the order in which they are shown."""

MORE_QUERIES, MORE_RATERS = 10, 2
"""What the caption asks about."""

_RATERS = 20
_LINES = ("dot", "solid", "dash", "dashdot")
_ROUGH = (
    "All of it rests on the variance between {systems}: with few systems it is rough, and it has "
    "no interval."
)


def reliability_curves(of: PanelResults) -> Figure | None:
    """Return the figure "reliability": the expected reliability of the order of the systems, by
    the number of raters, for several numbers of queries; None where it is undefined, or the study
    is too small to tell of others (`evaluation.statistics.within_queries`)."""
    study = of.generalizability
    if study.own is None or of.within.reason:
        return None
    table = _by_size(of)
    return Figure(
        name="reliability",
        title="What more queries or raters would bring",
        caption=joined(
            f"Expected reliability of the order of the systems by {worded(of, 'mean grade')} "
            "(generalizability coefficient: 1 is the order that all queries and all raters like "
            "these would give), from the variance components of this study.",
            "The curves are for complete designs, with so many raters for every query.",
            f"The point is this study as it is, {_size(of)}: {in_words(study.own)}.",
            _answers(of),
            _components(of),
            _ROUGH.format(systems=_systems(of)),
            panel_size(of),
        ),
        table=table,
        plot=_curves(of, table),
        simulated=_is_of_simulated(of),
    )


def _size(of: PanelResults) -> str:
    """Return how large the study is: "with 20 queries and 12 raters, 3 of them for a query"."""
    study = of.generalizability
    size = (
        f"with {counted(study.queries, 'query', 'queries')} and "
        f"{counted(study.raters, 'rater', 'raters')}"
    )
    if study.per_query == study.raters:
        return size
    return f"{size}, {study.per_query:.3g} of them for a query on average"


def _answers(of: PanelResults) -> str:
    """Return what more queries, and more raters, would bring to a complete design."""
    study, each = of.generalizability, of.generalizability.per_query
    queries = study.reliability(study.queries + MORE_QUERIES, each) or 0.0
    raters = study.reliability(study.queries, each + MORE_RATERS) or 0.0
    better = "the queries" if queries > raters else "the raters"
    verdict = f": {better} bring more" if round(queries, 3) != round(raters, 3) else ""
    form = "{:.3f}"
    return (
        f"In a complete design, where each rater judges every query, {MORE_QUERIES} more queries "
        f"would give {in_words(queries, form)} and {MORE_RATERS} more raters "
        f"{in_words(raters, form)}, from {in_words(study.reliability(study.queries, each), form)} "
        f"with {counted(study.queries, 'query', 'queries')} and {each:.3g} "
        f"{'rater' if each == 1 else 'raters'}{verdict}."
    )


def _components(of: PanelResults) -> str:
    """Return the components that move the order, in a sentence."""
    parts = of.generalizability.parts
    own, by_query, by_rater, rest = (
        f"{parts[name]:.3g}"
        for name in ("system", "query+system", "rater+system", "query+rater+system")
    )
    return (
        f"Variance in {worded(of, 'squared grades')}: {own} between systems, {by_query} by how "
        f"systems fare with queries, {by_rater} by how raters take to systems, {rest} by all three "
        "and error."
    )


def _by_size(of: PanelResults) -> "pd.DataFrame":
    """Return a row a size of a study: queries, raters of each, reliability, this_study.

    This study's own row is the last one; all others are of complete designs.
    """
    import pandas as pd

    study = of.generalizability
    several = sorted({max(study.queries // 2, 1), *(study.queries * one for one in (1, 2, 4))})
    rows: list[tuple[int, float, float | None]] = [
        (queries, raters, study.reliability(queries, raters))
        for queries in several
        for raters in range(1, max(_RATERS, 2 * study.raters) + 1)
    ]
    rows.append((study.queries, study.per_query, study.own))
    table = pd.DataFrame(rows, columns=["queries", "raters", "reliability"])
    return table.assign(this_study=[False] * (len(rows) - 1) + [True])


def _curves(of: PanelResults, table: "pd.DataFrame") -> dict[str, Any]:
    study, data = of.generalizability, []
    for number, (queries, own) in enumerate(table[~table["this_study"]].groupby("queries")):
        here = " (as now)" if queries == study.queries else ""
        data.append(
            {
                "type": "scatter", "mode": "lines", "x": own["raters"].to_numpy(),
                "y": own["reliability"].to_numpy(float),
                "line": {"color": PALETTE[number], "dash": _LINES[number], "width": 2.5},
                "name": counted(queries, "query", "queries") + here,
                "hovertemplate": f"{queries} × %{{x}} raters: %{{y:.3f}}<extra></extra>",
            }
        )  # fmt: skip
    data.append(
        {
            "type": "scatter", "mode": "markers", "x": [study.per_query], "y": [study.own],
            "marker": {"size": 12, "color": PALETTE[4], "symbol": "diamond"}, "name": "this study",
            "hovertemplate": "this study: %{y:.3f}<extra></extra>",
        }
    )  # fmt: skip
    return {
        "data": data,
        "layout": {
            "xaxis": {"title": titled("Raters for every query"),
                      "range": [0, int(table["raters"].max()) + 0.5],
                      "fixedrange": True, "zeroline": False},
            "yaxis": {"title": titled("Expected reliability"), "range": [0, 1.04],
                      "fixedrange": True},
            "height": 420, "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "meta": {"least_width": 400, "most_width": 860},
        },
    }  # fmt: skip


def variance_parts(of: PanelResults) -> Figure | None:
    """Return the figure "variance": what share of the variance of scores each source has.

    None where it is undefined, or nothing varies.
    """
    import pandas as pd

    parts = of.generalizability.parts
    whole = sum(parts.values())
    if not whole:
        return None
    rows = [(name, words, parts[name], parts[name] / whole) for name, words in PARTS.items()]
    table = pd.DataFrame(rows, columns=["component", "meaning", "variance", "share"])
    return Figure(
        name="variance",
        title="What scores vary by",
        caption=joined(
            f"Share of each component in the variance of a rater's {worded(of, 'mean grade')} of a "
            "system's list for a query (crossed design, by moments; estimates below 0 count as 0).",
            "What is common to all systems, such as easy queries and kind raters, leaves their "
            "order as it is; what goes with systems blurs it.",
            _ROUGH.format(systems=_systems(of)),
            panel_size(of),
        ),
        table=table,
        plot=_shares(table, worded(of, "squared grades")),
        simulated=_is_of_simulated(of),
    )


def _shares(table: "pd.DataFrame", unit: str) -> dict[str, Any]:
    own = labels([name.replace(": ", " · ") for name in table["meaning"]])
    said = [f"{variance:.4g} {unit}" for variance in table["variance"]]
    bars = {
        "type": "bar", "orientation": "h", "x": table["share"].to_numpy(),
        "y": list(range(len(table))), "marker": {"color": PALETTE[0]}, "width": 0.7,
        "text": [f"{share:.1%}" for share in table["share"]], "textposition": "outside",
        "textangle": 0, "cliponaxis": False, "hovertext": said, "hoverinfo": "text",
    }  # fmt: skip
    return {
        "data": [bars],
        "layout": {
            "xaxis": {"title": titled("Share of the variance"), "fixedrange": True,
                      "tickformat": ".0%", "range": [0, 1.18 * float(table["share"].max())]},
            "yaxis": BARE | {"tickvals": list(range(len(table))), "ticktext": own.texts,
                             "range": [len(table) - 0.4, -0.6]},
            "height": own.row * len(table) + 80, "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "showlegend": False,
            "meta": {"least_width": own.width + 200, "most_width": 860},
        },
    }  # fmt: skip


def _systems(of: PanelResults) -> str:
    return counted(len(of.ratings.systems), "system", "systems")


def _is_of_simulated(of: PanelResults) -> bool:
    systems = of.tables.systems
    return any(systems[one]["provenance"] == "simulated" for one in of.ratings.systems)
