"""What stands beside the form: what the study would ask of raters, find, and sound like."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from embeddings.errors import InputError
from evaluation.analysis.power import EFFECT, Power, comparisons, powers, typical
from evaluation.design.workload import WISE_RATERS
from evaluation.keys import WrongKey
from evaluation.protocol.reading import check_protocol
from evaluation.protocol.terms import Protocol
from webapp.core import catalogue
from webapp.manage import background
from webapp.manage.form import SOURCE
from webapp.study import preview

RUNS, FEWEST_RUNS = 500, 100
_CELLS = 1_000_000  # raters times queries of all studies of one size, about a second
_BESIDE = (
    "instructions", "consent", "contact", "ends", "withdrawal_until", "questionnaire", "joining",
    "lease_minutes", "screening",
)  # fmt: skip
"""What changes no plan."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """How often a difference is found: of studies with so many raters each.

    Attributes
    ----------
    found : None while it is being simulated
    effect : the difference, in grades
    tested : how many pairs of systems are compared
    runs : studies of each size
    """

    found: list[Power] | None
    effect: float
    tested: int
    runs: int


@dataclass(frozen=True, slots=True)
class SidePlan:
    """What a study comes to, as far as its protocol is written.

    Attributes
    ----------
    protocol : without what changes no plan; None where it is not yet one
    wrong : why it is none
    problem : the sentence that says why there is no plan of it; "" where there is one
    found : pools, minutes, raters, and the level of the sounds
    power : None where the method has no such plan, or two queries are missing
    """

    protocol: Protocol | None = None
    wrong: tuple[WrongKey, ...] = ()
    problem: str = ""
    found: preview.Preview | None = None
    power: Simulated | None = None

    @property
    def waits(self) -> bool:
        """Whether there will be more in a moment."""
        return self.power is not None and self.power.found is None


def side_plan(table: Mapping[str, Any]) -> SidePlan:
    """Return what a protocol's table comes to; all but the power is computed now, and kept."""
    bare = {key: value for key, value in table.items() if key not in _BESIDE}
    protocol, wrong = check_protocol(bare | {"slug": "plan", "title": "plan"}, SOURCE)
    if protocol is None:
        return SidePlan(wrong=tuple(wrong))
    if protocol.collection not in catalogue.names():
        missing = f"There is no collection {protocol.collection!r} here."
        return SidePlan(protocol, problem=missing)
    try:
        found = preview.preview(protocol)
        return SidePlan(protocol, found=found, power=_power(protocol, found))
    except InputError as error:
        return SidePlan(protocol, problem=str(error))


def _power(protocol: Protocol, found: preview.Preview) -> Simulated | None:
    """Return what simulated studies found, by as many raters as are needed, and as are wise."""
    needed, queries = found.plan.raters, found.plan.queries
    if protocol.method != "graded" or queries < 2:
        return None
    facet = protocol.scale.facets[0]
    span = float(facet.highest - facet.lowest)
    raters = [needed] if needed and needed >= WISE_RATERS else [needed or 5, WISE_RATERS]
    runs = max(FEWEST_RUNS, min(RUNS, _CELLS // (max(raters) * queries)))
    tested = comparisons(protocol)
    asked = (
        [(people, queries) for people in raters], protocol.raters_per_query, protocol.sitting,
        tested, runs, span,
    )  # fmt: skip
    simulated = background.of_app().get(("power", repr(asked)), partial(simulate, *asked))
    return Simulated(simulated, EFFECT * span, tested, runs)


def simulate(
    sizes: list[tuple[int, int]], judging: int, sitting: int, tested: int, runs: int, span: float
) -> list[Power]:
    """Return the power of studies of some sizes (raters, queries), by the guess of a first study.

    `judging` and `sitting` are the protocol's, `tested` counts compared pairs, `runs` studies of
    each size; `span` is the scale's, in grades.
    """
    assumed = typical(EFFECT * span, span)
    return powers(assumed, sizes, judging, sitting=sitting, comparisons=tested, runs=runs)
