"""Which system leads by a measure, and by how much: of computed and imported ones, and of simulated
ones, which are never in one order."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evaluation.objective.definitions import METRICS
from evaluation.objective.scoreboard import in_groups

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Lead:
    """The best system of a group, and the next.

    Attributes
    ----------
    group : "measured" or "simulated"
    systems : how many of the group have a value
    best, second : their rows of `scoreboard.systems_table`; no second where there is one system
    value, second_value : their scores; None without a second
    ahead, classes : on how many classes the best is better than the second, of how many on which
        both have a value
    """

    group: str
    systems: int
    best: dict[str, Any]
    value: float
    second: dict[str, Any] | None = None
    second_value: float | None = None
    ahead: int = 0
    classes: int = 0


def leads(
    systems: "pd.DataFrame", classes: "pd.DataFrame", measure: str, average: str
) -> list[Lead]:
    """Return who leads in each group that has a value, computed and imported systems first.

    Parameters
    ----------
    systems, classes : `scoreboard.systems_table` and `class_table` of one convention
    measure, average : of which the values are: "map@15", "class" or "micro"
    """
    column = measure if average == "class" else f"micro_{measure}"
    known = systems[systems["scored"] & systems[column].notna()]
    rows = in_groups(known, column, bool(METRICS[measure].higher)).to_dict("records")
    found = []
    for group in dict.fromkeys(row["group"] for row in rows):
        own = [row for row in rows if row["group"] == group]
        best = own[0]
        if len(own) == 1:
            found.append(Lead(group, 1, best, best[column]))
            continue
        ahead, both = _ahead(classes, measure, best["system"], own[1]["system"])
        second = own[1], own[1][column]
        found.append(Lead(group, len(own), best, best[column], *second, ahead, both))
    return found


def _ahead(classes: "pd.DataFrame", measure: str, a: str, b: str) -> tuple[int, int]:
    """Return on how many classes the system `a` is better than `b`, and how many both have."""
    values = classes.pivot(index="class", columns="system", values=measure)
    apart = (values.reindex(columns=[a, b]).diff(axis=1)[b]).dropna()
    better = apart < 0 if METRICS[measure].higher else apart > 0
    return int(better.sum()), len(apart)
