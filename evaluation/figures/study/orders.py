"""The systems' orders side by side: by labels and by ears, and under labels corrected by ears."""

from typing import TYPE_CHECKING

import numpy as np

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.figures.charts import counted, is_simulated
from evaluation.figures.figure import Figure
from evaluation.figures.study.sentences import (
    in_words,
    is_of_lists,
    joined,
    one_test,
    panel_size,
    trained,
    without,
)
from evaluation.figures.study.slopes import FAR, places, slopes
from evaluation.objective.definitions import wording
from evaluation.statistics.correlation import tau_b

if TYPE_CHECKING:
    import pandas as pd

_KEPT = ["system", "title", "provenance", "trained_on"]
_FAR = (
    f"A thick line is a system that moves by {FAR} places or more from one column to the next; "
    "equal values share the mean of their places."
)
RELABELLED = {"labels": "labels", "ears": "ears", "both": "labels and ears"}
"""The rules of relevance from left to right (`relabelling.RELABELLINGS`), in words."""


def rank_slopes(of: PanelResults, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "slopes": the order of the systems by labels, by ears, by labels.

    None where fewer than two systems have both a grade and a score. `cast` is as `study_cast`
    returns it.
    """
    table = cast.merge(of.beside, on="system", how="left").astype({"value": float})
    word = "rating" if is_of_lists(of) else "grade"
    kind = wording("map@15", of.convention).kind.removeprefix("class-wise, ")
    heads = {
        "own_ap15": f"AP@15, study's<br>queries ({kind})",
        "value": f"Ears:<br>mean {word}",
        "collection_ap15": f"MAP@15, whole<br>collection ({kind})",
    }
    shown = [name for name in heads if (table[name].notna() & table["value"].notna()).sum() > 1]
    drawn = table[table[shown].notna().all(axis=1)].reset_index(drop=True)
    if len(shown) < 2 or len(drawn) < 2:
        return None
    drawn = places(drawn, shown)
    columns = {f"place_{name}": heads[name] for name in shown}
    ranks = drawn.assign(**{f"place_{name}": drawn[name] for name in columns})
    return Figure(
        name="slopes",
        title="The order of the systems by labels and by ears",
        caption=joined(
            f"Places of {counted(len(drawn), 'system', 'systems')} by the labels and by the mean "
            f"{word} (convention {of.convention}); 1 is the best.",
            _apart(drawn),
            _FAR,
            f"Places have no intervals: how sure they are is said by the intervals of the {word}s.",
            trained(drawn),
            without(table[~table["system"].isin(drawn["system"])], "a value is missing"),
            panel_size(of),
        ),
        table=drawn[[*_KEPT, *shown, *columns]],
        plot=slopes(ranks, columns, ranks=True, form="{:g}"),
        simulated=is_simulated(drawn),
    )


def relabelled_slopes(of: Analysis, cast: "pd.DataFrame") -> Figure | None:
    """Return the figure "relabelled": AP under the labels, the ears and both.

    None where no system has a value under all of them. `cast` is as `study_cast` returns it.
    """
    table = cast.merge(of.relabelled, on="system", how="left")
    columns = {f"ap_{rule}": f"By {words}" for rule, words in RELABELLED.items()}
    drawn = table[table[list(columns)].notna().all(axis=1)].reset_index(drop=True)
    if drawn.empty:
        return None
    drawn = places(drawn, columns)
    depth = of.ratings.depth
    return Figure(
        name="relabelled",
        title=f"AP@{depth} by labels, by ears, and by both",
        caption=joined(
            f"AP@{depth} of {counted(len(drawn), 'system', 'systems')} within the judged pools, "
            f"the mean over {_queries(drawn)} with a relevant result by all three rules. Relevant "
            f"is what carries the query's class (labels), what has a mean grade of "
            f"{of.threshold:g} or more (ears), or what does both.",
            _changes(drawn),
            one_test(drawn) if len(drawn) > 1 else "",
            _apart(drawn),
            _FAR,
            "No intervals are drawn.",
            trained(drawn),
            without(table[~table["system"].isin(drawn["system"])], "a value is missing"),
            panel_size(of),
        ),
        table=drawn[[*_KEPT, *columns, *(f"place_{name}" for name in columns), "queries"]],
        plot=slopes(drawn, columns, ranks=False, form="{:.3f}"),
        simulated=is_simulated(drawn),
    )


def _queries(table: "pd.DataFrame") -> str:
    """Return over how many queries the systems' values are: "n = 12 queries"."""
    low, high = int(table["queries"].min()), int(table["queries"].max())
    return f"the n = {'' if low == high else f'{low:,} to '}{counted(high, 'query', 'queries')}"


def _apart(table: "pd.DataFrame") -> str:
    """Return that places are told within each kind of system, where there are two."""
    several = table["provenance"].eq("simulated").nunique() > 1
    return "Simulated systems have places of their own." if several else ""


def _changes(table: "pd.DataFrame") -> str:
    """Return whether the order of the systems under labels is another by ears, or by both."""
    if len(table) < 2:
        return "One system has no order."
    labels, count = table["ap_labels"].to_numpy(float), len(table) * (len(table) - 1) // 2
    others = {rule: table[f"ap_{rule}"].to_numpy(float) for rule in ("ears", "both")}
    swaps = {rule: _swaps(labels, other) for rule, other in others.items()}
    told = "; ".join(
        f"by {RELABELLED[rule]} {counted(swaps[rule], 'pair swaps', 'pairs swap')} of {count} "
        f"(tau-b {in_words(float(tau_b(labels, other)))})"
        for rule, other in others.items()
    )
    changed = "changes" if any(swaps.values()) else "does not change"
    return f"The order of the systems by labels {changed}: {told}."


def _swaps(one: np.ndarray, other: np.ndarray) -> int:
    """Return how many pairs of systems two scores put in opposite orders."""
    signs = [np.sign(values[:, None] - values) for values in (one, other)]
    return int((signs[0] * signs[1] < 0).sum()) // 2
