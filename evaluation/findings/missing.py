"""What of a study was not judged, or not by as many raters as it was to be: in a sentence."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.unsaid import unsaid_count
from evaluation.figures.charts import counted
from evaluation.findings.orders_in_words import joined
from evaluation.findings.summary import system_names
from evaluation.findings.words import percent

NAMED = 5
"""How many queries are named of those that something lacks."""
_APART = 0.005


def missing_words(of: PanelResults | PreferenceAnalysis) -> str:
    """Return what is missing: queries, raters of queries, results, answers; that nothing is."""
    raters = raters_of_queries(of)
    wanted = of.protocol.raters_per_query
    who = " who passed" if isinstance(of, PanelResults) and of.screened else ""
    none = [one for one, count in raters.items() if not count]
    few = {one: count for one, count in raters.items() if 0 < count < wanted}
    said = []
    if none:
        said.append(
            f"{len(none)} of {counted(len(raters), 'query', 'queries')} that nobody judged "
            f"({_named(none)})"
        )
    if few:
        told = [f"{one}: {count}" for one, count in sorted(few.items(), key=lambda one: one[1])]
        said.append(
            f"raters of {counted(len(few), 'query', 'queries')}, judged by fewer{who} than the "
            f"{wanted} that the protocol asks for ({_named(told)})"
        )
    if isinstance(of, PanelResults):
        said += _unjudged(of)
    left = of.answered.shares[1]
    if left >= _APART:
        said.append(f"{percent(left, 1)} of what raters were given, which they left unanswered")
    said += _unsaid(of)
    still = " The study is still open." if of.tables.state == "open" else ""
    if not said:
        return f"Nothing: {_whole(raters, wanted)}, and all of it answered.{still}"
    return f"Missing are {'; '.join(said)}.{still}"


def raters_of_queries(of: PanelResults | PreferenceAnalysis) -> dict[str, int]:
    """Return by how many raters each query was judged, those of whom grades count."""
    if isinstance(of, PreferenceAnalysis):
        every = of.tables.pools["query"].drop_duplicates()
        counts = of.choices.groupby("query")["rater"].nunique()
        return {str(one): int(counts.get(one, 0)) for one in every}
    there, queries = ~np.isnan(of.ratings.table), of.ratings.queries
    return {
        query: int(there[:, of.ratings.query_of == place].any(axis=1).sum())
        for place, query in enumerate(queries)
    }


def _unjudged(of: PanelResults) -> Iterator[str]:
    """Yield how many results nobody judged, and of which systems the most."""
    judged = (~np.isnan(of.ratings.table)).any(axis=0)
    if judged.all() or not judged.any():
        return
    names = system_names(of)
    shares = {one.system: one.judged for one in of.mean_grades.systems if one.judged is not None}
    least = min(shares.values(), default=1.0)
    those = [names[one] for one, share in shares.items() if share <= least + _APART]
    what = ("result", "results") if isinstance(of, Analysis) else ("list", "lists")
    most = ""
    if least < max(shares.values(), default=1.0) - _APART and len(those) <= NAMED:
        most = f", most of {joined(those)} ({percent(1 - least)})"
    number = int((~judged).sum())
    share = percent(number / len(judged), 1)
    yield f"{counted(number, *what)} of {len(judged):,} that nobody judged ({share}{most})"


def _unsaid(of: PanelResults | PreferenceAnalysis) -> Iterator[str]:
    """Yield how many grades are missing because a rater could not say."""
    facet = None if isinstance(of, PreferenceAnalysis) else of.facet.name
    if count := unsaid_count(of.tables, facet):
        yield f"{counted(count, 'grade', 'grades')} of which raters said “I can't say”"


def _whole(raters: Mapping[str, int], wanted: int) -> str:
    every = counted(len(raters), "query", "queries")
    least = min(raters.values(), default=0)
    return f"{every}, each judged by {counted(max(least, wanted), 'rater', 'raters')} or more"


def _named(names: Sequence[str]) -> str:
    more = f", and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
