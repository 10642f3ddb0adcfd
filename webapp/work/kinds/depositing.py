"""Adding weights that were sent, or lie on the server: those that a card knows, and no others."""

from flask import current_app
from flask_babel import lazy_gettext

from embeddings.errors import InputError
from embeddings.extraction.weights import add_weights, published_sha256
from webapp.work import uploads
from webapp.work.kinds import Arguments, Kind
from webapp.work.kinds.fetching import leads


def _check(given: Arguments) -> Arguments:
    if given.get("upload"):
        upload = uploads.find(str(given["upload"]))
        where = {"upload": upload.key, "file": str(given.get("file") or upload.name)}
    elif given.get("path"):
        path = uploads.on_server(str(given["path"]))
        where = {"path": str(path), "file": str(given.get("file") or path.name)}
    else:
        raise InputError("Choose a file, or name one of the server.")
    published_sha256(where["file"])
    return where


def _run(arguments: Arguments) -> tuple[str, Arguments]:
    data, name = current_app.config["DATA"], arguments["file"]
    wanted = published_sha256(name)
    if "path" in arguments:
        path = uploads.on_server(arguments["path"])
        add_weights(data, path, name, wanted=wanted)
    else:
        upload = uploads.find(arguments["upload"])
        if not upload.is_whole:
            raise InputError(f"Of {upload.name} not all came: send it again.")
        try:
            add_weights(data, upload.file, name, wanted=wanted)
        except InputError:
            uploads.forget(upload)  # nobody will want it
            raise
        uploads.forget(upload)
    return f"{name}, with the SHA-256 of its card.", {"file": name}


KIND = Kind(
    name="deposit",
    words=lazy_gettext("Add weights"),
    about=lambda arguments: arguments["file"],
    place=lambda arguments: "weights",
    check=_check,
    run=_run,
    leads=leads,
)
