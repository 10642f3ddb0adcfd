"""A collection's scores as one HTML file: tables, figures and CSV files, for anybody, for good.

It needs neither a server nor a network, and the same input gives the same bytes: when it was made
does not stand in it, what it was made of does.
"""

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from embeddings import __version__
from embeddings.collection.clips import CONVENTIONS, Collection
from embeddings.errors import InputError
from evaluation.figures.figure import Figure, first_line
from evaluation.figures.scores.every import NO_SWEEP, class_scatter, score_figures
from evaluation.figures.shown import Table
from evaluation.objective import published
from evaluation.objective.definitions import AVERAGES, METRICS, check_word, wording
from evaluation.objective.scoreboard import (
    class_table,
    compare_classes,
    family_means,
    family_table,
    systems_table,
)
from evaluation.objective.stored_systems import stored_systems
from evaluation.reports import TEMPLATES
from evaluation.reports.explaining import explained, meanings
from evaluation.reports.scores_tables import class_rows, family_rows, moved_rows, system_rows

if TYPE_CHECKING:
    import pandas as pd
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class Assets:
    """What the file has in it of the pages' own looks and ways.

    Attributes
    ----------
    styles : style sheets
    theme : the script that sets light or dark before anything is drawn
    plotly : Plotly's script
    scripts : modules that draw the figures and sort the tables
    """

    styles: str
    theme: str
    plotly: str
    scripts: tuple[str, ...]


def report(
    collection: Collection,
    convention: str,
    assets: Assets,
    pair: tuple[str, str] | None = None,
) -> str:
    """Return the scores of a collection's systems as an HTML document.

    Parameters
    ----------
    convention : "cbmi2024" or "corrected"
    pair : two systems to compare class by class; `best_pair` unless told

    Raises
    ------
    InputError
        No system was scored, or one of `pair` was not; an unknown convention.
    """
    check_word("convention", convention, CONVENTIONS)
    systems = systems_table(collection, convention)
    if not systems["scored"].any():
        raise InputError(
            f"No system of {collection.name!r} is scored yet: flask evaluate {collection.name}."
        )
    figures = {figure.name: figure for figure in score_figures(collection, convention)}
    tables = _tables(collection, convention, systems)
    scatter, moved = _compared(collection, convention, pair or best_pair(systems))
    return render(
        "report.html",
        assets,
        collection=collection,
        convention=convention,
        figures=figures,
        scatter=scatter,
        moved=moved,
        tables=tables,
        damaged=stored_systems(collection)[1],
        simulated=bool((systems["provenance"] == "simulated").any()),
        words=[wording(one, convention, how) for how in AVERAGES for one in METRICS],
        no_sweep=NO_SWEEP.format(collection=collection.name),
        published=published,
        file_name=lambda name: f"{collection.name}-{name}-{convention}.csv",
        about_simulated=(
            "Numbers of systems marked simulated come from made vectors that know nothing of the "
            "sounds."
        ),
    )


def render(template: str, assets: Assets, **values: Any) -> str:
    """Return a template of ``templates`` as an HTML document with all that it needs in it.

    Parameters
    ----------
    template : its file's name
    values : what the template names
    """
    return (
        _environment()
        .get_template(template)
        .render(
            version=__version__,
            assets=assets,
            csv_address=_csv_address,
            meanings=meanings,
            **values,
        )
    )


@cache
def _environment() -> "Environment":
    """Return what holds the templates, compiled once: that takes longer than filling them."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= {"explained": explained, "brief": first_line}
    return made


def best_pair(systems: "pd.DataFrame") -> tuple[str, str] | None:
    """Return the two systems of one kind with the highest MAP@15, the lower one first.

    Computed or imported ones where there are two, simulated ones otherwise; None without either.
    """
    scored = systems[systems["map@15"].notna()].sort_values("map@15", kind="stable")
    simulated = scored["provenance"] == "simulated"
    for kind in (scored[~simulated], scored[simulated]):
        if len(kind) > 1:
            lower, best = kind["system"].iloc[-2:]
            return lower, best
    return None


def _tables(collection: Collection, convention: str, systems: "pd.DataFrame") -> dict[str, Table]:
    """Return the tables of systems, families (where there are some) and classes."""
    families = family_table(collection, convention)
    found = {"systems": system_rows(systems, convention)}
    if len(families):
        means = family_means(collection, convention)
        found["families"] = family_rows(systems, families, means)
    classes = class_table(collection, convention)
    return found | {"classes": class_rows(systems, classes)}


def _compared(
    collection: Collection, convention: str, pair: tuple[str, str] | None
) -> tuple[Figure | None, Table | None]:
    if pair is None:
        return None, None
    table = compare_classes(collection, convention, *pair)
    titles = systems_table(collection, convention).set_index("system").loc[list(pair)]
    return class_scatter(collection, convention, *pair), moved_rows(table, titles)


def _csv_address(text: str) -> str:
    """Return a CSV file as an address of its own, to be saved by a click."""
    return f"data:text/csv;charset=utf-8;base64,{b64encode(text.encode()).decode()}"
