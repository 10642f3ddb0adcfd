"""An order of systems in words: who is above whom, in as few names as tell it."""

from collections.abc import Sequence
from itertools import combinations

from evaluation.analysis.told_apart import Apart
from evaluation.figures.charts import counted

_NAMED = 3  # of more systems, the first and the last are named
_GROUPS = 5
_WORDS = 40


def joined(names: Sequence[str]) -> str:
    """Return names as a sentence has them: "A", "A and B", "A, B and C"."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def ordered(found: Apart, names: dict[str, str]) -> str:
    """Return which systems are told apart, as the middle of a sentence."""
    if found.chosen:
        return _chosen(found, names)
    groups = _groups(found)
    if 1 < len(groups) <= _GROUPS:
        text = _one_above_other(found, groups, names)
        if len(text.split()) <= _WORDS:
            return text
    return _some(found, names)


def _several(systems: Sequence[str], names: dict[str, str]) -> str:
    """Return systems that follow each other in the order: "A", "A and B", "A to F (6)"."""
    if len(systems) <= _NAMED:
        return joined([names[one] for one in systems])
    return f"{names[systems[0]]} to {names[systems[-1]]} ({len(systems)} systems)"


def _groups(found: Apart) -> list[list[str]]:
    """Return the order cut wherever all systems before are told apart from all after."""
    order, told = found.order, found.told
    groups: list[list[str]] = [[]]
    for place, system in enumerate(order):
        before = order[:place]
        if before and all((one, other) in told for one in before for other in order[place:]):
            groups.append([])
        groups[-1].append(system)
    return groups


def _one_above_other(found: Apart, groups: Sequence[Sequence[str]], names: dict[str, str]) -> str:
    parts = [_several(one, names) for one in groups]
    inside = [frozenset(pair) for one in groups for pair in combinations(one, 2)]
    told = len({frozenset(pair) for pair in found.told}.intersection(inside))
    some = f"{told} of {counted(len(inside), 'pair', 'pairs')} {'is' if told == 1 else 'are'}"
    if len(groups) > 2:
        if not inside:
            return f"all are told apart, the best first: {', '.join(parts)}"
        rest = f"; inside the groups, {some} told apart" if told else ""
        return f"in groups told apart, the best first: {'; '.join(parts)}{rest}"
    one = len(groups[0]) == 1
    text = f"{parts[0]} {'is' if one else 'are'} above {parts[1]}"
    if not inside:
        return text
    if told:
        return f"{text}; {'among these' if one else 'inside the groups'}, {some} told apart"
    return f"{text}, {'which' if one else 'and inside both groups they'} are not told apart"


def _some(found: Apart, names: dict[str, str]) -> str:
    """Return what the two systems that are above most others are above."""
    if all(pair in found.told for pair in combinations(found.order, 2)):
        return f"all are told apart, from {names[found.order[0]]} down to {names[found.order[-1]]}"
    if not found.told.issubset(combinations(found.order, 2)):
        return _round(found, names)
    wins = {one: [other for other in found.order if (one, other) in found.told]
            for one in found.order}  # fmt: skip
    first = sorted(found.order, key=lambda one: -len(wins[one]))[:2]
    said = []
    for one in first:
        below = wins[one]
        if below:
            last = list(found.order[-len(below) :]) == below
            whom = _several(below, names) if last else _few(below, names)
            said.append(f"{names[one]} is above {whom}")
    verb = "is" if len(found.told) == 1 else "are"
    return f"{len(found.told)} of {len(found.pairs)} pairs {verb} told apart: {', '.join(said)}"


def _round(found: Apart, names: dict[str, str]) -> str:
    """Return which pairs are told apart, one by one: some go against the order."""
    verb = "is" if len(found.told) == 1 else "are"
    return f"{len(found.told)} of {len(found.pairs)} pairs {verb} told apart: {_each(found, names)}"


def _each(found: Apart, names: dict[str, str]) -> str:
    """Return the pairs that are told apart, the first few by name."""
    told = [f"{names[one.better]} is above {names[one.other]}" for one in found.pairs if one.told]
    rest = f", and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
    return f"{', '.join(told[:_NAMED])}{rest}"


def _few(systems: Sequence[str], names: dict[str, str]) -> str:
    if len(systems) <= _NAMED:
        return joined([names[one] for one in systems])
    return f"{names[systems[0]]} and {len(systems) - 1} others"


def _chosen(found: Apart, names: dict[str, str]) -> str:
    """Return which of the protocol's own comparisons tell systems apart."""
    tell = "tells" if len(found.told) == 1 else "tell"
    those = f"{len(found.told)} of the protocol's {found.chosen} comparisons"
    return f"{those} {tell} systems apart: {_each(found, names)}"
