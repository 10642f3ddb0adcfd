"""flask studies plan: how many queries and raters it takes to find a difference."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from embeddings.errors import InputError
from evaluation.analysis.power import (
    EFFECT,
    TYPICAL,
    Assumptions,
    Power,
    comparisons,
    of_pilot,
    powers,
    typical,
)
from evaluation.analysis.rater_effects import Generalizability
from evaluation.design.workload import HIDES, WISE_RATERS
from evaluation.protocol.reading import read_protocol
from evaluation.protocol.terms import Protocol
from evaluation.records.frames import StudyTables, read_study
from evaluation.statistics.significance import LEVEL
from webapp.cli.options import workers_option
from webapp.core import database
from webapp.study import lifecycle
from webapp.tables.study_tables import study_tables

WANTED = 0.8
"""The power that is commonly asked for."""

Sizes = tuple[int, ...]


def _sizes(context: click.Context, option: click.Parameter, value: str) -> Sizes:
    """Return numbers as in 5,10,20, each once, rising."""
    try:
        found = sorted({int(one) for one in value.split(",")})
    except ValueError:
        raise click.BadParameter(f"must be numbers as in 5,10,20, not {value!r}.") from None
    return tuple(found)


@click.command("plan")
@click.argument("protocol", type=click.Path(path_type=Path))
@click.option(
    "--effect", type=float, help="By how many grades one system is better; a tenth of the scale."
)
@click.option(
    "--raters", default="5,12,20", show_default=True, callback=_sizes,
    help="How many raters; each number is tried.",
)  # fmt: skip
@click.option(
    "--queries",
    default="10,20,40",
    show_default=True,
    callback=_sizes,
    help="How many queries.",
)
@click.option(
    "--per-query", type=click.IntRange(min=0),
    help="How many raters judge each query; 0: all. The protocol's raters_per_query unless told.",
)  # fmt: skip
@click.option(
    "--pilot", help="A study here, or the zip of one, whose variances are taken instead of a guess."
)
@click.option(
    "--lapses", type=float, default=0.0, show_default=True,
    help="The share of blocks that a rater grades without listening.",
)  # fmt: skip
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    help="Studies of each size.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of all that is drawn."
)
@workers_option("all cores unless told, if there are many studies")
@with_appcontext
def plan_command(
    protocol: Path,
    effect: float | None,
    raters: Sizes,
    queries: Sizes,
    per_query: int | None,
    pilot: str | None,
    lapses: float,
    runs: int,
    seed: int,
    workers: int | None,
) -> None:
    """Simulate the study of the TOML file PROTOCOL: which size would find a difference?

    Studies of each size are drawn, and analysed as a real one is. Raters are given no more queries
    than the protocol's sitting has, those that the fewest were given first; a block is taken for a
    whole query. Nothing is stored.
    """
    terms = read_protocol(protocol)
    assumed, source = assumptions(terms, effect, pilot, lapses)
    tested = comparisons(terms)
    judging = terms.raters_per_query if per_query is None else per_query
    sizes = [(people, asked) for asked in queries for people in raters]
    for what, much in _assumed(terms, assumed, source, tested, runs, seed):
        click.echo(f"{what:14} {much}")
    found = powers(assumed, sizes, judging, sitting=terms.sitting, comparisons=tested,
                   runs=runs, seed=seed, workers=workers)  # fmt: skip
    click.echo("\nqueries  raters  judge each  power  std. error  interval, grades")
    for one in found:
        click.echo(_line(one))
    for sentence in (unfilled(found, terms.sitting), reached(found), wise(found)):
        if sentence:
            click.echo(f"\n{sentence}")


def assumptions(
    terms: Protocol, effect: float | None, pilot: str | None, lapses: float
) -> tuple[Assumptions, str]:
    """Return what is assumed of a study, and where that is from.

    Raises InputError for a method that has no such plan, and a pilot that does not fit.
    """
    if terms.method != "graded":
        raise InputError(f"Only studies that grade single results are planned, not {terms.method}.")
    facet = terms.scale.facets[0]
    span = float(facet.highest - facet.lowest)
    apart = EFFECT * span if effect is None else effect
    if not 0 < apart <= span:
        raise InputError(f"--effect must be above 0 and at most {span:g} grades, not {apart:g}.")
    if pilot is None:
        shares = ", ".join(f"{share:.0%}" for share in TYPICAL.values())
        source = f"a guess, that no study stands behind: {shares} of the scale (--pilot is better)"
        return typical(apart, span, lapses), source
    variances, told = _pilot(pilot)
    theirs = told.protocol.scale.facets[0]
    if (theirs.lowest, theirs.highest) != (facet.lowest, facet.highest):
        raise InputError(
            f"The pilot's grades go from {theirs.lowest} to {theirs.highest}, the protocol's from "
            f"{facet.lowest} to {facet.highest}; a pilot must have the same scale."
        )
    made = ", whose raters are simulated" if told.simulated else ""
    source = (
        f"the pilot {told.protocol.slug}{made}: {variances.queries} queries, "
        f"{variances.raters} raters"
    )
    return of_pilot(apart, variances, span, lapses), source


def reached(found: list[Power]) -> str:
    """Return which sizes reach `WANTED`, the fewest judged blocks first."""
    enough = [one for one in found if one.found >= WANTED]
    if not enough:
        best = max(found, key=lambda one: one.found)
        return (
            f"No size reaches {WANTED:.0%}; {best.queries} queries and {best.raters} raters come "
            f"to {best.found:.0%}. More queries, more raters, or fewer comparisons would help."
        )
    enough.sort(key=lambda one: (one.queries * one.each, one.queries))
    sizes = "; ".join(
        f"{one.queries} queries, {one.raters} raters ({one.found:.0%}"
        f"{'' if one.filled else ', not filled'})"
        for one in enough
    )
    return f"{WANTED:.0%} is reached by: {sizes}."


def unfilled(found: list[Power], sitting: int) -> str:
    """Return which sizes cannot be filled, in a sentence; "" where all can."""
    sizes = "; ".join(
        f"{one.queries} queries by {one.raters} raters, {one.each:.2g} of {one.per_query} a query"
        for one in found
        if not one.filled
    )
    return sizes and (
        f"Not filled, since a rater is given {sitting} queries at most (sitting): {sizes}. Their "
        "power is that of what is judged."
    )


def wise(found: list[Power]) -> str:
    """Return that more raters are better, in a sentence; "" where all sizes have enough."""
    if all(one.raters >= WISE_RATERS for one in found):
        return ""
    return (
        f"Plan {WISE_RATERS} raters or more: {HIDES}, and intervals hold the truth less often than "
        "they say. Here all tastes are drawn from one bell curve, so that power does not show it."
    )


def _pilot(name: str) -> tuple[Generalizability, StudyTables]:
    """Return what the scores of a study here, or of a bundle, vary by."""
    from evaluation.analysis.graded import Analysis

    if name.endswith(".zip"):
        told = read_study(Path(name))
    else:
        database.prepare()
        database.reads()
        study = lifecycle.find_study(name)
        if study.state == "draft":
            raise InputError(f"The study {name!r} is a draft; a pilot has judgements.")
        told = study_tables(study)
    if told.protocol.method != "graded":
        raise InputError(f"The pilot {name!r} has no single grades; its method is another one.")
    return Analysis(told, screened=False).generalizability, told  # whoever comes


def _assumed(
    terms: Protocol, assumed: Assumptions, source: str, tested: int, runs: int, seed: int
) -> list[tuple[str, str]]:
    fixed = terms.analysis.fixed(terms.systems)
    named = "the protocol's" if fixed else "all pairs of systems"
    error = (0.25 / runs) ** 0.5
    return [
        ("difference", f"{assumed.effect:g} grades of {assumed.span:g}, between two systems"),
        ("deviations", f"query x system {assumed.query_system:.3g}, rater x system "
                       f"{assumed.rater_system:.3g}, the rest {assumed.noise:.3g} grades"),
        ("from", source),
        ("sitting", f"{terms.sitting} queries a rater at most" if terms.sitting
                    else "as many queries as there are"),
        ("lapses", f"{assumed.lapses:.0%} of the blocks are graded without listening"),
        ("comparisons", f"{tested}, {named}: found is p <= {LEVEL / tested:.2g}"),
        ("simulated", f"{runs} studies of each size, seed {seed}: a power is sure to about "
                      f"{2 * error:.0%}"),
    ]  # fmt: skip


def _line(one: Power) -> str:
    half = "–" if one.half_width is None else f"± {one.half_width:.2g}"
    each = f"{one.per_query}" if one.filled else f"{one.each:.2g} of {one.per_query}"
    return (
        f"{one.queries:7}  {one.raters:6}  {each:>10}  {one.found:5.0%}  "
        f"{one.error:10.1%}  {half:>16}"
    )
