"""flask representations: every card, and what is here to compute them."""

import importlib.util

import click
from flask import current_app
from flask.cli import with_appcontext

from embeddings.collection.clips import collection_names, open_collection
from embeddings.errors import InputError
from embeddings.extraction.weights import list_weights
from embeddings.representations import CARDS, Card
from embeddings.systems.store import embedding_names, open_embedding
from webapp.cli import Command


@click.command(
    "representations",
    cls=Command,
    short_help="List the representations, and what is here to compute them.",
)
@with_appcontext
def representations_command() -> None:
    """List the representations: what they learned from, and what is here to compute them."""
    data = current_app.config["DATA"]
    weights = {(one.card.name, one.variation.name): one.state for one in list_weights(data)}
    made = _embeddings()
    click.echo(
        f"{'':11} {'learned from':9} {'dimensions':>10}  {'packages':19} {'weights':9} embeddings"
    )
    for card in CARDS.values():
        frames = " a frame" if card.frame_level else ""
        state = weights[card.name, card.variations[0].name] if card.variations else "none"
        state = {"none": "no need"}.get(state, state)
        click.echo(
            f"{card.name:11} {card.modality:12} {card.dim:5}{frames:9} {_packages(card):19} "
            f"{state:9} {', '.join(made.get(card.name, [])) or 'none yet'}"
        )


commands = (representations_command,)


def _packages(card: Card) -> str:
    missing = [package for name, package in card.packages if not importlib.util.find_spec(name)]
    return f"lacks {missing[0]}" if missing else "installed"


def _embeddings() -> dict[str, list[str]]:
    """Return representation -> "embedding of collection (provenance)" of all that is stored."""
    data = current_app.config["DATA"]
    found: dict[str, list[str]] = {}
    for name in collection_names(data):
        try:
            collection = open_collection(data, name)
            metas = [
                (one, open_embedding(collection, one).meta) for one in embedding_names(collection)
            ]
        except InputError as error:
            click.echo(str(error), err=True)
            continue
        for one, meta in metas:
            text = f"{one} of {name} ({meta['provenance']})"
            found.setdefault(meta["representation"], []).append(text)
    return found
