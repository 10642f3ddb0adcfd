"""flask embeddings: extract, import, list."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from embeddings.collection import open_collection
from embeddings.exchange import import_embedding
from embeddings.extraction import extract_embedding, find_card
from embeddings.store import embedding_names, open_embedding
from webapp.cli import going_on

group = AppGroup("embeddings")
commands = {"embeddings": group}


@group.command("extract")
@click.argument("collection")
@click.argument("representation")
@click.option("--extraction", help="How to extract; the representation's default unless told.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes; all cores unless told.")
@click.option("--again", is_flag=True, help="Compute all clips once more.")
@click.option("--retry", is_flag=True, help="Compute the clips that failed once more.")
def extract_command(
    collection: str,
    representation: str,
    extraction: str | None,
    workers: int | None,
    again: bool,
    retry: bool,
) -> None:
    """Compute REPRESENTATION of every clip of COLLECTION.

    Ctrl-C stops it; the same command goes on from there. Clips that fail are listed and left out.
    """
    sounds = open_collection(current_app.config["DATA"], collection)
    card = find_card(representation)
    with going_on():
        embedding = extract_embedding(
            sounds, card, extraction, workers=workers, again=again, retry=retry
        )
    failed = embedding.meta["failed"]
    for clip_id, reason in failed.items():
        click.echo(f"failed: {clip_id}: {reason}", err=True)
    click.echo(
        f"{embedding.name} of {collection}: {len(embedding.rows)} of {len(sounds.clips)} clips, "
        f"{embedding.meta['dim']} dimensions, {len(failed)} failed."
    )


@group.command("import")
@click.argument("collection")
@click.argument("representation")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--ids", type=click.Path(path_type=Path), help="The CSV that names a .npy's rows.")
def import_command(collection: str, representation: str, path: Path, ids: Path | None) -> None:
    """Import vectors of COLLECTION that were computed elsewhere, as REPRESENTATION.

    PATH is a folder with a JSON file a clip ({"audio_path": ..., "embeddings": [...]}; the file's
    name is the clip's id), or a .npy file of rows that the column fname of --ids names.
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
