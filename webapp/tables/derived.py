"""Columns of a study's tables that no SELECT finds: where candidates are from, whom to trust."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from evaluation.design.screening import Graded, control_report, heard_of, verdict
from evaluation.protocol.terms import Protocol
from evaluation.records.table_columns import Names

if TYPE_CHECKING:
    import pandas as pd


def with_origins(
    pools: "pd.DataFrame", blocks: "pd.DataFrame", sources: "pd.DataFrame", systems: Sequence[str]
) -> "pd.DataFrame":
    """Return pools with block, partial, and rank.SYSTEM and score.SYSTEM of each candidate.

    Parameters
    ----------
    pools, blocks, sources : what their SELECTs find (`webapp.tables.selects`)
    systems : which have columns
    """
    import pandas as pd

    held = blocks.astype({"number": "str"}).groupby("id")
    numbers, partial = held["number"].agg(";".join).rename("block"), held["partial"].any()
    given = sources.pivot(index="candidate_id", columns="ranking", values=["rank", "score"])
    given.columns = [".".join(one) for one in given.columns]
    wanted = [f"{what}.{name}" for what in ("rank", "score") for name in systems]
    known = numbers, partial, given.reindex(columns=wanted)
    parts = [one.reindex(pools.index) for one in known]
    return pd.concat([pools, *parts], axis=1).fillna({"partial": False})


def answer_columns(raters: "pd.DataFrame", names: Names) -> dict[str, list[str]]:
    """Return how raters answered, of answers as the database has them, with a column a question."""
    found = {}
    for test in ("headphones", "hearing"):
        tries = [json.loads(one or "[]") for one in raters[test]]
        found[test] = [";".join(map(str, one)) for one in tries]
    for when in ("before", "after"):
        questions = names[when]
        given = [json.loads(one or "{}") for one in raters[when]]
        found |= {f"{when}.{name}": [one.get(name, "") for one in given] for name in questions}
    return found


def trust_columns(judgements: "pd.DataFrame", terms: Protocol) -> Iterator[dict[str, Any]]:
    """Yield what the controls of each rater say who graded something, and the verdict."""
    if terms.method != "graded":
        return
    facet = terms.scale.facets[0]
    last = judgements[(judgements["facet"] == facet.name) & judgements["counts"]]
    for rater, own in last.groupby("rater"):
        columns = ("query", "candidate", "kind", "grade", "repeat")
        rows = list(zip(*(own[name].to_numpy().tolist() for name in columns), strict=True))
        first = {(query, clip): grade for query, clip, _, grade, again in rows if not again}
        graded = [
            Graded(kind, query, grade, first[query, clip] if again else None)
            for query, clip, kind, grade, again in rows
            if not again or (query, clip) in first
        ]
        report = control_report(graded, facet.lowest, facet.highest)
        said = verdict(report, terms.screening, heard_of(own["heard"].to_numpy()))
        yield {
            "rater": rater, **asdict(report), "passed": said.passed,
            "reasons": "; ".join(said.reasons),
        }  # fmt: skip
