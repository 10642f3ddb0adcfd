"""The tables of the scores page as CSV: what is shown, in its order, to the last digit."""

from typing import TYPE_CHECKING

from embeddings.collection.clips import Collection
from evaluation.objective.definitions import METRICS
from webapp.scores.classes import class_values, comparison, looked_for, pair
from webapp.scores.score_tables import Board, scored, shows_published, systems_sorted
from webapp.scores.state import State
from webapp.twins import TableFile

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("systems", "families", "classes", "comparison")
MEAN = "mean of the families"

_WHO = ["system", "title", "provenance"]
_BESIDE = ["published_map@15", "difference_map@15"]


def csv_table(
    collection: Collection, found: Board, state: State, table: str
) -> "pd.DataFrame | None":
    """Return one of `TABLES` as it is shown; None where there is nothing to compare."""
    if table == "systems":
        return _systems(found, state)
    if table == "families":
        return _families(found, state)
    if table == "classes":
        return _classes(found, state)
    return _comparison(collection, found, state)


def scores_file(
    state: State, table: "pd.DataFrame", name: str, *, title: str = "", whose: str = ""
) -> TableFile:
    """Return a table or the numbers of a figure, to leave as CSV or JSON."""
    kinds = [column for column in table if str(column).startswith("provenance")]
    simulated = bool((table[kinds] == "simulated").any(axis=None))
    about = {"title": title} if title else {}
    about |= {"collection": state.name, "convention": state.convention}
    return TableFile(table, name, simulated, about, whose=whose)


def _systems(found: Board, state: State) -> "pd.DataFrame":
    rows = systems_sorted(found, state).assign(convention=state.convention, average=state.average)
    kept = ["representation", "modality", "parameters", "dimensions", "convention", "average"]
    kept += ["clips", "failed", *METRICS, "undefined", "censored", "known_ranks", "comparison"]
    if shows_published(found, state):
        kept += [f"{what}_{one}" for what in ("published", "difference") for one in METRICS]
    return rows[[*_WHO, *kept]]


def _families(found: Board, state: State) -> "pd.DataFrame":
    import pandas as pd

    means = found.means.assign(family=MEAN).drop(columns="families")
    rows = pd.concat([found.families, means], ignore_index=True)
    rows = rows.assign(convention=state.convention).set_index("system", drop=False)
    order = scored(found, state)["system"].tolist()
    rows = rows.loc[order] if len(rows) else rows
    return rows[[*_WHO, "family", "classes", "clips", "convention", *METRICS, *_BESIDE]]


def _classes(found: Board, state: State) -> "pd.DataFrame":
    wide = class_values(found, state)
    wide = wide[looked_for(wide, state)].droplevel("place")
    keys = wide.index.names
    rows = wide.reset_index().melt(keys, var_name="system", value_name=state.measure)
    place = rows.groupby("system", sort=False).cumcount()
    rows = rows.loc[place.sort_values(kind="stable").index]
    about = found.systems.set_index("system")[["title", "provenance"]]
    rows = rows.join(about, on="system").assign(convention=state.convention)
    return rows[[*keys, *_WHO, "convention", state.measure]]


def _comparison(collection: Collection, found: Board, state: State) -> "pd.DataFrame | None":
    chosen = pair(found, state)
    if chosen is None:
        return None
    rows = comparison(collection, state, *chosen)
    provenance = found.systems.set_index("system")["provenance"]
    facts = {
        "system_a": chosen[0],
        "provenance_a": provenance[chosen[0]],
        "system_b": chosen[1],
        "provenance_b": provenance[chosen[1]],
        "measure": state.measure,
        "convention": state.convention,
    }
    return rows.assign(**facts)[["class", "family", "clips", *facts, "a", "b", "difference"]]
