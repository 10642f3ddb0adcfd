"""The stored scores of a collection's systems as tidy tables: what pages and reports show.

Every table is a DataFrame of full precision with NaN where a number is undefined or unknown. Each
row that is of a system has "system" (its name in commands), "label" (the part of the title
before the processing, where no other system has the same), "title" and "provenance".
"""

from math import nan
from typing import TYPE_CHECKING, Any

from embeddings.collection.clips import CONVENTIONS, Collection
from embeddings.errors import InputError
from embeddings.files import read_json
from embeddings.representations import CARDS
from evaluation.objective.beside_published import PUBLISHED, comparison
from evaluation.objective.definitions import METRICS, check_word
from evaluation.objective.published import published
from evaluation.objective.stored_systems import StoredSystem, stored_systems
from evaluation.objective.sweep import is_current, sweeps

if TYPE_CHECKING:
    import pandas as pd

_IDENTITY = ("system", "label", "title", "provenance")


def systems_table(collection: Collection, convention: str) -> "pd.DataFrame":
    """Return a row a ranked system, with its card, its scores and what was published of it.

    Returns
    -------
    DataFrame by system, with the columns

    system, label, title, representation, provenance
    modality : of its card, "" without one
    parameters, dimensions : numbers that were learned, as the paper has them; numbers in a raw
        vector
    scored : bool
    clips, failed : queries that were scored; clips without vectors
    map@15, map@150, mr1 : means over the classes; "micro_" before them: means over the queries
    undefined, censored : (query, class) pairs without another relevant clip, and pairs whose first
        relevant result lies beyond the ranks that an imported ranking keeps, so that MR1 is a lower
        bound
    known_ranks : how many ranks an imported ranking keeps; NaN where all was ranked
    comparison : what may be compared with the paper; see `comparable.comparison`
    published_map@15, ... : what was published, where the system is the one that it was published of
    difference_map@15, ... : ours less the published, where the two may be compared
    """
    import pandas as pd

    check_word("convention", convention, CONVENTIONS)
    systems = stored_systems(collection)[0]
    rows = [_system_row(one, _kind(collection, one, convention), convention) for one in systems]
    table = pd.DataFrame(rows, columns=list(_system_row(_NOBODY, "", convention)))
    return table.astype({"scored": bool})  # also where there are no rows to tell it


def family_table(collection: Collection, convention: str) -> "pd.DataFrame":
    """Return a row a scored system and family: the mean over the family's classes.

    Columns: system, label, title, provenance, family, classes (that have a value to average), clips
    (that carry one of them), map@15, map@150, mr1, published_map@15, difference_map@15. Families
    are in the collection's order. What was published is there where it may be compared.
    """
    import pandas as pd

    check_word("convention", convention, CONVENTIONS)
    rows = []
    for one in stored_systems(collection)[0]:
        kind = _kind(collection, one, convention)
        theirs = published()[one.meta["representation"]].families if kind in PUBLISHED else {}
        for family, facts in one.under(convention).get("families", {}).items():
            known, own = theirs.get(family, nan), _numbers(facts)
            may = "map@15" in PUBLISHED.get(kind, ())
            rows.append(
                one.identity
                | {"family": family, "classes": facts["classes"], "clips": facts["clips"]}
                | own
                | {
                    "published_map@15": known,
                    "difference_map@15": own["map@15"] - known if may else nan,
                }
            )
    columns = [*_IDENTITY, "family", "classes", "clips", *METRICS]
    return pd.DataFrame(rows, columns=[*columns, "published_map@15", "difference_map@15"])


def family_means(collection: Collection, convention: str) -> "pd.DataFrame":
    """Return a row a scored system: the mean of its families' values, each family counted alike.

    It is not the class-averaged (macro) score: families of a few classes weigh as much as others,
    and classes without a family are left out. NaN where a family has no value.

    Columns: system, label, title, provenance, families (how many), map@15, map@150, mr1,
    published_map@15, difference_map@15.
    """
    table = family_table(collection, convention)
    kept = [*METRICS, "published_map@15", "difference_map@15"]
    groups = table.groupby(list(_IDENTITY), sort=True)
    means = groups[kept].agg(lambda values: values.mean(skipna=False))
    means.insert(0, "families", groups["family"].count())
    return means.reset_index()


def class_table(collection: Collection, convention: str) -> "pd.DataFrame":
    """Return a row a class and scored system: the mean over the clips that carry the class.

    Columns: class, family ("" for none), clips (of the collection that carry it), system, label,
    title, provenance, map@15, map@150, mr1. Classes are in alphabetical order.
    """
    import pandas as pd

    check_word("convention", convention, CONVENTIONS)
    counts, families = collection.class_counts, collection.family_of
    scored = [
        (one.identity, one.under(convention)["classes"])
        for one in stored_systems(collection)[0]
        if one.objective
    ]
    rows = [
        {"class": label, "family": families.get(label, ""), "clips": clips}
        | identity
        | _numbers(classes[label])
        for label, clips in counts.items()
        for identity, classes in scored
        if label in classes  # without vectors of any of its clips a system has no value
    ]
    return pd.DataFrame(rows, columns=["class", "family", "clips", *_IDENTITY, *METRICS])


def compare_classes(
    collection: Collection, convention: str, a: str, b: str, measure: str = "map@15"
) -> "pd.DataFrame":
    """Return a row a class: a measure of two systems, the classes that differ most first.

    Returns
    -------
    DataFrame: class, family, clips, a, b (the values of the systems `a` and `b`), difference
    (b less a); classes of which one has no value come last

    Raises
    ------
    InputError
        An unknown convention or measure; a system that is not there or not scored; the same twice.
    """
    check_word("measure", measure, METRICS)
    if a == b:
        raise InputError(f"To be compared with itself, a system says nothing: {a!r} is both.")
    table = class_table(collection, convention)
    scored = [one.name for one in stored_systems(collection)[0] if one.objective]
    for name in (a, b):
        if name not in scored:  # one that is may have no class: its only query has none
            raise InputError(
                f"The collection {collection.name!r} has no scored system {name!r}; it has: "
                f"{', '.join(scored) or 'none yet'}."
            )
    keys = ["class", "family", "clips"]
    values = table.pivot(index=keys, columns="system", values=measure).reindex(columns=[a, b])
    found = values.set_axis(["a", "b"], axis="columns").reset_index()
    found["difference"] = found["b"] - found["a"]
    order = found["difference"].abs().sort_values(ascending=False, kind="stable").index
    return found.loc[order].reset_index(drop=True)


def sweep_table(collection: Collection, convention: str, measure: str = "map@15") -> "pd.DataFrame":
    """Return a row a cell of the stored sweeps: a processing and search, and its score.

    Sweeps of vectors that the collection no longer has are left out.

    Returns
    -------
    DataFrame: embedding, representation, provenance, aggregation, normalise, pca ("100", "none"),
    search, exclude_same, paper ("yes" for the paper's processing and search, "" for others), value
    (the mean over the classes; NaN where the cell cannot be), note (why it cannot be)
    """
    import pandas as pd

    check_word("convention", convention, CONVENTIONS)
    check_word("measure", measure, METRICS)
    columns = ["embedding", "representation", "provenance", "aggregation", "normalise", "pca"]
    columns += ["search", "exclude_same", "paper", "value", "note"]
    parts = [pd.DataFrame(columns=columns)]
    for folder in sweeps(collection):
        if not is_current(collection, read_json(folder / "meta.json")):
            continue
        table = pd.read_csv(folder / "sweep.csv", dtype=str, keep_default_na=False)
        values = table.get(f"macro_{measure}", nan)  # an older sweep may not have it
        table["value"] = pd.to_numeric(values)  # "" becomes NaN
        table["paper"] = table.get("paper", "yes")  # 0.1.0 swept no others
        parts.append(table.loc[table["convention"] == convention, columns])
    return pd.concat([one for one in parts if len(one)] or parts, ignore_index=True)


def in_groups(table: "pd.DataFrame", by: str, descending: bool = False) -> "pd.DataFrame":
    """Return rows of systems sorted by a column inside two groups that are never mixed.

    Computed and imported systems come first, simulated ones after them, as the column "group" says:
    "measured", "simulated". Rows without a value come last in their group, whatever the direction.
    """
    group = table["provenance"].eq("simulated").map({False: "measured", True: "simulated"})
    found = table.assign(group=group).loc[sorted_rows(table[by], descending)]
    return found.sort_values("group", kind="stable").reset_index(drop=True)


def sorted_rows(values: "pd.Series", descending: bool = False) -> "pd.Index":
    """Return the labels of a column's values, sorted: ties as they are, "" and NaN always last."""
    if values.dtype.kind in "OTU":
        small = values.str.lower()
        values = small.mask(small == "")
    return values.sort_values(ascending=not descending, kind="stable", na_position="last").index


def parameters(card_says: str) -> float:
    """Return a number as the paper prints it ("62M", "51K") as a number; NaN for ""."""
    if not card_says:
        return nan
    factor = {"K": 1e3, "M": 1e6, "B": 1e9}[card_says[-1]]
    return float(card_says[:-1]) * factor


def _system_row(one: StoredSystem, kind: str, convention: str) -> dict[str, Any]:
    card = CARDS.get(one.meta["representation"])
    scores, facts = one.under(convention), one.objective or {}
    own = _numbers(scores.get("macro", {}))
    theirs = published()[one.meta["representation"]].scores if kind in PUBLISHED else {}
    row = one.identity | {
        "representation": one.meta["representation"],
        "modality": card.modality if card else "",
        "parameters": parameters(card.parameters) if card else nan,
        "dimensions": one.embedding.get("dim", nan),
        "scored": one.objective is not None,
        "clips": facts.get("clips", nan),
        "failed": facts.get("failed", nan),
        **own,
        **{f"micro_{key}": value for key, value in _numbers(scores.get("micro", {})).items()},
        "undefined": scores.get("undefined", nan),
        "censored": scores.get("censored", nan),
        "known_ranks": _number(facts.get("known_ranks")),
        "comparison": kind,
    }
    for measure in METRICS:
        row[f"published_{measure}"] = theirs.get(measure, nan)
    for measure in METRICS:
        may = measure in PUBLISHED.get(kind, ())
        row[f"difference_{measure}"] = own[measure] - theirs.get(measure, nan) if may else nan
    return row


def _kind(collection: Collection, one: StoredSystem, convention: str) -> str:
    return comparison(collection, one.meta, one.embedding, convention)


def _numbers(facts: dict[str, Any]) -> dict[str, float]:
    return {measure: _number(facts.get(measure)) for measure in METRICS}


def _number(value: float | None) -> float:
    return nan if value is None else float(value)


_NOBODY = StoredSystem(
    "", "", {"title": "", "provenance": "", "representation": "", "embedding": None}, {}, None
)
