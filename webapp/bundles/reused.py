"""What a bundle says of earlier studies' judgements that are used again: checked, and not stored.

They stay in files of the study's folder, as they came, and count in its results as its own do.
"""

import re
from collections.abc import Sequence

from evaluation.keys import shown
from evaluation.records.events import JudgementRecord
from evaluation.records.facts import RaterRecord
from webapp.bundles.rebuild import Design

_RATER = re.compile("(.+)/rater-[0-9]{3,9}")

Judgements = Sequence[tuple[int, JudgementRecord]]
Raters = Sequence[tuple[int, RaterRecord]]


def check_reused(work: Design, judgements: Judgements, raters: Raters) -> None:
    """Raise InputError for a judgement or a rater of an earlier study that cannot have been one.

    Each is by a rater who is there once, on the study's scale, of a pair that is used again.
    """
    known: set[str] = set()
    for line, rater in raters:
        if not _RATER.fullmatch(rater.rater) or rater.rater in known:
            rule = f"rater must be as SLUG/rater-001 and there once, not {shown(rater.rater)}"
            raise work.error("raters", line, rule)
        known.add(rater.rater)
    allowed = {facet.name: set(facet.allowed) for facet in work.terms.scale.facets}
    seen: set[str] = set()
    for line, row in judgements:
        match = _RATER.fullmatch(row.rater)
        if not match or row.rater not in known or match[1] != row.study:
            what = f"there is no rater {shown(row.rater)} of the study {shown(row.study)}"
            raise work.error("judgements", line, what)
        if row.grade not in allowed.get(row.facet, ()):
            what = f"the scale has no grade {row.grade} for {shown(row.facet)}"
            raise work.error("judgements", line, what)
        if row.uuid in seen:
            raise work.error("judgements", line, f"uuid must be there once, not {shown(row.uuid)}")
        seen.add(row.uuid)
        _check_pair(work, line, row)


def _check_pair(work: Design, line: int, row: JudgementRecord) -> None:
    """Raise InputError where the pool has no such pair used again, or tells it otherwise."""
    pooled = work.candidates.get((row.query, row.candidate, row.kind))
    if pooled is None or row.kind != "result" or not pooled.reused or row.repeat:
        what = f"no {row.kind} {shown(row.candidate)} of {shown(row.query)} is used again"
        raise work.error("judgements", line, what)
    query, ranks = pooled.query, {one.system.ranking: one.rank for one in pooled.sources}
    told = row.query_class, row.query_family, dict(row.ranks)
    if told != (query.query_class, query.family, ranks):
        what = f"pools.csv says otherwise of {shown(row.candidate)} of {shown(row.query)}"
        raise work.error("judgements", line, what)
