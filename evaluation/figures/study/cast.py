"""The systems of a study as its figures and tables have them: names, order, provenance."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from evaluation.figures import charts
from evaluation.records.frames import StudyTables

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["system", "title", "name", "provenance", "representation", "trained_on"]


def study_cast(tables: StudyTables) -> "pd.DataFrame":
    """Return the systems that a study compares, a row each, in the paper's order.

    Returns
    -------
    The columns system; title; name, the shortest that no other system has, with its provenance
    behind it unless it was computed; provenance; representation, "" where there is none;
    trained_on, what of the collection its training heard, "" for nothing known
    """
    import pandas as pd

    known = [{"system": one, **tables.systems[one]} for one in tables.protocol.systems]
    return charts.cast(pd.DataFrame(known).assign(scored=True))[COLUMNS]


def ranked(
    cast: "pd.DataFrame", values: "Mapping[str, float | None] | pd.Series", *, higher: bool = True
) -> "pd.DataFrame":
    """Return the systems with the best first, those that are not simulated before the others.

    Parameters
    ----------
    cast : what `study_cast` returned
    values : a number for each system, by name; systems without one come last
    higher : whether more is better
    """
    found = cast["system"].map(values).astype(np.float64)
    order = cast.assign(
        _simulated=cast["provenance"] == "simulated", _value=-found if higher else found
    )
    order = order.sort_values(["_simulated", "_value"], kind="stable", na_position="last")
    return order.drop(columns=["_simulated", "_value"]).reset_index(drop=True)


def divide(cast: "pd.DataFrame") -> int | None:
    """Return after how many rows of what `ranked` returned the simulated ones begin.

    None where all are of one kind, so that no line divides them.
    """
    measured = int((cast["provenance"] != "simulated").sum())
    return measured if 0 < measured < len(cast) else None
