"""flask plan: what long work will take, before it is begun."""

import os
import shutil
from typing import Any

import click
from flask import current_app

from embeddings.collection.clips import Collection, open_collection
from embeddings.errors import InputError
from webapp.cli import Group
from webapp.cli.embeddings import tasks_of
from webapp.cli.options import extraction_options

group = Group("plan", help="Say what long work will take.")
commands = (group,)
GB = 1e9


@group.command("extract")
@extraction_options
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=60,
    show_default=True,
    help="How long to measure, all representations together.",
)
def extract_command(
    collection: str,
    representations: tuple[str, ...],
    everything: bool,
    workers: int | None,
    seconds: float,
    **how: Any,
) -> None:
    """Say what it takes to compute REPRESENTATIONS of COLLECTION: hours, memory and disk.

    Some clips are computed as flask embeddings extract would, on this machine, for a minute, and
    thrown away. What is computed already does not count.
    """
    from embeddings.extraction.cost import Cost, estimate

    sounds = open_collection(current_app.config["DATA"], collection)
    tasks = tasks_of(representations, everything=everything, **how)
    costs: list[Cost] = []
    width = max((len(task.representation) for task in tasks), default=0)
    click.echo(
        f"{'':{width}}  {'clips':>9}  {'measured':>8}  {'hours':>8}  {'memory':>8}  {'disk':>8}"
    )
    for task in tasks:
        try:
            one = estimate(sounds, task, workers=workers, seconds=seconds / len(tasks))
        except InputError as error:
            if not everything:
                raise
            click.echo(f"left out: {error}", err=True)
            continue
        costs.append(one)
        failed = f"  {one.failed} of those tried failed" if one.failed else ""
        click.echo(
            f"{one.representation:{width}}  {one.clips:9,}  {one.measured:8}  {one.hours:8.2f}  "
            f"{one.memory / GB:5.1f} GB  {one.disk / GB:5.2f} GB{failed}"
        )
    _say_whole(sounds, costs)


def _say_whole(sounds: Collection, costs: list) -> None:
    """Print what it all takes, one after the other, and what this machine has."""
    hours = sum(one.hours for one in costs)
    memory = max((one.memory for one in costs), default=0)
    disk = sum(one.stays for one in costs)
    disk += max((one.disk - one.stays for one in costs), default=0)  # while one is put together
    free = shutil.disk_usage(sounds.folder).free
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    workers = max((one.workers for one in costs), default=1)
    click.echo(
        f"In all {hours:.1f} hours by {workers} process{'es' if workers > 1 else ''}, at most "
        f"{memory / GB:.1f} GB of memory ({there / GB:.0f} GB are there) and {disk / GB:.2f} GB of "
        f"disk ({free / GB:.0f} GB are free)."
    )
    if memory > there:
        click.echo("That is more memory than there is: give fewer --workers.", err=True)
    if disk > free:
        click.echo("That is more disk than is free.", err=True)
