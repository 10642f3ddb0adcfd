"""Downloading weights from where their authors publish them."""

from flask import current_app
from flask_babel import lazy_gettext

from embeddings.extraction.extract import find_card
from embeddings.extraction.weights import fetch_weights, find_variation
from webapp.work.kinds import Arguments, Kind, Lead


def _check(given: Arguments) -> Arguments:
    card = find_card(str(given.get("representation", "")))
    variation = find_variation(card, str(given.get("variation") or "") or None)
    return {"representation": card.name, "variation": variation.name}


def _run(arguments: Arguments) -> tuple[str, Arguments]:
    card = find_card(arguments["representation"])
    variation = find_variation(card, arguments["variation"])
    path = fetch_weights(current_app.config["DATA"], card, variation)
    return f"{path.name}, licence: {variation.licence}.", {"file": path.name}


def leads(arguments: Arguments, result: Arguments) -> list[Lead]:
    """Return where to go from weights: to a collection that they can be used for."""
    return [
        Lead(lazy_gettext("Weights"), "weights.page"),
        Lead(lazy_gettext("Collections"), "home.home", {"_anchor": "collections"}),
    ]


KIND = Kind(
    name="fetch",
    words=lazy_gettext("Fetch weights"),
    about=lambda arguments: f"{arguments['representation']} ({arguments['variation']})",
    place=lambda arguments: "weights",
    check=_check,
    run=_run,
    leads=leads,
)
