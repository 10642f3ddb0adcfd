"""A study as TREC files: what people judged as qrels, what systems returned as runs.

Grades are means over raters, rounded to whole numbers, since trec_eval reads no others. White space
and % in clip ids are written as in addresses (%20, %25), since TREC's files end a field there.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from embeddings.systems.trec_runs import fit_name

if TYPE_CHECKING:
    import pandas as pd


def study_qrels(
    judgements: "pd.DataFrame", facet: str, raters: Collection[str] | None = None
) -> str:
    """Return ``query 0 clip grade`` for every result that was judged, sorted.

    The grade is the mean of the grades of `facet` that count, repeats left out, rounded to a whole
    number, a half upwards; over these `raters` alone where they are told.
    """
    given = judgements[(judgements["kind"] == "result") & (judgements["facet"] == facet)]
    given = given[(given["counts"] == 1) & (given["repeat"] == 0)]
    if raters is not None:
        given = given[given["rater"].isin(raters)]
    means = given.groupby(["query", "candidate"])["grade"].agg(["sum", "count"])
    rounded = (2 * means["sum"] + means["count"]) // (2 * means["count"])
    return "".join(
        f"{fit_name(query)} 0 {fit_name(clip)} {mean}\n" for (query, clip), mean in rounded.items()
    )


def study_run(pools: "pd.DataFrame", system: str) -> str:
    """Return ``query Q0 clip rank score system`` for what a system returned, to the judged depth.

    The score counts down to 1 at the last rank.
    """
    returned = pools[["query", f"rank.{system}", "candidate"]].dropna()
    return "".join(
        f"{fit_name(query)} Q0 {fit_name(clip)} {rank:.0f} {len(own) - place} {system}\n"
        for query, own in returned.groupby("query", sort=False)
        for place, (_, rank, clip) in enumerate(sorted(own.itertuples(index=False, name=None)))
    )
