"""From a study's tables to grades that can be analysed: what counts, and what is left out and why.

The tables are those of a study's bundle (``judgements.csv``, ``pools.csv``, ``flags.csv``,
``raters.csv``; `evaluation.records.codebook` says what their columns mean), read by pandas or taken
from the database with the same columns. Nothing is left out silently: `tidy` keeps every row and
says what each is, and `ratings` takes those that count.
"""

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from embeddings.errors import InputError
from evaluation.analysis.ratings import Ratings
from evaluation.protocol.terms import Facet, Protocol

if TYPE_CHECKING:
    import pandas as pd

BROKEN_BY = 2
"""How many raters must report a sound as broken for it to be left out for all."""

TIDY_COLUMNS: dict[str, str] = {
    "rater": "the rater's pseudonym",
    "query": "clip id of the query",
    "query_class": "the class that the query stands for",
    "query_family": "its family; empty where it has none",
    "candidate": "clip id of the judged candidate",
    "facet": "what was asked: relevance, or one of several facets",
    "grade": "the grade given, on the study's scale",
    "kind": "result, identity or distractor",
    "position": "the place in the order that the rater got, from 1",
    "given_at": "when the grade was given, UTC",
    "use": "counts: a result's last grade; superseded: changed later; repeat: asked once more; "
    "control: identity or distractor; broken: the sound was reported as broken by this rater, or "
    f"by {BROKEN_BY} raters or more",
    "passed": "1 where the rater passed the protocol's screening rule, 0 where not; empty: it "
    "cannot be told",
    "partial": "1 where the query's pool was judged in parts, so that no rater heard all of it",
}
"""The columns of `tidy`."""


def tidy(
    judgements: "pd.DataFrame",
    pools: "pd.DataFrame",
    flags: "pd.DataFrame",
    raters: "pd.DataFrame",
) -> "pd.DataFrame":
    """Return one row a judgement of a candidate, saying what is done with it.

    Parameters
    ----------
    judgements, pools, flags, raters : the study's tables

    Returns
    -------
    The columns of `TIDY_COLUMNS` and rank.SYSTEM, in the order in which the grades came
    """
    table = judgements[judgements["kind"] != "list"].copy()
    reports, broken = _broken(flags)
    reported = np.zeros(len(table), dtype=bool)
    if reports:
        place = list(zip(_values(table, "query"), _values(table, "candidate"), strict=True))
        by_rater = zip(_values(table, "rater"), place, strict=True)
        reported[:] = [one in broken or (rater, one) in reports for rater, one in by_rater]
    uses = [
        (table["counts"] == 0, "superseded"),
        (reported, "broken"),
        (table["repeat"] == 1, "repeat"),
        (table["kind"] != "result", "control"),
    ]
    table["use"] = np.select([np.asarray(one) for one, _ in uses], [name for _, name in uses],
                             "counts")  # fmt: skip
    verdict = raters.set_index("rater")["passed"]
    table["passed"] = table["rater"].map(verdict[~verdict.index.duplicated()])
    partial = pools.loc[pools["partial"] == 1, "query"].unique()
    table["partial"] = table["query"].isin(partial).astype(int)
    ranks = [name for name in table.columns if name.startswith("rank.")]
    return table[[*TIDY_COLUMNS, *ranks]].reset_index(drop=True)


def _broken(
    flags: "pd.DataFrame",
) -> tuple[set[tuple[str, tuple[str, str]]], set[tuple[str, str]]]:
    """Return the (rater, (query, candidate)) of each report, and the pairs broken for all."""
    told = flags[flags["kind"].isin(["result", "identity", "distractor"])]
    rows = set(zip(told["rater"], zip(told["query"], told["candidate"], strict=True), strict=True))
    reports = Counter(pair for _, pair in rows)
    return rows, {pair for pair, count in reports.items() if count >= BROKEN_BY}


def ratings(
    table: "pd.DataFrame", pools: "pd.DataFrame", protocol: Protocol, facet: str | None = None
) -> Ratings:
    """Return the grades that count of one facet, as arrays; see `Ratings`.

    Parameters
    ----------
    table : what `tidy` returned
    pools : the study's pools
    facet : the protocol's first one unless told

    Raises
    ------
    InputError
        The protocol has no such facet, or a grade is of no result of the pool.
    """
    asked = find_facet(protocol, facet)
    results = pools[pools["kind"] == "result"]
    queries = list(dict.fromkeys(pools["query"]))
    first = pools.drop_duplicates("query").set_index("query").fillna("")
    pairs = list(zip(_values(results, "query"), _values(results, "candidate"), strict=True))
    place = {pair: number for number, pair in enumerate(pairs)}
    query_of = results["query"].map({one: at for at, one in enumerate(queries)}).to_numpy(np.intp)
    used = table[(table["use"] == "counts") & (table["facet"] == asked.name)]
    raters = sorted(used["rater"].unique())
    grades = np.full((len(raters), len(pairs)), np.nan)
    rows = used["rater"].map({one: at for at, one in enumerate(raters)}).to_numpy(np.intp)
    try:
        asked_of = zip(_values(used, "query"), _values(used, "candidate"), strict=True)
        columns = [place[pair] for pair in asked_of]
    except KeyError as error:
        query, clip = error.args[0]
        raise InputError(
            f"A grade of {clip!r} for the query {query!r} is of no result of the study's pool."
        ) from error
    grades[rows, np.array(columns, dtype=np.intp)] = used["grade"]
    return Ratings(
        raters=tuple(raters),
        queries=tuple(queries),
        classes=tuple(first.loc[queries, "query_class"]),
        families=tuple(first.loc[queries, "query_family"]),
        systems=protocol.systems,
        query_of=query_of,
        clips=tuple(_values(results, "candidate")),
        table=grades,
        lists=_lists(results, protocol, query_of, len(queries)),
        lowest=float(asked.lowest),
        highest=float(asked.highest),
    )


def find_facet(protocol: Protocol, name: str | None = None) -> Facet:
    """Return a facet of the protocol, the first one unless named; raise InputError for none."""
    facets = {one.name: one for one in protocol.scale.facets}
    if name is None:
        return protocol.scale.facets[0]
    if name not in facets:
        raise InputError(f"The study asked for {', '.join(facets)}, not for {name!r}.")
    return facets[name]


def passing(table: "pd.DataFrame") -> frozenset[str]:
    """Return the raters in what `tidy` returned who passed the protocol's screening rule."""
    return frozenset(table.loc[table["passed"] == 1, "rater"])


def repeats(table: "pd.DataFrame", facet: str) -> "pd.DataFrame":
    """Return the candidates that were asked again: rater, query, candidate, first, again.

    In the order in which they were graded again. The first grade is the last one that was given in
    its place, whatever kind the candidate is.
    """
    own = table[(table["facet"] == facet) & (table["use"] != "broken")]
    key = ["rater", "query", "candidate"]
    again = own[own["use"] == "repeat"][[*key, "grade"]]
    first = own[own["use"].isin(["counts", "control"])][[*key, "grade"]]
    both = again.merge(first, on=key, suffixes=("_again", "_first"))
    return both.rename(columns={"grade_again": "again", "grade_first": "first"})[
        [*key, "first", "again"]
    ]


def _values(table: "pd.DataFrame", column: str) -> list[str]:
    """Return a column of text as a list; pandas itself is slow to go through one."""
    return table[column].to_numpy(dtype=object).tolist()


def _lists(
    results: "pd.DataFrame", protocol: Protocol, query_of: np.ndarray, queries: int
) -> np.ndarray:
    """Return the pair at each rank of each list: int [systems, queries, depth], -1 for none."""
    lists = np.full((len(protocol.systems), queries, protocol.depth), -1, dtype=np.intp)
    for system, name in enumerate(protocol.systems):
        ranks = results[f"rank.{name}"].to_numpy(dtype=np.float64)
        found = np.flatnonzero(ranks <= protocol.depth)
        lists[system, query_of[found], ranks[found].astype(np.intp) - 1] = found
    return lists
