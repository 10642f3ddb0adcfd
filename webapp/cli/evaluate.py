"""flask evaluate: objective scores as tables."""

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from embeddings.collection.clips import CONVENTIONS, open_collection
from embeddings.collection.id_lists import read_ids
from embeddings.errors import InputError
from embeddings.progress import progress
from embeddings.systems.store import system_names
from embeddings.tasks import Failure
from evaluation.objective.definitions import METRICS, directions
from evaluation.objective.scoring import score_systems
from webapp.cli import Command
from webapp.cli.options import ONE_PROCESS, device_option, workers_option


@click.command(
    "evaluate", cls=Command, short_help="Score a collection's systems against its labels."
)
@click.argument("collection")
@click.option(
    "--convention", type=click.Choice(CONVENTIONS), help="The collection's own unless told."
)
@click.option(
    "--queries",
    type=click.Path(path_type=Path),
    help="A file with a clip id a line, or a table with a column fname, such as the CSV that was "
    "imported: these queries alone are averaged and printed; nothing is kept.",
)
@device_option
@workers_option(ONE_PROCESS)
@with_appcontext
def evaluate_command(
    collection: str, convention: str | None, queries: Path | None, device: str, workers: int | None
) -> None:
    """Score every system of COLLECTION against its labels, keep the scores and print them.

    A system that cannot be scored keeps no other from it; the exit status is then 1.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    names = system_names(sounds)
    if not names:
        raise InputError(
            f"The collection {collection!r} has no system to score: "
            f"flask rankings build {collection} REPRESENTATION."
        )
    asked = read_ids(queries, sounds) if queries else None
    scoring = score_systems(sounds, names, asked, device=device, workers=workers)
    outcomes = dict(progress(len(names), "system", "Scoring", items=scoring))
    scored: list[dict[str, Any]] = []
    problems: list[str] = []
    for name in names:
        found = outcomes[name]
        if isinstance(found, Failure):  # one that cannot be scored keeps no other from it
            problems.append(_sentence(name, found))
        else:
            scored.append(found)
    for problem in problems:
        click.echo(f"left out: {problem}", err=True)
    if not scored:
        raise InputError(f"No system of {collection!r} could be scored.")
    print_scores(collection, scored, convention or sounds.convention)
    if problems:
        raise SystemExit(1)


commands = (evaluate_command,)


def _sentence(system: str, failure: Failure) -> str:
    """Return why a system cannot be scored; its name is in it."""
    reason, error = failure.reason, failure.error
    if error is not None and not isinstance(error, InputError):
        kind = type(error).__name__
        reason = kind if reason == kind else f"{kind}: {reason}"
    return reason if repr(system) in reason else f"The system {system!r} cannot be scored: {reason}"


def print_scores(collection: str, scored: list[dict[str, Any]], convention: str) -> None:
    """Print macro and micro averages of each system, and then each family's."""
    click.echo(f"{collection}, convention {convention}. {directions()}\n")
    width, wide = max(len(facts["title"]) for facts in scored), 9 * len(METRICS) - 1
    over = ("mean over classes (macro)", "mean over queries (micro)")
    click.echo(f"{'':{width}}  {'  '.join(f'{one:^{wide}}' for one in over)}")
    heads = "".join(f"{one.title:>8} " for one in METRICS.values())
    click.echo(f"{'system':{width}}  {heads} {heads}  clips  vectors")
    for facts in scored:
        scores = facts["conventions"][convention]
        failed = f", {facts['failed']} clips failed" if facts["failed"] else ""
        undefined = f", {scores['undefined']} pairs undefined" if scores["undefined"] else ""
        censored = (
            f", MR1 is a lower bound: {scores['censored']} first ranks are > {facts['known_ranks']}"
            if scores["censored"]
            else ""
        )
        click.echo(
            f"{facts['title']:{width}}  {_cells(scores['macro'])} {_cells(scores['micro'])}  "
            f"{facts['clips']:5}  {facts['provenance']}{failed}{undefined}{censored}"
            f"{_why(scores['macro'], facts)}"
        )
    for facts in scored:
        click.echo(f"\n{facts['title']}, mean over the classes of each family")
        for family, scores in facts["conventions"][convention]["families"].items():
            why = _why(scores, facts) if scores["classes"] else ", –: none of them has a query"
            click.echo(f"  {family:28}{_cells(scores)}  {scores['classes']:3} classes{why}")


def _why(scores: dict[str, float | None], facts: dict[str, Any]) -> str:
    """Return why a score is not there, "" where all are."""
    missing = [one for one in METRICS.values() if scores.get(one.name) is None]
    if not missing:
        return ""
    if all(one.cutoff not in (0, *facts["cutoffs"]) for one in missing):
        return f", –: only {facts['known_ranks']} ranks are known"
    return ", –: no query has another relevant clip"


def _cells(scores: dict[str, float | None]) -> str:
    cells = [(scores.get(one.name), one.printed) for one in METRICS.values()]
    return "".join(
        f"{'–' if value is None else format(value, f'.{places}f'):>8} " for value, places in cells
    )
