"""What a study found, in a few plain sentences: the first thing that is read of its results.

It claims what `evaluation.analysis.told_apart` tells apart, and nothing else. "Not told apart" is
not "equal": how small a difference must be is said where the intervals say it.
"""

from collections.abc import Iterable, Sequence

from evaluation.analysis.pair_rule import LEAST_QUERIES, MANY_RATERS, Pair
from evaluation.analysis.panel import PanelResults
from evaluation.analysis.preferred_lists import PreferenceAnalysis
from evaluation.analysis.told_apart import LEFT_OUT, Apart, judged, told_apart
from evaluation.figures.charts import counted
from evaluation.figures.study.cast import study_cast
from evaluation.findings.orders_in_words import joined, ordered
from evaluation.findings.settling import against_labels, what_would_settle
from evaluation.findings.view import Results
from evaluation.findings.words import percent, spread
from evaluation.statistics.significance import FEW_RATERS, LEVEL

WORDS = 65
"""What is not needed is left out where there would be more."""
MADE = "Nobody listened: the judgements are simulated."


def summary(of: Results, *, tests: bool = True) -> str:
    """Return what was found, for whom and how surely, or why nothing can be said.

    Parameters
    ----------
    of : graded or rated by the primary measure, or preferred
    tests : whether differences are tested; they wait while a study runs
    """
    made = [MADE] if of.tables.simulated else []
    nothing = _nothing_yet(of, tests)
    if nothing:
        return " ".join([*made, nothing])
    found, names = told_apart(of), system_names(of)
    if not found.enough or len(found.order) < 2:
        return " ".join([*made, _too_little(found, names)])
    needed = [*made, *_of_facet(of), _finding(of, found, names), *_whom(of, found)]
    needed += _missing(of, found, names)
    wanted = [*against_labels(of, found), *what_would_settle(of, found)]
    return _as_room(needed, wanted)


def _as_room(needed: Sequence[str], wanted: Iterable[str]) -> str:
    """Return sentences, of the wanted ones those for which there is room."""
    said = list(needed)
    for sentence in wanted:
        if len(" ".join([*said, sentence]).split()) <= WORDS:
            said.append(sentence)
    return " ".join(said)


def system_names(of: Results) -> dict[str, str]:
    """Return what each system is called: its short title, simulated ones marked."""
    cast = study_cast(of.tables)
    told = " (simulated)" if _all_simulated(of) else " (imported)"
    names = cast["name"].str.replace(told, "", regex=False)
    unique = len(set(names)) == len(names)
    return dict(zip(cast["system"], names if unique else cast["name"], strict=True))


def _all_simulated(of: Results) -> bool:
    known = of.tables.systems
    return all(known[one]["provenance"] == "simulated" for one in of.protocol.systems)


def _panel(raters: int, queries: int) -> str:
    of = counted(queries, "query", "queries")
    return f"{counted(raters, 'rater', 'raters')} judged {of}"


def _nothing_yet(of: Results, tests: bool) -> str:
    """Return why nothing is tested; "" where something is."""
    raters, queries = judged(of)
    running = of.tables.state == "open"
    given = len(of.tables.judgements) > 0
    if not raters and given and isinstance(of, PanelResults) and of.screened:
        return "No rater passed the screening rule, so that nothing can be said."
    if not raters:
        return f"Nobody {'has ' if running else ''}judged anything, so that nothing can be said."
    if not tests:
        return (
            "The study is still open: which systems differ is tested when it is closed. "
            f"So far {_panel(raters, queries)}."
        )
    return ""


def _too_little(found: Apart, names: dict[str, str]) -> str:
    """Return what is missing of the least that it takes to tell systems apart."""
    if not found.order:
        return "No system has a score, so that nothing can be compared."
    if len(found.order) < 2:
        return f"Only {names[found.order[0]]} was judged, so that there is nothing to compare."
    said, takes = f"{_panel(found.raters, found.queries)}:", []
    if found.raters < FEW_RATERS:
        said += " that cannot speak for others, and which systems differ cannot be said."
        takes.append(f"{FEW_RATERS} raters, better {MANY_RATERS},")
    else:
        said += " too few queries to say which systems differ."
    if found.queries < LEAST_QUERIES:
        takes.append(f"{LEAST_QUERIES} queries")
    return f"{said} It takes at least {' and '.join(takes).rstrip(',')}."


def _of_facet(of: Results) -> list[str]:
    """Return whether these are the grades of another facet than the protocol's analysis is of."""
    first = of.protocol.scale.facets[0].name
    if isinstance(of, PreferenceAnalysis) or of.facet.name == first:
        return []
    return [f"The protocol's analysis is of the facet {first}: all here is exploratory."]


def _how_sure(of: Results, words: str) -> str:
    """Return how sure it is that systems are told apart, in brackets; "" where nothing is known.

    That it is exploratory costs a word, and is said of what is found alone: the section of the
    differences has the sentence.
    """
    said = ["exploratory"] if of.protocol.analysis.exploratory and not _of_facet(of) else []
    said += [words] if words else []
    return f" ({', '.join(said)})" if said else ""


def _finding(of: Results, found: Apart, names: dict[str, str]) -> str:
    """Return which systems are told apart."""
    if not found.pairs:
        if found.chosen:
            return (
                "No comparison that the protocol fixed has two systems judged on the same queries."
            )
        return "No two systems were judged on the same queries, so that nothing can be compared."
    if len(found.pairs) == 1:
        return _of_two(of, found, names)
    many = f"{found.chosen} comparisons" if found.chosen else f"{len(found.pairs)} pairs"
    sure = _how_sure(of, f"{100 * LEVEL:.0f} % risk that any of the {many} is wrong")
    if not found.told:
        if found.every and all(one.value == 0 and one.p is None for one in found.pairs):
            return _alike(of, [names[one] for one in found.order])
        if found.chosen:
            return f"None of the protocol's {found.chosen} comparisons tells systems apart."
        those = f"No two of the {len(found.order)} systems"
        return f"{those} are told apart, which does not make them equal."
    return f"By {_by(of)}, {ordered(found, names)}{sure}."


def _by(of: Results) -> str:
    """Return by what systems are ordered."""
    if isinstance(of, PreferenceAnalysis):
        return "choices between lists"
    called = of.primary.measure.called
    return called[:1].lower() + called[1:] if called[1:2].islower() else called


def _alike(of: Results, names: Sequence[str]) -> str:
    """Return that systems have the same score everywhere, by what they are compared by."""
    two = len(names) == 2
    who = joined(names) if two else f"all {len(names)} systems"
    if isinstance(of, PreferenceAnalysis):
        return f"Every choice between {who} was “no difference”."
    if not of.primary.measure.in_grades:
        return f"By {_by(of)}, {who} are the same throughout."
    return f"{who if two else who.capitalize()} got the same grades throughout."


def _of_two(of: Results, found: Apart, names: dict[str, str]) -> str:
    """Return what is said of the only pair, with the difference and its interval."""
    (pair,) = found.pairs
    one, other = names[pair.better], names[pair.other]
    if pair.value == 0 and pair.p is None:
        return _alike(of, [one, other])
    preferred = isinstance(of, PreferenceAnalysis)
    size = f"in {_share(pair)} of the choices" if preferred else f"by {_size(of, pair)}"
    if pair.told:
        how = "is preferred to" if preferred else "is above"
        by = "" if preferred else f"By {_by(of)}, "
        return f"{by}{one} {how} {other}, {size}{_how_sure(of, _p(pair))}."
    ahead = "higher" if isinstance(of, PanelResults) and of.primary.measure.higher else "ahead"
    higher = f"{one} is {'preferred' if preferred else ahead} {size}"
    if pair.low is not None and pair.low > 0:
        why = "so few may agree by chance"
        if found.undone:
            why = "what raters left out could undo it"
        return f"{higher}, which does not tell it from {other}: {why}."
    return f"{one} and {other} are not told apart, which does not make them equal: {higher}."


def _p(pair: Pair) -> str:
    if pair.low is None or pair.p is None:
        return ""
    return "p < 0.001" if pair.p < 0.001 else f"p = {pair.p:.3f}"


def _size(of: Results, pair: Pair) -> str:
    """Return a difference with its interval, and its scale where it has the grades' own."""
    assert isinstance(of, PanelResults)
    measure, span = of.primary.measure, of.facet.highest - of.facet.lowest
    form = "{:.1f}" if measure.in_grades and span > 10 else "{:.2f}"
    text = spread(pair.value, pair.low, pair.high, form)
    scale = f" on the scale from {of.facet.lowest:g} to {of.facet.highest:g}"
    return text + (scale if measure.in_grades else "")


def _share(pair: Pair) -> str:
    """Return the share of choices, no difference counting one half, with its interval."""
    share = percent((1 + pair.value) / 2)
    if pair.low is None or pair.high is None:
        return share
    low, high = (min(max(50 * (1 + end), 0), 100) for end in (pair.low, pair.high))
    return f"{share} [{low:.0f}, {high:.0f}]"


def _whom(of: Results, found: Apart) -> list[str]:
    """Return for whom it holds that systems are told apart."""
    raters = counted(found.raters, "rater", "raters")
    if isinstance(of, PanelResults) and of.screened:
        raters += " who passed"
    if not found.told:
        alone = "; as chosen here, it speaks for these alone" if of.alone else ""
        return [f"{raters} judged {counted(found.queries, 'query', 'queries')}{alone}."]
    if found.others:
        return [f"It speaks for other queries and raters like these {found.raters}."]
    if of.alone:
        return [f"As chosen here, it speaks for these {raters} alone."]
    if found.raters < MANY_RATERS:
        return [
            f"It speaks for these {raters}: among so few, a minority with another taste can hide."
        ]
    if found.lopsided:
        return [
            f"It speaks for these {raters}: a few of them hear it otherwise, and among others they "
            "may be more."
        ]
    return [f"It speaks for these {raters} alone: too few judged the same queries."]


def _missing(of: Results, found: Apart, names: dict[str, str]) -> list[str]:
    """Return what else must be known: made systems, those not judged, results left out."""
    absent = [name for system, name in names.items() if system not in found.order]
    said = ["The systems are simulated."] if _all_simulated(of) else []
    if absent:
        said.append(f"{joined(absent)} {'was' if len(absent) == 1 else 'were'} not judged.")
    return [*said, *_left(of, found)]


def _left(of: Results, found: Apart) -> list[str]:
    """Return how much raters left without an answer, and what that can do.

    It is said where the section "What was rated" has a notice of it, and is the share of results,
    lists or choices there. Grades of queries that a rater never began are not tried out.
    """
    share = max(of.answered.shares[1], found.left_out)
    if not of.answered.much and share <= LEFT_OUT:
        return []
    rest = ""
    if found.told and LEFT_OUT < found.left_out >= share - 0.005:
        rest = "; what is told apart holds were all of these the lowest grade, or the highest"
    elif found.told:
        rest = ", which can move what is told apart"
    elif found.undone and len(found.pairs) > 1:
        rest = ", too much to tell systems apart"
    return [f"Raters left {percent(share)} of what they were given unanswered{rest}."]
