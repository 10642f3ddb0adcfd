"""Options that several commands have."""

from collections.abc import Callable
from typing import Any

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


ONE_PROCESS = "one on all cores unless told"
"""What runs where numpy uses the cores by itself; several processes take more memory."""


def workers_option(unless_told: str = "all cores unless told") -> Callable[..., Any]:
    """Return the option who runs tasks (`embeddings.tasks.engine`)."""
    return click.option("--workers", type=click.IntRange(min=1), help=f"Processes; {unless_told}.")


def extraction_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says which representations of which collection are computed, and how."""
    options = (
        click.argument("collection"),
        click.argument("representations", nargs=-1),
        click.option(
            "--all", "everything", is_flag=True, help="All whose weights and packages are here."
        ),
        click.option("--variation", help="Which checkpoint; the paper's unless told."),
        click.option(
            "--extraction", help="How to extract; the representation's default unless told."
        ),
        click.option(
            "--backend", help="Whose code computes it, where there is a choice: LAION-CLAP."
        ),
        device_option,
        workers_option(),
    )
    for option in reversed(options):
        command = option(command)
    return command


topics_option = click.option(
    "--topics",
    type=click.Choice(TOPICS),
    default=TOPICS[0],
    show_default=True,
    help="What is asked: a clip, or a clip for one of its classes.",
)
