"""flask embeddings map: lay embeddings out in two dimensions."""

import time

import click
from flask import current_app
from flask.cli import with_appcontext

from embeddings.collection.clips import Collection, open_collection
from embeddings.errors import InputError
from embeddings.maps.layouts import METHODS, library
from embeddings.maps.stored_maps import Map, make_map
from embeddings.progress import progress
from embeddings.systems.rankings import find_embedding
from embeddings.systems.store import embedding_names
from webapp.cli import going_on


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
    lines = []
    with going_on(), progress(len(names), "map", METHODS[method]) as bar:
        for name in names:
            try:
                lines.append(_mapped(sounds, name, method, seed, given, again))
            except InputError as error:
                if not everything:
                    raise
                click.echo(f"left out: {error}", err=True)
            bar.update()
    for line in lines:
        click.echo(line)


def _mapped(
    sounds: Collection,
    name: str,
    method: str,
    seed: int,
    parameters: dict[str, float | None],
    again: bool,
) -> str:
    """Map one embedding; return what is said of it."""
    embedding = find_embedding(sounds, name)
    start = time.monotonic()
    made = make_map(sounds, embedding, method, seed=seed, parameters=parameters, again=again)
    took = time.monotonic() - start
    return f"{embedding.name}: {in_words(made)}, {made.meta['provenance']} vectors; {took:.1f} s."


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
