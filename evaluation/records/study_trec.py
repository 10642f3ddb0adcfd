"""A study as TREC files: what people judged as qrels, what systems returned as runs.

Grades are means over raters, rounded to whole numbers, since trec_eval reads no others. White space
and % in clip ids are written as in addresses (%20, %25), since TREC's files end a field there.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from urllib.parse import quote

from evaluation.records.events import JudgementRecord
from evaluation.records.facts import PoolRecord

_UNFIT = re.compile(r"[\s%]")


def study_qrels(
    judgements: Iterable[JudgementRecord], facet: str, raters: Collection[str] | None = None
) -> str:
    """Return ``query 0 clip grade`` for every result that was judged, sorted.

    The grade is the mean of the grades of `facet` that count, repeats left out, rounded to a whole
    number, a half upwards; over these `raters` alone where they are told.
    """
    grades: dict[tuple[str, str], list[int]] = defaultdict(list)
    for one in judgements:
        counts = one.kind == "result" and one.facet == facet and one.counts and not one.repeat
        if counts and (raters is None or one.rater in raters):
            grades[one.query, one.candidate].append(one.grade)
    lines = []
    for (query, clip), given in sorted(grades.items()):
        mean = (2 * sum(given) + len(given)) // (2 * len(given))
        lines.append(f"{fit_name(query)} 0 {fit_name(clip)} {mean}\n")
    return "".join(lines)


def study_run(pools: Iterable[PoolRecord], system: str) -> str:
    """Return ``query Q0 clip rank score system`` for what a system returned, to the judged depth.

    The score counts down to 1 at the last rank.
    """
    found: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for one in pools:
        if system in one.ranks:
            found[one.query].append((one.ranks[system], one.candidate))
    return "".join(
        f"{fit_name(query)} Q0 {fit_name(clip)} {rank} {len(own) - place} {system}\n"
        for query, own in found.items()
        for place, (rank, clip) in enumerate(sorted(own))
    )


def fit_name(name: str) -> str:
    """Return a name that may stand in a field of a TREC file."""
    return _UNFIT.sub(lambda match: quote(match[0]), name)
