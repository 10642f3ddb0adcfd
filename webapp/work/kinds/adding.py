"""Importing a collection from a zip that was sent, or from a folder of the server."""

import secrets
from contextlib import suppress

from flask import current_app
from flask_babel import lazy_gettext

from embeddings.collection.clips import collection_names, open_collection
from embeddings.collection.importing import BrokenClips, import_collection
from embeddings.errors import InputError
from webapp.work import uploads
from webapp.work.kinds import Arguments, Kind, Lead, looking

_MARK = "asked_by"  # in collection.json: which job made it


def _check(given: Arguments) -> Arguments:
    checked = looking.check(given)
    if not checked["reader"]:
        raise InputError("Look at the sounds first: a reader is found then.")
    boxes = {box: bool(given.get(box)) for box in ("skip_broken", "skip_suspicious", "copy")}
    return checked | boxes | {"mark": secrets.token_hex(8)}


def _run(arguments: Arguments) -> tuple[str, Arguments]:
    data, name = current_app.config["DATA"], arguments["collection"]
    if not _was_made(arguments):
        _import(arguments)
    if "upload" in arguments:
        with suppress(InputError):  # an earlier try may have got as far as that
            uploads.forget(uploads.find(arguments["upload"]))
    made = open_collection(data, name)
    count = len(made.families)
    families = f", {count} {'family' if count == 1 else 'families'}" if count else ""
    return f"{len(made.clips)} clips, {len(made.class_counts)} classes{families}.", {}


def _was_made(arguments: Arguments) -> bool:
    """Return whether an earlier try of the same job has made the collection."""
    data, name = current_app.config["DATA"], arguments["collection"]
    return (
        name in collection_names(data)
        and open_collection(data, name).info.get(_MARK) == arguments["mark"]
    )


def _import(arguments: Arguments) -> None:
    info = {_MARK: arguments["mark"]}
    if "upload" in arguments:
        info["source"] = arguments["file"]
    try:
        _, left_out = import_collection(
            current_app.config["DATA"],
            arguments["collection"],
            looking.source(arguments),
            arguments["reader"],
            options=looking.options(arguments),
            skip_broken=arguments["skip_broken"],
            skip_suspicious=arguments["skip_suspicious"],
            copy="upload" in arguments or arguments["copy"],
            info=info,
        )
    except BrokenClips as error:
        lines = [looking.shown(arguments, line) for line in error.lines]
        print("\n".join(lines))
        raise InputError(
            f"{len(lines)} of the clips cannot be used, so nothing was imported; the first: "
            f"{lines[0]} The log has all. They can be left out."
        ) from error
    except InputError as error:
        raise InputError(looking.shown(arguments, str(error))) from error
    for line in left_out:
        print(f"left out: {looking.shown(arguments, line)}")


def _leads(arguments: Arguments, result: Arguments) -> list[Lead]:
    name = {"name": arguments["collection"]}
    return [
        Lead(lazy_gettext("Compute representations"), "prepare.page", name),
        Lead(lazy_gettext("Browse and listen"), "browse.browse", name),
    ]


KIND = Kind(
    name="add",
    words=lazy_gettext("Import a collection"),
    about=lambda arguments: arguments["collection"],
    place=lambda arguments: f"import {arguments['collection']}",
    check=_check,
    run=_run,
    leads=_leads,
)
