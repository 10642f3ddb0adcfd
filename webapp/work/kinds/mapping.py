"""Laying embeddings of a collection out in two dimensions."""

from flask import current_app
from flask_babel import lazy_gettext

from embeddings.collection.clips import open_collection
from embeddings.errors import InputError
from embeddings.maps.layouts import METHODS, check_method, library
from embeddings.maps.stored_maps import make_maps
from embeddings.progress import progress
from embeddings.systems.rankings import find_embedding
from embeddings.tasks import Failure
from webapp.work.kinds import Arguments, Kind, Lead, of_collection, several


def _check(given: Arguments) -> Arguments:
    sounds = open_collection(current_app.config["DATA"], str(given.get("collection", "")))
    names = [find_embedding(sounds, one).name for one in several(given, "embeddings", "embedding")]
    method = check_method(str(given.get("method") or "tsne"))
    library(method)
    return {"collection": sounds.name, "embeddings": names, "method": method}


def _run(arguments: Arguments) -> tuple[str, Arguments]:
    sounds = open_collection(current_app.config["DATA"], arguments["collection"])
    names, method = arguments["embeddings"], arguments["method"]
    made, failed = [], []
    for name, found in progress(
        len(names), "map", METHODS[method], items=make_maps(sounds, names, method)
    ):
        if isinstance(found, Failure):
            print(f"left out: {name}: {found.reason}")
            failed.append(f"{name}: {found.reason}")
        else:
            made.append(name)
    if not made:
        raise InputError(f"No map was made; the first: {failed[0]}")
    some = f" Not of {len(failed)}; the log says why." if failed else ""
    return f"{METHODS[method]} of {', '.join(sorted(made))}.{some}", {"embeddings": made}


def _leads(arguments: Arguments, result: Arguments) -> list[Lead]:
    to = {"name": arguments["collection"]}
    return [Lead(lazy_gettext("Map"), "maps.map", to)]


KIND = Kind(
    name="map",
    words=lazy_gettext("Make maps"),
    about=lambda arguments: f"{', '.join(arguments['embeddings'])} · {arguments['collection']}",
    place=of_collection,
    check=_check,
    run=_run,
    leads=_leads,
)
