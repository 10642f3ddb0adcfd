"""Options that several commands have."""

import click

from embeddings.search.backends import DEVICES
from evaluation.objective.trec import TOPICS

device_option = click.option(
    "--device",
    type=click.Choice(DEVICES),
    default="auto",
    show_default=True,
    help="Where it is computed; auto takes a GPU where PyTorch finds one.",
)
topics_option = click.option(
    "--topics",
    type=click.Choice(TOPICS),
    default=TOPICS[0],
    show_default=True,
    help="What is asked: a clip, or a clip for one of its classes.",
)
