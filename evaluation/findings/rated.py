"""What was rated: how many raters, queries and grades there are, and what was left out."""

import numpy as np

from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.system_scores import Scores
from evaluation.figures.charts import counted
from evaluation.figures.shown import Fact, Section
from evaluation.findings.besides_grades import remarks_of, unsaid_facts
from evaluation.findings.by_language import language_notice
from evaluation.findings.skipped import left_fact, left_notice
from evaluation.findings.view import View
from evaluation.findings.words import percent
from evaluation.records.frames import StudyTables

APART = 0.05
"""Systems whose shares judged differ by more may differ by what is missing."""
_LEFT_OUT = {
    "superseded": "changed later by the rater",
    "repeat": "of repeats, which tell how steady a rater is",
    "control": "of controls",
    "broken": "of sounds that were reported as broken",
    "screened": "of raters who did not pass",
}


def rated(view: View) -> Section:
    """Return the section "rated"."""
    of = view.of
    item = "result" if view.graded else "list"
    return Section(
        "rated",
        "What was rated",
        words=(*_primary(view), *_partial(of.tables), *of_design(of.tables)),
        notices=(
            *of_study(of.tables), *_missing(of.mean_grades), *left_notice(of.answered, item)
        ),
        facts=(
            _people(of.tables, of), _queries(of), _grades(of), _judged(of),
            left_fact(of.answered, item), *unsaid_facts(of.tables, of.facet.name), _asked(of),
        ),
        parts=remarks_of(of.tables),
    )  # fmt: skip


def of_study(tables: StudyTables) -> tuple[str, ...]:
    """Return what must be known of a study before its results are read."""
    said = []
    if tables.simulated:
        said.append(
            "Nobody listened: the judgements of this study are simulated, to show what results "
            "look like. They say nothing of any system."
        )
    elif any(tables.systems[one]["provenance"] == "simulated" for one in tables.protocol.systems):
        said.append(
            "Systems marked simulated rank by made vectors that know nothing of the sounds: what "
            "is heard of them says nothing of the representation they are named after."
        )
    if tables.state == "open":
        said.append("This study is still open: every number may change.")
    return (*said, *language_notice(tables))


def of_design(tables: StudyTables) -> tuple[str, ...]:
    """Return what of the draw was changed by hand: queries replaced, clips left out."""
    said, terms = [], tables.protocol
    if terms.queries.replaced:
        listed = "; ".join(
            f"{one.clip} by {one.by} ({one.reason})" for one in terms.queries.replaced
        )
        of_all = f"{terms.queries.replaced_at_last} of {tables.pools['query'].nunique()} queries"
        said.append(f"{of_all} replaced by the next that the seed draws: {listed}.")
    unheard = terms.listening.leave_out
    if unheard:
        said.append(
            f"{counted(len(unheard), 'clip', 'clips')} left out of queries and of every list "
            f"before anybody judged: {', '.join(unheard)}."
        )
    return tuple(said)


def _primary(view: View) -> tuple[str, ...]:
    """Return whose results these are, where the protocol says who is primary."""
    if view.graded is None or view.of.protocol.analysis.raters is None:
        return ()
    said = f"All numbers, differences and p values here are of {view.of.whose}."
    nobody = "" if view.of.ratings.raters else " Nobody of them graded anything that counts."
    return (f"{said}{nobody}",)


def _partial(tables: StudyTables) -> tuple[str, ...]:
    """Return how many pools were too large for one rater to hear whole."""
    pools = tables.pools
    parted = int(pools.loc[pools["partial"] == 1, "query"].nunique())
    if not parted:
        return ()
    return (
        f"The pools of {counted(parted, 'query', 'queries')} were judged in parts, so that no "
        "rater heard all of them; parts of a pool share some results.",
    )


def _missing(scores: Scores) -> tuple[str, ...]:
    shares = [one.judged for one in scores.systems if one.judged is not None]
    if not shares or max(shares) - min(shares) <= APART:
        return ()
    return (
        f"Between {percent(min(shares))} and {percent(max(shares))} of a system's results are "
        "judged: differences between systems may come from what is missing. The bounds of the "
        "unjudged results say how far.",
    )


def _people(tables: StudyTables, of: PanelResults) -> Fact:
    table = tables.raters
    came = len(of.ratings.raters)
    passed, failed = (int((table["passed"] == one).sum()) for one in (1, 0))
    parts = [f"{len(table)} invited or joined"]
    if passed or failed:
        parts.append(f"{passed} passed the screening rule, {failed} did not")
    if of.screened:
        parts.append("shown: those who passed")
    return Fact("Raters whose grades count", f"{came}", "; ".join(parts))


def _queries(of: PanelResults) -> Fact:
    ratings = of.ratings
    there = ~np.isnan(ratings.mean)
    judged = len(set(ratings.query_of[there].tolist()))
    classes, families = len(set(ratings.classes)), len(set(ratings.families) - {""})
    note = f"of {counted(classes, 'class', 'classes')}"
    if families:
        note += f" in {counted(families, 'family', 'families')}"
    every = len(ratings.queries)
    return Fact("Queries", f"{judged}" if judged == every else f"{judged} of {every}", note)


def _grades(of: PanelResults) -> Fact:
    count = int((~np.isnan(of.ratings.table)).sum())
    if not isinstance(of, Analysis):
        return Fact("Ratings of lists", f"{count:,}", "the last one of each rater counts")
    left = [f"{of.uses[use]:,} {words}" for use, words in _LEFT_OUT.items() if of.uses.get(use)]
    return Fact("Grades that count", f"{count:,}", f"not {', '.join(left)}" if left else "")


def _judged(of: PanelResults) -> Fact:
    counts = (~np.isnan(of.ratings.table)).sum(axis=0)
    what = "Results judged" if isinstance(of, Analysis) else "Lists judged"
    if not len(counts):
        return Fact(what, "–", "nothing was pooled")
    judged = int((counts > 0).sum())
    each = counts[counts > 0]
    note = f"{judged:,} of {len(counts):,}"
    if judged:
        low, high = int(each.min()), int(each.max())
        each_by = counted(low, "rater", "raters") if low == high else f"{low} to {high} raters"
        note += f", each by {each_by}"
    return Fact(what, percent(judged / len(counts)), note)


def _asked(of: PanelResults) -> Fact:
    group = "left out" if of.protocol.queries.exclude_same_group else "not left out"
    return Fact(
        "Scale",
        f"{of.facet.lowest:g} to {of.facet.highest:g}",
        f"{of.facet.name}: the first {of.protocol.depth} results of "
        f"{counted(len(of.protocol.systems), 'system', 'systems')}; results of the query's own "
        f"group are {group}",
    )
