"""A study's tables as pandas has them: the columns and kinds of its bundle, however they came.

Text is text, "" where there is none; whole numbers and flags (0, 1) that are always there are
int64; all other numbers are float64, NaN where there is none; moments are in UTC, NaT where there
is none. So the same study gives the same tables from its bundle and from a database.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from evaluation.protocol.reading import protocol_from_json
from evaluation.protocol.terms import Protocol
from evaluation.records.bundle import read_bundle
from evaluation.records.codebook import SOMETIMES, TABLES, names_of, tables_of
from evaluation.records.csv_tables import frame_csv
from evaluation.records.table_columns import MOMENT, Names, columns_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class StudyTables:
    """What is known of a study.

    Attributes
    ----------
    protocol : as it was frozen
    judgements, pools, flags, raters, clips, objective, preferences, assignments, lists : the
        bundle's tables of these names (`evaluation.records.frames`)
    cannot_say, remarks : more of its tables; None where the protocol has no use for them
    systems : name of a ranking -> what `evaluation.records.frames.systems_of` says
    collection : what ``systems.json`` says of the collection; empty where nothing is known
    state : "open" or "closed"
    simulated : whether nobody judged, and the judgements are made
    """

    NAMES: ClassVar = (
        "judgements", "pools", "flags", "raters", "clips", "objective", "preferences",
        "assignments", "lists",
    )  # fmt: skip

    protocol: Protocol
    judgements: "pd.DataFrame"
    pools: "pd.DataFrame"
    flags: "pd.DataFrame"
    raters: "pd.DataFrame"
    clips: "pd.DataFrame"
    objective: "pd.DataFrame"
    preferences: "pd.DataFrame"
    assignments: "pd.DataFrame"
    lists: "pd.DataFrame"
    systems: Mapping[str, Mapping[str, Any]]
    cannot_say: "pd.DataFrame | None" = None
    remarks: "pd.DataFrame | None" = None
    collection: Mapping[str, Any] = field(default_factory=dict)
    state: str = "closed"
    simulated: bool = False

    @classmethod
    def names_for(cls, protocol: Protocol) -> list[str]:
        """Return the names of the tables that there are of a study."""
        return [*cls.NAMES, *(name for name in SOMETIMES if name in tables_of(protocol))]


def as_frame(kind: type, columns: Mapping[str, Any], names: Names | None = None) -> "pd.DataFrame":
    """Return columns of values as a table of records, each of its kind.

    Parameters
    ----------
    columns : a sequence for each column, all equally long; None stands for what is unknown.
        Moments are datetimes, or text in ISO 8601, in UTC. The table has those of the kind's
        columns that are here
    """
    import pandas as pd

    found = {}
    for one in columns_of(kind, names):
        if one.name not in columns:
            continue
        values = pd.Series(columns[one.name])
        if one.dtype == MOMENT:
            values = pd.to_datetime(values, utc=True, format="ISO8601")
        values = values.astype(one.dtype)
        found[one.name] = (values.fillna("") if one.dtype == "str" else values).array
    return pd.DataFrame(found)


def table_csv(
    kind: type, records: Iterable[Any], names: Names | None = None, *, for_people: bool = False
) -> str:
    """Return records of one `kind` as CSV; see `evaluation.records.csv_tables.frame_csv`."""
    rows = list(records)
    columns = {}
    for one in columns_of(kind, names):
        values = [getattr(row, one.field) for row in rows]
        columns[one.name] = [value.get(one.key) for value in values] if one.key else values
    return frame_csv(kind, as_frame(kind, columns, names), names, for_people=for_people)


def read_frame(kind: type, content: bytes, names: Names | None = None) -> "pd.DataFrame":
    """Return a table that `csv_tables.frame_csv` wrote; "" stands for a table without rows.

    What is read was checked before: when a bundle was imported, or when we wrote it.
    """
    import pandas as pd

    kinds = {one.name: one.dtype for one in columns_of(kind, names)}
    if not content:
        return as_frame(kind, {name: [] for name in kinds}, names)
    plain = {name: "str" if dtype == MOMENT else dtype for name, dtype in kinds.items()}
    numbers = [name for name, dtype in kinds.items() if dtype == "float64"]
    table = pd.read_csv(
        io.BytesIO(content), dtype=plain, keep_default_na=False,
        na_values={name: [""] for name in numbers}, float_precision="round_trip",
    )  # fmt: skip
    for name, dtype in kinds.items():
        if dtype == MOMENT:
            text = table[name].where(table[name] != "")
            table[name] = pd.to_datetime(text, utc=True, format="ISO8601").astype(MOMENT)
    return table[list(kinds)]


def read_study(path: Path) -> StudyTables:
    """Return what a study's bundle says, ready to be analysed.

    Before: ``pilot.zip``, as ``flask studies export`` wrote it

    After::

        from evaluation.analysis.graded import Analysis
        Analysis(read_study(Path("pilot.zip"))).primary.systems

    Raises
    ------
    InputError
        The bundle is damaged; see `evaluation.records.bundle.read_bundle`.
    """
    bundle = read_bundle(path)
    facts, kept = bundle.json("study.json"), bundle.json("systems.json")
    protocol = protocol_from_json(bundle.text("protocol.json"))
    names = names_of(protocol, [one["ranking"] for one in facts["systems"] if one["anchor"]])
    tables = {
        name: read_frame(TABLES[name].kind, bundle.files[f"{name}.csv"], names.get(name))
        for name in StudyTables.names_for(protocol)
    }
    return StudyTables(
        protocol=protocol,
        **tables,
        systems=systems_of(facts["systems"], kept),
        collection=kept.get("collection", {}),
        state=facts["state"],
        simulated=facts.get("simulated", False),
    )


def systems_of(
    listed: Sequence[Mapping[str, Any]], kept: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Return what is known of a study's systems and anchors, by the ranking's name.

    Parameters
    ----------
    listed : of each "ranking", "title", "provenance" and "anchor", as ``study.json`` has them
    kept : what ``systems.json`` says; it may be empty

    Returns
    -------
    of each "title", "provenance", "anchor", "representation" ("" where there is none) and
    "trained_on": what of the collection its training heard, in words; "" for nothing known
    """
    from embeddings.representations import CARDS

    is_fsd50k = kept.get("collection", {}).get("reader") == "fsd50k"
    found = {}
    for one in listed:
        meta = kept.get("systems", {}).get(one["ranking"], {}).get("ranking", {})
        representation = meta.get("representation", "")
        card = CARDS.get(representation)
        told = card.test_data if card and is_fsd50k and one["provenance"] != "simulated" else "no"
        found[one["ranking"]] = {
            "title": one["title"],
            "provenance": one["provenance"],
            "anchor": one["anchor"],
            "representation": representation,
            "trained_on": "" if told.startswith("no") else told,
        }
    return found
