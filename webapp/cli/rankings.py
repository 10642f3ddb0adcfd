"""flask rankings: build, import, export, sweep, choose, list, remove."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import current_app

from embeddings.collection.clips import CONVENTIONS, open_collection
from embeddings.errors import InputError
from embeddings.search.neighbours import SEARCHES
from embeddings.search.processing import AGGREGATIONS, NORMALISATIONS
from embeddings.systems.imported import import_ranking
from embeddings.systems.rankings import (
    EXCLUSIONS,
    TOP,
    find_embedding,
    rank,
)
from embeddings.systems.store import open_ranking, remove_ranking, system_names
from evaluation.objective.definitions import METRICS, directions
from evaluation.objective.trec import write_run
from webapp.cli import Group, going_on
from webapp.cli.options import ONE_PROCESS, device_option, topics_option, workers_option
from webapp.study.lifecycle import study_using

if TYPE_CHECKING:
    from evaluation.objective.best_recipe import Choice

group = Group("rankings", help="Build and list the systems of a collection.")
commands = (group,)


@group.command("build")
@click.argument("collection")
@click.argument("representation")
@click.option(
    "--aggregation",
    type=click.Choice([*AGGREGATIONS, "none"]),
    help="Frames to clip; none where a clip has one vector.",
)
@click.option("--normalise", type=click.Choice(NORMALISATIONS), help="Before PCA.")
@click.option("--pca", help="Components to keep, or none.")
@click.option("--search", type=click.Choice(SEARCHES), help="How neighbours are found.")
@click.option(
    "--top", type=click.IntRange(min=1), default=TOP, show_default=True, help="Neighbours kept."
)
@click.option(
    "--exclude-same",
    type=click.Choice(EXCLUSIONS),
    help="Leave out clips of the query's own group: uploader, pack or source recording.",
)
@device_option
@workers_option(ONE_PROCESS)
def build_command(
    collection: str,
    representation: str,
    aggregation: str | None,
    normalise: str | None,
    pca: str | None,
    search: str | None,
    top: int,
    exclude_same: str | None,
    device: str,
    workers: int | None,
) -> None:
    """Rank every clip's neighbours in COLLECTION by REPRESENTATION.

    What is not told is as on the representation's card, or mean, L2, PCA 100 and MCSS.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    ranking = rank(
        sounds, representation, aggregation=aggregation, normalise=normalise, pca=pca,
        search=search, top=top, exclude_same=exclude_same, device=device, workers=workers,
    )  # fmt: skip
    click.echo(f"{ranking.system}: {ranking.title}, {ranking.meta['top']} neighbours of each clip.")
    if "refit_bound" in ranking.meta:
        click.echo(_of_refitting(ranking.meta["refit_bound"]))


def _of_refitting(bound: float | None) -> str:
    if bound is None:
        return (
            "The last component of PCA that is kept is no stronger than the first one left out: "
            "fitted again on another processor, any results may change places."
        )
    return (
        "The fitted PCA is kept. Fitted again on another processor, results of a query whose "
        f"similarities differ by less than {bound:.1g} may change places."
    )


@group.command("import")
@click.argument("collection")
@click.argument("system")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--ids",
    type=click.Path(path_type=Path),
    help="The table that names a .npy's rows, such as the CSV that was imported.",
)
@click.option("--scores", type=click.Path(path_type=Path), help="The scores of a .npy ranking.")
@click.option(
    "--top", type=click.IntRange(min=1), default=TOP, show_default=True, help="Neighbours kept."
)
def import_command(
    collection: str, system: str, path: Path, ids: Path | None, scores: Path | None, top: int
) -> None:
    """Import a ranking of COLLECTION that was computed elsewhere, as SYSTEM.

    PATH is a similarity_results.json (a JSON object a line: query_fname, results, search), a TREC
    run, or a .npy file (or a .npz with one array) of places in the column fname of --ids, a row a
    query, best first, -1 for none.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    ranking = import_ranking(sounds, system, path, ids, scores, top)
    ranked = int((ranking.neighbours[:, 0] >= 0).sum())
    click.echo(
        f"Imported {system}: {ranked} of {len(sounds.clips)} clips as queries, "
        f"{ranking.meta['top']} neighbours of each."
    )


@group.command("export")
@click.argument("collection")
@click.argument("system")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="SYSTEM.run unless told.")
@topics_option
def export_command(collection: str, system: str, output: Path | None, topics: str) -> None:
    """Write the ranking SYSTEM of COLLECTION as a TREC run.

    A topic is a query clip, or with --topics class a clip for one of its classes (CLIP|CLASS).
    flask collections qrels writes what is relevant. A name that ends in .gz is compressed.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    path = output or Path(f"{system}.run")
    count = write_run(sounds, open_ranking(sounds, system), path, topics)
    click.echo(f"Wrote {path}: {count} lines.")


@group.command("sweep")
@click.argument("collection")
@click.argument("representation")
@click.option("--exclude-same", type=click.Choice(EXCLUSIONS), help="As in rankings build.")
@device_option
@workers_option(ONE_PROCESS)
def sweep_command(
    collection: str,
    representation: str,
    exclude_same: str | None,
    device: str,
    workers: int | None,
) -> None:
    """Score every processing and search of REPRESENTATION on COLLECTION; keep sweep.csv.

    81 cells where a clip has frames (mean, median, max; L2, min-max, none; PCA 100, 200, none;
    MCSS, MIPS, NNS), 27 where it has one vector. The paper's 27 (9) come first. PCA is cut to what
    the vectors allow. Ctrl-C stops it; the same command goes on from there.
    """
    from evaluation.objective.sweep import sweep, sweep_folder
    from evaluation.objective.sweep_cells import what_is_cut

    sounds = open_collection(current_app.config["DATA"], collection)
    embedding = find_embedding(sounds, representation)
    with going_on():
        table = sweep(sounds, embedding, exclude_same=exclude_same, device=device, workers=workers)
    own = table[table["convention"] == sounds.convention]
    click.echo(
        f"{embedding.name} of {collection} ({embedding.meta['provenance']}), convention "
        f"{sounds.convention}, macro. {directions()}"
    )
    columns = ["aggregation", "normalise", "pca", "search"]
    scores = [f"macro_{one}" for one in METRICS]
    click.echo(own[[*columns, *scores, "same_as"]].to_string(index=False, float_format="%.4f"))
    if cut := what_is_cut(embedding):
        click.echo(cut)
    for note in sorted(set(own["note"]) - {""}):
        click.echo(f"not done: {note}")
    path = sweep_folder(sounds, embedding.name, exclude_same) / "sweep.csv"
    click.echo(f"Wrote {path}")


@group.command("choose")
@click.argument("collection")
@click.option("--measure", default="map@150", show_default=True, help=f"{', '.join(METRICS)}.")
@click.option("--convention", type=click.Choice(CONVENTIONS), help="The collection's unless told.")
@click.option("--exclude-same", type=click.Choice(EXCLUSIONS), help="As in rankings sweep.")
@click.option(
    "--split-half",
    type=click.IntRange(min=0),
    metavar="SEED",
    help="Also score on held-out halves.",
)
def choose_command(
    collection: str,
    measure: str,
    convention: str | None,
    exclude_same: str | None,
    split_half: int | None,
) -> None:
    """Name the best processing and search of each representation that was swept."""
    from evaluation.objective.best_recipe import choose, without_cells

    sounds = open_collection(current_app.config["DATA"], collection)
    choices = choose(
        sounds, measure, convention, exclude_same=exclude_same, split_half_seed=split_half
    )
    click.echo(
        f"{collection}: the best macro {measure} of each representation, convention "
        f"{choices[0].convention}. Chosen on the same clips that it is scored on (the test set)"
        + (": --split-half SEED tells by how much that flatters." if split_half is None else ".")
    )
    for one in choices:
        value = "–" if one.value != one.value else f"{one.value:.4f}"
        said = _of_choice(one, halves=split_half is not None)
        click.echo(f"  {one.embedding}.{one.cell:32} {value:>8}  {said}  ({one.provenance})")
        if one.beaten_by:
            system, score = one.beaten_by
            click.echo(f"    A system built by hand is better: {system}, {score:.4f}.")
    for sentence in without_cells(sounds, exclude_same):
        click.echo(f"left out: {sentence}", err=True)


def _of_choice(one: "Choice", *, halves: bool) -> str:
    """Return what a cell was chosen from, and how firmly; or that there was nothing to choose."""
    from evaluation.objective.best_recipe import ENOUGH

    if one.value != one.value:
        return "nothing to choose: undefined in every cell: no query has another relevant clip"
    if one.distinct == 1:
        why = "there is one cell" if one.cells == 1 else f"all {one.cells} cells score alike"
        return f"nothing to choose: {why}"
    said = f"of {one.cells:2} cells"
    if halves and one.agreed is None:
        return f"{said}, {one.distinct} of them distinct: halves say nothing below {ENOUGH}"
    if one.agreed is not None:
        held_out = "–" if one.held_out is None else f"{one.held_out:.4f}"
        said += f", held out {held_out}, chosen by {one.agreed:.0%} of the halves"
    return said


@group.command("remove")
@click.argument("collection")
@click.argument("system")
def remove_command(collection: str, system: str) -> None:
    """Remove SYSTEM of COLLECTION with its scores; a system that a study uses stays."""
    sounds = open_collection(current_app.config["DATA"], collection)
    user = study_using(collection, system)
    if user:
        raise InputError(f"The system {system!r} is used by the study {user!r} and stays.")
    remove_ranking(sounds, system)
    click.echo(f"Removed {system} of {collection}.")


@group.command("list")
@click.argument("collection")
def list_command(collection: str) -> None:
    """List the systems of COLLECTION: their names in commands and protocols, and in words."""
    sounds = open_collection(current_app.config["DATA"], collection)
    for system in system_names(sounds):
        try:
            ranking = open_ranking(sounds, system)
        except InputError as error:
            click.echo(f"{system:40} {error}")
            continue
        click.echo(f"{system:40} {ranking.title}  ({ranking.provenance})")
    if not system_names(sounds):
        click.echo(f"There is none yet: flask rankings build {collection} REPRESENTATION")
