"""The tables of a report: headings, rows in groups, and the same at full precision as CSV."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evaluation.figures.charts import SIMULATED, short, signed
from evaluation.figures.scores.family_figures import MEAN
from evaluation.figures.shown import Cell, Heading, Table, number
from evaluation.objective.definitions import METRICS, wording
from evaluation.objective.scoreboard import in_groups

if TYPE_CHECKING:
    import pandas as pd

MOVED = 20
"""How many of the classes that differ most are listed."""
_UNKNOWN = (
    "Undefined: no other clip of the collection is relevant, or this ranking does not reach that "
    "far"
)
_GROUPS = {"measured": "Computed or imported", "simulated": SIMULATED}


def system_rows(systems: "pd.DataFrame", convention: str) -> Table:
    """Return the table of all systems, the best of each group first."""
    averages = [(measure, average) for average in ("class", "micro") for measure in METRICS]
    words = {
        ("micro_" if average == "micro" else "") + measure: wording(measure, convention, average)
        for measure, average in averages
    }
    bounds = dict(zip(words, [METRICS[one].lower_bound for one, _ in averages], strict=True))
    known = [
        (f"{kind}_{measure}", f"{kind} {words[measure].name}")
        for measure in METRICS for kind in ("published", "difference")
        if systems[f"{kind}_{measure}"].notna().any()
    ]  # fmt: skip
    headings = [
        Heading("System", numeric=False),
        Heading("Modality", numeric=False),
        Heading("Dimensions"),
        Heading("Parameters"),
        *(Heading(one.name, one.kind, one.definition) for one in words.values()),
        *(Heading(title.capitalize(), "class-wise") for _, title in known),
    ]
    groups: dict[str, list[list[Cell]]] = {}
    for row in in_groups(systems, "map@15", descending=True).to_dict("records"):
        cells = [
            Cell(row["title"], row["title"].lower(), row["provenance"]),
            Cell(row["modality"] or "–", row["modality"]),
            number(row["dimensions"], "{:,.0f}"),
            number(row["parameters"], short(row["parameters"])),
            *(
                _score(
                    row[key], f"{{:.{one.digits}f}}", at_least=row["censored"] > 0 and bounds[key]
                )
                for key, one in words.items()
            ),
            *(number(row[key], "{:+.2f}" if "difference" in key else "{:.2f}") for key, _ in known),
        ]
        groups.setdefault(_GROUPS[row["group"]], []).append(cells)
    return Table(headings, groups, systems)


def family_rows(systems: "pd.DataFrame", families: "pd.DataFrame", means: "pd.DataFrame") -> Table:
    """Return the table of the systems' MAP@15 in each family, the best of each group first."""
    classes = families.groupby("family", sort=False)["classes"].max()
    values = families.pivot(index="system", columns="family", values="map@15")
    mean = means.set_index("system")["map@15"]
    headings = [
        Heading("System", numeric=False),
        *(Heading(one.replace("_", " "), f"{count} classes") for one, count in classes.items()),
        Heading(MEAN),
    ]
    ordered = in_groups(systems[systems["scored"]], "map@15", descending=True)
    groups: dict[str, list[list[Cell]]] = {}
    for row in ordered.to_dict("records"):
        own = values.loc[row["system"], list(classes.index)]
        groups.setdefault(_GROUPS[row["group"]], []).append(
            [
                Cell(row["title"], row["title"].lower(), row["provenance"]),
                *(_score(one) for one in [*own, mean[row["system"]]]),
            ]
        )
    return Table(headings, groups, families)


def class_rows(systems: "pd.DataFrame", classes: "pd.DataFrame") -> Table:
    """Return the table of the classes' MAP@15 under each system, simulated systems last."""
    order = in_groups(systems[systems["scored"]], "map@15", descending=True)
    keys = ["class", "family", "clips"]
    values = classes.pivot(index=keys, columns="system", values="map@15")
    values = values.reindex(columns=order["system"])
    headings = [
        Heading("Class", numeric=False), Heading("Family", numeric=False), Heading("Clips"),
        *(Heading(row["label"], provenance=row["provenance"]) for _, row in order.iterrows()),
    ]  # fmt: skip
    rows = [
        [
            *_named(label, family),
            number(clips, "{:,.0f}"),
            *(_score(one) for one in scores),
        ]
        for (label, family, clips), scores in zip(values.index, values.to_numpy(), strict=True)
    ]
    return Table(headings, {"": rows}, classes)


def moved_rows(table: "pd.DataFrame", pair: "pd.DataFrame") -> Table:
    """Return the classes that differ most between two systems by MAP@15.

    Parameters
    ----------
    table : `scoreboard.compare_classes`
    pair : the rows of both systems in `scoreboard.systems_table`
    """
    headings = [
        Heading("Class", numeric=False), Heading("Family", numeric=False), Heading("Clips"),
        *(Heading(row["label"], provenance=row["provenance"]) for _, row in pair.iterrows()),
        Heading("Difference", "the second less the first"),
    ]  # fmt: skip
    rows = [
        [
            *_named(row["class"], row["family"]),
            number(row["clips"], "{:,.0f}"),
            _score(row["a"]),
            _score(row["b"]),
            Cell(signed(row["difference"]), row["difference"], numeric=True),
        ]
        for row in table.dropna(subset=["difference"]).head(MOVED).to_dict("records")
    ]
    return Table(headings, {"": rows}, table)


def _named(label: str, family: str) -> Sequence[Cell]:
    words = [one.replace("_", " ") for one in (label, family)]
    return Cell(words[0], words[0].lower()), Cell(words[1] or "–", words[1].lower())


def _score(value: float, form: str = "{:.3f}", *, at_least: bool = False) -> Cell:
    """Return the cell of a score, which says why where it is not there."""
    return number(value, form, at_least=at_least, note=_UNKNOWN if value != value else "")
