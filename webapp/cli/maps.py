"""flask embeddings map: lay embeddings out in two dimensions."""

import click
from flask import current_app
from flask.cli import with_appcontext

from embeddings.collection.clips import open_collection
from embeddings.errors import InputError
from embeddings.maps.layouts import METHODS, library
from embeddings.maps.stored_maps import Map, make_maps
from embeddings.progress import progress
from embeddings.systems.store import embedding_names
from embeddings.tasks import Failure, result_of
from webapp.cli import going_on
from webapp.cli.options import workers_option


@click.command("map")
@click.argument("collection")
@click.argument("embeddings", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All embeddings of the collection.")
@click.option(
    "--method", type=click.Choice(list(METHODS)), default="tsne", show_default=True,
    help="How vectors become points: PCA, UMAP or t-SNE.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of UMAP and t-SNE."
)
@click.option("--neighbours", type=int, help="Of UMAP: clips that each is kept near to; 15.")
@click.option("--min-dist", type=float, help="Of UMAP: how near clips may lie, 0 to 0.99; 0.1.")
@click.option("--perplexity", type=float, help="Of t-SNE: about how many neighbours count; 30.")
@click.option("--again", is_flag=True, help="Compute also what is there already.")
@workers_option()
@with_appcontext
def map_command(
    collection: str,
    embeddings: tuple[str, ...],
    everything: bool,
    method: str,
    seed: int,
    neighbours: int | None,
    min_dist: float | None,
    perplexity: float | None,
    again: bool,
    workers: int | None,
) -> None:
    """Compute 2-D maps of EMBEDDINGS of COLLECTION, for the page of its map.

    Mapped is what an embedding's default system compares, by its search's metric. The same seed
    gives the same map. Ctrl-C stops it; the same command goes on from there.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    if everything == bool(embeddings):
        raise InputError("Name the embeddings to map, or give --all.")
    library(method)  # what is missing is said before the work begins
    given = {"neighbours": neighbours, "min_dist": min_dist, "perplexity": perplexity}
    names = embeddings or tuple(embedding_names(sounds))
    making = make_maps(
        sounds, names, method, seed=seed, parameters=given, again=again, workers=workers
    )
    lines = {}
    with going_on():
        for name, found in progress(len(names), "map", METHODS[method], items=making):
            if isinstance(found, Failure) and everything:
                click.echo(f"left out: {found.reason}", err=True)
            else:
                lines[name] = _line(*result_of(found))
    for name in names:
        if name in lines:
            click.echo(lines[name])


def _line(made: Map, seconds: float) -> str:
    """Return what is said of a map that was made, or was there."""
    meta = made.meta
    return f"{meta['embedding']}: {in_words(made)}, {meta['provenance']} vectors; {seconds:.1f} s."


def in_words(made: Map) -> str:
    """Return how a map was made: "t-SNE of 248 clips, cosine, perplexity 30, seed 1"."""
    meta = made.meta
    parts = [f"{METHODS[made.method]} of {meta['clips']} clips"]
    if made.method != "pca":
        parts += [meta["metric"]]
        parts += [f"{key.replace('_', ' ')} {value:g}" for key, value in meta["parameters"].items()]
        parts += [f"seed {meta['seed']}"]
    else:
        shown = sum(meta["explained_variance"])
        parts += [f"{shown:.1%} of the variance"]
    return ", ".join(parts)
