"""flask embeddings: extract, own, import, map, list."""

from pathlib import Path
from typing import Any

import click
from flask import current_app

from embeddings.collection.clips import open_collection
from embeddings.errors import InputError
from embeddings.extraction.extract import (
    Task,
    extract_embedding,
    find_card,
    plan,
    plan_own,
)
from embeddings.representations import CARDS
from embeddings.systems.imported import import_embedding
from embeddings.systems.store import Embedding, embedding_names, open_embedding
from webapp.cli import Group, going_on
from webapp.cli.maps import map_command
from webapp.cli.options import device_option, extraction_options, workers_option
from webapp.work.kinds.computing import compute

group = Group("embeddings", help="Compute representations of a collection.")
commands = (group,)
group.add_command(map_command)


@group.command("extract")
@extraction_options
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    help="Clips at once through a network in PyTorch: 1 unless told, 16 on a GPU.",
)
@click.option("--again", is_flag=True, help="Compute all clips once more.")
@click.option("--retry", is_flag=True, help="Compute the clips that failed once more.")
def extract_command(
    collection: str,
    representations: tuple[str, ...],
    workers: int | None,
    batch: int | None,
    again: bool,
    retry: bool,
    **how: Any,
) -> None:
    """Compute REPRESENTATIONS of every clip of COLLECTION.

    Ctrl-C stops it; the same command goes on from there. Clips that fail are listed and left out.
    A simulated embedding of the same representation is removed, with its rankings, unless a study
    uses them. flask representations lists what there is, and what is here to compute it.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    tasks = tasks_of(representations, **how)
    done, replaced = [], []
    with going_on():
        for embedding, seconds, line in compute(
            sounds, tasks, workers=workers, batch=batch, again=again, retry=retry
        ):
            done.append((embedding, seconds))
            replaced.append(line)
    if done:
        _say_table(done)
    for line in filter(None, replaced):
        click.echo(line)
    _say_failures([embedding for embedding, _ in done])


@group.command("own")
@click.argument("collection")
@click.argument("representation")
@click.argument("source")
@click.option("--weights", type=click.Path(path_type=Path), help="A file, given to its loader.")
@device_option
@workers_option()
@click.option("--again", is_flag=True, help="Compute all clips once more.")
@click.option("--retry", is_flag=True, help="Compute the clips that failed once more.")
def own_command(
    collection: str,
    representation: str,
    source: str,
    weights: Path | None,
    device: str,
    workers: int | None,
    again: bool,
    retry: bool,
) -> None:
    """Compute your own REPRESENTATION of COLLECTION by SOURCE.

    SOURCE is mteb:NAME, an audio model of the package mteb, or a Python file or module.

    \b
    A file or module has sample_rate, load(weights, device) and embed(samples),
    as docs/examples/octave_energies.py does, or HEAR's load_model and
    get_scene_embeddings. It runs with all your rights: use only what you trust.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    task = plan_own(source, representation, weights=weights, device=device, collection=sounds)
    with going_on():
        done = extract_embedding(sounds, task, workers=workers, again=again, retry=retry)
    _say_failures([done])
    click.echo(
        f"{done.name} of {sounds.name}: {len(done.rows)} of {len(sounds.clips)} clips, "
        f"{done.meta['dim']} dimensions, {len(done.meta['failed'])} failed."
    )


@group.command("import")
@click.argument("collection")
@click.argument("representation")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--ids",
    type=click.Path(path_type=Path),
    help="The table that names a .npy's rows, such as the CSV that was imported.",
)
def import_command(collection: str, representation: str, path: Path, ids: Path | None) -> None:
    """Import vectors of COLLECTION that were computed elsewhere, as REPRESENTATION.

    PATH is a folder with a JSON file a clip ({"audio_path": ..., "embeddings": [...]}; the file's
    name is the clip's id), or a .npy file (or a .npz with one array) of rows that the column fname
    of --ids names.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    name = import_embedding(sounds, representation, path, ids).name
    embedding = open_embedding(sounds, name)
    click.echo(
        f"Imported {name}: {len(embedding.rows)} of {len(sounds.clips)} clips, "
        f"{embedding.meta['dim']} dimensions, {len(embedding.meta['failed'])} without vectors."
    )


@group.command("list")
@click.argument("collection")
def list_command(collection: str) -> None:
    """List the embeddings of COLLECTION."""
    sounds = open_collection(current_app.config["DATA"], collection)
    for name in embedding_names(sounds):
        meta = open_embedding(sounds, name).meta
        click.echo(
            f"{name:28} {meta['dim']:6} dimensions  {meta['provenance']:9}  "
            f"{len(meta['failed'])} clips failed"
        )
    if not embedding_names(sounds):
        click.echo(f"There is none yet: flask embeddings extract {collection} Freesound")


def tasks_of(representations: tuple[str, ...], *, everything: bool, **how: Any) -> list[Task]:
    """Return the tasks of computing representations; of all, those that can be, and say the rest.

    `how` (variation, extraction, backend, device) is given to `embeddings.extraction.extract.plan`.
    """
    if everything == bool(representations):
        raise InputError("Name the representations to compute, or give --all.")
    tasks = []
    for name in representations or tuple(CARDS):
        try:
            tasks.append(plan(current_app.config["DATA"], find_card(name), **how))
        except InputError as error:
            if not everything:
                raise
            click.echo(f"left out: {error}", err=True)
    return tasks


def _say_table(done: list[tuple[Embedding, float | None]]) -> None:
    """Print a row for each embedding and the seconds it took, None where it was there already."""
    width = max(len(embedding.name) for embedding, _ in done)
    click.echo(
        f"{'':{width}}  {'clips':>6}  {'failed':>6}  {'dimensions':>10}  {'vectors':>14}  seconds"
    )
    for embedding, seconds in done:
        level = "one a clip" if embedding.frames is None else f"{len(embedding.vectors)} frames"
        took = "was there already" if seconds is None else f"{seconds:7.1f}"
        click.echo(
            f"{embedding.name:{width}}  {len(embedding.rows):6}  "
            f"{len(embedding.meta['failed']):6}  {embedding.meta['dim']:10}  {level:>14}  {took}"
        )


def _say_failures(done: list[Embedding]) -> None:
    """Print the clips that failed, each with its reason."""
    for embedding in done:
        for clip_id, reason in embedding.meta["failed"].items():
            click.echo(f"failed: {embedding.name}: {clip_id}: {reason}", err=True)
