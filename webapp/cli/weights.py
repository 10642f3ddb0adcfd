"""flask weights: list, fetch, check, add."""

from pathlib import Path

import click
from flask import current_app

from embeddings.errors import InputError
from embeddings.extraction.extract import find_card
from embeddings.extraction.weights import (
    add_weights,
    fetch_weights,
    find_variation,
    list_weights,
    weights_folder,
)
from embeddings.representations import CARDS
from webapp.cli import Group, going_on

group = Group("weights", help="List, fetch and check the networks' weights.")
commands = (group,)


@group.command("list")
def list_command() -> None:
    """List every checkpoint: is it here, what is it licensed under, where does it come from."""
    data = current_app.config["DATA"]
    for one in list_weights(data):
        click.echo(
            f"{one.card.name:11} {one.variation.name:26} {one.state:8} "
            f"{one.variation.licence:32} {one.variation.address}"
        )
        if one.variation.note:
            click.echo(f"{'':38} {one.variation.note}")
    click.echo(f"They lie in {weights_folder(data)}.")


@group.command("fetch")
@click.argument("representations", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="The paper's checkpoint of each.")
@click.option("--variation", help="Which checkpoint; the paper's unless told.")
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    help="Take the files from this folder: for machines without a network.",
)
def fetch_command(
    representations: tuple[str, ...], everything: bool, variation: str | None, source: Path | None
) -> None:
    """Download the weights of REPRESENTATIONS; nothing else here ever downloads anything.

    Ctrl-C stops it; the same command goes on from there. Their licences are the authors'.
    """
    data = current_app.config["DATA"]
    if everything == bool(representations):
        raise InputError("Name the representations whose weights to fetch, or give --all.")
    cards = [find_card(name) for name in representations or CARDS]
    for card in cards:
        if everything and not card.variations:
            continue
        chosen = find_variation(card, variation)
        with going_on():
            path = fetch_weights(data, card, chosen, source=source)
        click.echo(f"{card.name} ({chosen.name}): {path}, licence: {chosen.licence}")


@group.command("check")
def check_command() -> None:
    """Read all weights that are here and compare them with the SHA-256 recorded at first sight."""
    found = list_weights(current_app.config["DATA"], verify=True)
    here = [one for one in found if one.state != "missing"]
    for one in here:
        click.echo(f"{one.state:8} {one.variation.file}  {one.sha256 or 'not recorded yet'}")
    changed = [one.variation.file for one in here if one.state == "changed"]
    if changed:
        raise InputError(f"Not what they were: {', '.join(changed)}. Remove and fetch them again.")
    click.echo(f"{len(here)} of {len(found)} checkpoints are here.")


@group.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "name", help="The checkpoint's published file name, where FILE has another.")
def add_command(file: Path, name: str | None) -> None:
    """Copy FILE, a checkpoint that was downloaded by hand, to where it is looked for."""
    click.echo(f"Added {add_weights(current_app.config['DATA'], file, name)}")
