"""flask rankings: build, list, remove."""

import click
from flask import current_app
from flask.cli import AppGroup

from embeddings.collection import open_collection
from embeddings.errors import InputError
from embeddings.processing import AGGREGATIONS, NORMALISATIONS
from embeddings.rankings import TOP, build_ranking, default_system, find_embedding
from embeddings.search import SEARCHES
from embeddings.store import open_ranking, remove_ranking, system_names
from webapp.studies import study_using

group = AppGroup("rankings")
commands = {"rankings": group}


@group.command("build")
@click.argument("collection")
@click.argument("representation")
@click.option("--aggregation", type=click.Choice(AGGREGATIONS), help="Frames to clip.")
@click.option("--normalise", type=click.Choice(NORMALISATIONS), help="Before PCA.")
@click.option("--pca", help="Components to keep, or none.")
@click.option("--search", type=click.Choice(SEARCHES), help="How neighbours are found.")
@click.option(
    "--top", type=click.IntRange(min=1), default=TOP, show_default=True, help="Neighbours kept."
)
def build_command(
    collection: str,
    representation: str,
    aggregation: str | None,
    normalise: str | None,
    pca: str | None,
    search: str | None,
    top: int,
) -> None:
    """Rank every clip's neighbours in COLLECTION by REPRESENTATION.

    What is not told is as on the representation's card, or mean, L2, PCA 100 and MCSS.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    embedding = find_embedding(sounds, representation)
    recipe, usual_search = default_system(embedding)
    recipe = recipe.changed(aggregation=aggregation, normalise=normalise, pca=pca)
    ranking = build_ranking(sounds, embedding, recipe, search or usual_search, top)
    click.echo(f"{ranking.system}: {ranking.title}, {ranking.meta['top']} neighbours of each clip.")


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
