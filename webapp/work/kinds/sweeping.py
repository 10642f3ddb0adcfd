"""Scoring every processing and search of embeddings, so that one can be chosen."""

from flask import current_app
from flask_babel import lazy_gettext

from embeddings.collection.clips import open_collection
from embeddings.errors import InputError
from embeddings.systems.rankings import EXCLUSIONS, find_embedding, groups_of
from webapp.work.kinds import Arguments, Kind, Lead, of_collection, several


def _check(given: Arguments) -> Arguments:
    sounds = open_collection(current_app.config["DATA"], str(given.get("collection", "")))
    names = [find_embedding(sounds, one).name for one in several(given, "embeddings", "embedding")]
    exclude = given.get("exclude_same") or None
    if exclude not in (None, *EXCLUSIONS):
        raise InputError(f"exclude_same must be one of {', '.join(EXCLUSIONS)}, not {exclude!r}.")
    for name in names:
        groups_of(sounds, find_embedding(sounds, name).rows[:], exclude)
    return {"collection": sounds.name, "embeddings": names, "exclude_same": exclude}


def _run(arguments: Arguments) -> tuple[str, Arguments]:
    from evaluation.objective.sweep import sweep

    sounds = open_collection(current_app.config["DATA"], arguments["collection"])
    cells = 0
    for name in arguments["embeddings"]:
        embedding = find_embedding(sounds, name)
        table = sweep(sounds, embedding, exclude_same=arguments["exclude_same"], device="auto")
        own = table[table["convention"] == sounds.convention]
        cells += len(own)
        print(f"{name}: {len(own)} cells")
        for note in sorted(set(own["note"]) - {""}):
            print(f"not done: {name}: {note}")
    return f"{cells} cells of {', '.join(arguments['embeddings'])}.", {"cells": cells}


def _leads(arguments: Arguments, result: Arguments) -> list[Lead]:
    to = {"name": arguments["collection"], "_anchor": "sweep"}
    if arguments["exclude_same"]:
        to["exclude_same"] = arguments["exclude_same"]
    return [Lead(lazy_gettext("Choose the best"), "prepare.page", to)]


KIND = Kind(
    name="sweep",
    words=lazy_gettext("Sweep every processing and search"),
    about=lambda arguments: f"{', '.join(arguments['embeddings'])} · {arguments['collection']}",
    place=of_collection,
    check=_check,
    run=_run,
    leads=_leads,
)
