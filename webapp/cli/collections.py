"""flask collections: import, preview, make, list, check, qrels, remove."""

from pathlib import Path

import click
from flask import current_app

from embeddings.audio.decoding import SUFFIXES
from embeddings.collection.clips import (
    Collection,
    collection_names,
    open_collection,
    remove_collection,
)
from embeddings.collection.duplicates import ALIKE, near_duplicates
from embeddings.collection.importing import import_collection
from embeddings.collection.sources import Options
from embeddings.errors import InputError
from embeddings.representations import FOURTEEN
from embeddings.simulation.fsd50k_shape import CLIPS, make_collection
from embeddings.systems.rankings import EXCLUSIONS
from evaluation.objective.simulated_systems import ready_all_simulated
from evaluation.objective.trec import write_qrels
from webapp.cli import Group, going_on
from webapp.cli.options import topics_option, workers_option
from webapp.cli.preview import preview_command
from webapp.cli.source_options import layouts, source_options
from webapp.study.lifecycle import study_using

group = Group("collections", help="Import, preview, make, list, check and remove collections.")
group.add_command(preview_command)
commands = (group,)

_NAMED = 10


@group.command(
    "import",
    help=f"""Import the sounds at PATH as the collection NAME.

\b
{layouts()}

Ctrl-C stops it; the same command goes on from there.""",
)
@click.argument("name")
@source_options
@click.option("--skip-broken", is_flag=True, help="Leave out clips that cannot be used.")
@click.option(
    "--skip-suspicious",
    is_flag=True,
    help="Leave out clips that are shorter than they say, or another format than their name says.",
)
@click.option("--copy", is_flag=True, help="Copy the audio instead of pointing to where it lies.")
@workers_option()
def import_command(
    name: str,
    path: Path,
    reader: str,
    options: Options,
    skip_broken: bool,
    skip_suspicious: bool,
    copy: bool,
    workers: int | None,
) -> None:
    """Import the sounds at PATH as the collection NAME."""
    _check_not_kept(name)
    with going_on():
        collection, left_out = import_collection(
            current_app.config["DATA"],
            name,
            path,
            reader,
            options=options,
            skip_broken=skip_broken,
            skip_suspicious=skip_suspicious,
            copy=copy,
            workers=workers,
        )
    for line in left_out:
        click.echo(f"left out: {line}", err=True)
    _tell_suspicious(collection, err=True)
    silent = [clip for clip in collection.clips if clip.loudness_lufs is None]
    click.echo(
        f"Imported {name}: {len(collection.clips)} clips, {len(collection.class_counts)} classes, "
        f"{len(collection.families)} families, {len(left_out)} left out, "
        f"{len(silent)} without loudness."
    )
    alone = [label for label in collection.class_counts if label not in collection.family_of]
    if alone:
        more = f" and {len(alone) - _NAMED} more" if len(alone) > _NAMED else ""
        click.echo(f"In no family: {', '.join(alone[:_NAMED])}{more} (--families).")


@group.command("make")
@click.argument("name")
@click.option("--clips", type=int, default=CLIPS, show_default=True, help="At least 200.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of all that is drawn."
)
def make_command(name: str, clips: int, seed: int) -> None:
    """Make a collection NAME of FSD50K's shape, without sounds, and simulate the fourteen on it.

    It is for benchmarks and for planning: classes and families have the sizes of FSD50K's
    evaluation set, and every system scores in each family about as published. All else is random.
    Ctrl-C stops it; the same command goes on from there.
    """
    _check_not_kept(name)
    with going_on():
        collection = make_collection(current_app.config["DATA"], name, clips, seed)
        systems = ready_all_simulated(collection, FOURTEEN.values(), seed)
    click.echo(
        f"Made {name}: {clips} clips, {len(collection.class_counts)} classes, "
        f"{len(collection.families)} families, no sounds; {len(systems)} simulated systems."
    )


@group.command("list")
def list_command() -> None:
    """List the collections."""
    data = current_app.config["DATA"]
    for name in collection_names(data):
        try:
            collection = open_collection(data, name)
        except InputError as error:
            click.echo(f"{name:24} {error}")
            continue
        hours = sum(clip.seconds for clip in collection.clips) / 3600
        click.echo(
            f"{name:24} {len(collection.clips):6} clips {len(collection.class_counts):4} classes "
            f"{hours:7.2f} h  {collection.info['source']}"
        )
    if not collection_names(data):
        click.echo("There is no collection yet: flask collections import NAME PATH --reader csv")


@group.command("check")
@click.argument("name")
@click.option("--quick", is_flag=True, help="Look for the files only, not for near-duplicates.")
def check_command(name: str, quick: bool) -> None:
    """Check that every clip of NAME has its audio file, and list near-duplicates."""
    collection = open_collection(current_app.config["DATA"], name)
    missing = [clip for clip in collection.clips if not collection.audio_path(clip).is_file()]
    for clip in missing:
        click.echo(f"missing: {clip.id}: there is no file {collection.audio_path(clip)}")
    for clip in collection.clips:
        if clip.loudness_note:
            click.echo(f"note: {clip.id}: {clip.loudness_note}")
    _tell_suspicious(collection)
    if missing:
        raise InputError(
            f"{len(missing)} of {len(collection.clips)} audio files of {name!r} are missing; "
            f"put them back ({', '.join(SUFFIXES)}) or import the collection again."
        )
    click.echo(f"{name}: all {len(collection.clips)} audio files are there.")
    if quick:
        return
    pairs = near_duplicates(collection)
    for pair in pairs:
        click.echo(f"near-duplicates: {pair.one} and {pair.other}, correlation {pair.correlation}")
    click.echo(f"{name}: {len(pairs)} pairs of near-duplicates (correlation {ALIKE} or more).")


@group.command("qrels")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="NAME.qrels unless told.")
@topics_option
@click.option("--exclude-same", type=click.Choice(EXCLUSIONS), help="As in rankings build.")
def qrels_command(name: str, output: Path | None, topics: str, exclude_same: str | None) -> None:
    """Write the labels of NAME as TREC qrels: what is relevant to which query.

    To a clip, what shares any label with it; with --topics class, to a clip for one of its classes
    (CLIP|CLASS), what carries the class. A name that ends in .gz is compressed.
    """
    path = output or Path(f"{name}.qrels")
    collection = open_collection(current_app.config["DATA"], name)
    click.echo(f"Wrote {path}: {write_qrels(collection, path, topics, exclude_same)} lines.")


@group.command("remove")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove_command(name: str, yes: bool) -> None:
    """Remove the collection NAME with its embeddings and rankings; your own audio stays."""
    data = current_app.config["DATA"]
    if name not in collection_names(data):  # not opened: a broken one must be removable, too
        open_collection(data, name)
    user = study_using(name)
    if user:
        raise InputError(f"The collection {name!r} is used by the study {user!r} and stays.")
    if not yes:
        click.confirm(f"Remove {name} with all embeddings and rankings made from it?", abort=True)
    remove_collection(data, name)
    click.echo(f"Removed {name}.")


def _tell_suspicious(collection: Collection, err: bool = False) -> None:
    for clip in collection.clips:
        if clip.suspicion:
            click.echo(f"suspicious: {clip.id}: {clip.suspicion}", err=err)


def _check_not_kept(name: str) -> None:
    from webapp.demo.demo import SLUG  # which imports all that makes sounds

    if name == SLUG:
        raise InputError(f"The name {name!r} is kept for the demo; choose another.")
