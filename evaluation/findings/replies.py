"""What the pages of results answer first: a question that readers come with, in a few sentences.

They say in words what the section below has as numbers, and nothing that is not there.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from evaluation.analysis.ears_tables import SCORES
from evaluation.analysis.graded import Analysis
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.told_apart import told_apart
from evaluation.figures.charts import counted
from evaluation.findings.missing import missing_words
from evaluation.findings.orders_in_words import joined
from evaluation.findings.summary import system_names
from evaluation.findings.view import View
from evaluation.findings.words import missing, percent, spread
from evaluation.numerals import numeral
from evaluation.statistics.graded_lists import mean_there

if TYPE_CHECKING:
    import pandas as pd

NAMED = 3
"""How many are named of those that are told of; the table below has all."""
_TWO = "{:.2f}"
_SCALE = "1 is full agreement, 0 what chance gives"

Shown = View | PreferenceAnalysis


def differ(view: Shown) -> str:
    """Return how many pairs of systems are told apart, and which lie furthest apart."""
    assert isinstance(view, View)
    if not view.tests:
        return ""
    found, names = told_apart(view.of), system_names(view.of)
    if not found.pairs or not found.enough:
        return "It cannot be said yet: the first page says what it takes."
    pairs = counted(len(found.pairs), "pair", "pairs")
    said = f"{len(found.told)} of {pairs} of systems {_are(len(found.told))} told apart"
    if not found.told:
        return f"{said}, which does not make them equal."
    most = max((one for one in found.pairs if one.told), key=lambda one: one.value)
    form = view.form if view.of.primary.measure.in_grades else _TWO
    size = spread(most.value, most.low, most.high, form)
    return f"{said}, furthest {names[most.better]} above {names[most.other]}, by {size}."


def agree(view: Shown) -> str:
    """Return whether raters agree beyond chance, and how far one and all can be relied on."""
    assert isinstance(view, View)
    alpha, percents, parts = view.of.alpha["ordinal"], view.of.percent, view.of.reliability
    if alpha.value is None:
        return f"It cannot be told: {alpha.reason}."
    number = f"Krippendorff's alpha is {spread(alpha.value, alpha.low, alpha.high, _TWO)}"
    if alpha.low is None:
        said = [f"{number}, without an interval: {alpha.reason or 'too few queries'} ({_SCALE})."]
    elif alpha.low > 0:
        said = [f"Yes, more than by chance: {number} ({_SCALE})."]
    else:
        said = [f"No more than chance would have them, as far as is known: {number} ({_SCALE})."]
    if percents.pairs:
        thing = "sound" if view.graded else "list"
        close = percent(percents.close)
        said.append(f"Two grades of one {thing} are within a tenth of the scale in {close}.")
    if parts.single is not None:
        one, panel = (numeral(value, _TWO) for value in (parts.single, parts.panel))
        said.append(
            f"One rater's grade has a reliability of {one}, the mean grade of {parts.raters:.1f} "
            f"raters one of {panel}."
        )
    return " ".join(said)


def apart_from_labels(view: Shown) -> str:
    """Return on which results and systems ears and labels differ most."""
    if isinstance(view, PreferenceAnalysis):
        heard = dict(zip(view.systems, view.strengths.strength.tolist(), strict=True))
        return _moves(heard, view.systems, view.scored, system_names(view))
    table = view.of.beside
    heard = dict(zip(table["system"], table["value"], strict=True))
    said = [_opposite(view.graded, view.form)] if view.graded else []
    moves = _moves(heard, view.of.ratings.systems, view.of.scored, system_names(view.of))
    return " ".join(filter(None, [*said, moves]))


def _opposite(of: Analysis, form: str) -> str:
    """Return of how many results labels and ears say the opposite, and of which most strongly."""
    found, judged = of.disagreements, int((~np.isnan(of.ratings.mean)).sum())
    if not judged:
        return "Nothing was judged, so that nothing can be compared."
    results = counted(judged, "judged result", "judged results")
    if not found:
        return f"Labels and ears never say the opposite, of {results}."
    classes = dict(zip(of.ratings.queries, of.ratings.classes, strict=True))
    often, count = Counter(classes[one.query] for one in found).most_common(1)[0]
    first = found[0]
    told = "right" if first.relevant else "wrong"
    return (
        f"Labels and ears say the opposite of {len(found):,} of {results}, most often for "
        f"{often.replace('_', ' ')} ({count:,}), most strongly of {first.clip} for the query "
        f"{first.query}: {told} by the labels, with a mean grade of {form.format(first.grade)}."
    )


def _moves(
    heard: Mapping[str, float | None],
    systems: Sequence[str],
    scored: Mapping[tuple[str, str], np.ndarray],
    names: Mapping[str, str],
) -> str:
    """Return which system has the most different places by the ears and by the labels."""
    told = dict(zip(systems, mean_there(scored["own", "ap15"]).tolist(), strict=True))
    known = [one for one in systems if not missing(heard[one]) and not missing(told[one])]
    if len(known) < 2:
        return ""
    by_ears, by_labels = (_places({one: of[one] for one in known}) for of in (heard, told))
    furthest = max(known, key=lambda one: abs(by_ears[one] - by_labels[one]))
    if by_ears[furthest] == by_labels[furthest]:
        return f"Both put {counted(len(known), 'system', 'systems')} into the same order."
    return (
        f"Of the systems, {names[furthest]} moves furthest: place {by_labels[furthest]:g} of "
        f"{len(known)} by the labels ({SCORES['ap15'].single}), {by_ears[furthest]:g} by the ears; "
        "places have no intervals."
    )


def _places(values: Mapping[str, float | None]) -> dict[str, float]:
    """Return the place of each, 1 for the highest; equal ones share the mean of theirs."""
    import pandas as pd

    ranks = pd.Series(dict(values), dtype=float).rank(ascending=False)
    return {str(name): float(rank) for name, rank in ranks.items()}


def screened(view: Shown) -> str:
    """Return which raters did not pass the screening rule, and why."""
    tables = view.tables if isinstance(view, PreferenceAnalysis) else view.of.tables
    if isinstance(view, PreferenceAnalysis) or view.graded is None:
        return "Nobody was screened: lists have no controls."
    given = set(tables.judgements["rater"].unique())
    table: pd.DataFrame = tables.raters[tables.raters["rater"].isin(given)]
    failed, passed = (table[table["passed"] == one] for one in (0, 1))
    open_ = len(table) - len(failed) - len(passed)
    if not len(table):
        return "Nobody graded anything yet."
    rest = [f"{len(passed)} passed"] if len(passed) else []
    rest += [f"of {open_} it cannot be told"] if open_ else []
    who = counted(len(table), "rater", "raters")
    if not len(failed):
        return f"Nobody of {who} who graded something{_also(rest)}."
    told = [f"{row['rater']} ({row['reasons']})" for row in failed.to_dict("records")]
    more = f"; and {len(told) - NAMED} more, marked in the table" if len(told) > NAMED else ""
    return (
        f"{len(failed)} of {who} who graded something{_also(rest)}. Failed: "
        f"{'; '.join(told[:NAMED])}{more}."
    )


def _also(said: Sequence[str]) -> str:
    return f"; {joined(said)}" if said else ""


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def absent(view: Shown) -> str:
    """Return what of the study was not judged, or not as often as it was to be."""
    of: PanelResults | PreferenceAnalysis
    of = view if isinstance(view, PreferenceAnalysis) else view.of
    return missing_words(of)


ANSWERS: Mapping[str, Callable[[Shown], str]] = {
    "differences": differ, "agreement": agree, "labels": apart_from_labels, "raters": screened,
    "rated": absent,
}  # fmt: skip
"""Chapter -> what answers its question."""
