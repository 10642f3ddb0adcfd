"""No control characters, wherever text comes in: in an address, in what follows it, or in a form.

No page has a use for them, PostgreSQL stores no NUL, and a spreadsheet or a terminal may obey them.
What comes as JSON is looked at where it is read: none of its text is stored as it came.
"""

import re
from collections.abc import Iterable

from flask import Flask, abort, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage, MultiDict

from embeddings.errors import InputError
from evaluation.keys import has_control

_LATE = re.compile("[\x80-\x9f]")  # what a terminal obeys as it does an escape and a letter


def init_app(app: Flask) -> None:
    """Refuse control characters before any page sees them."""
    app.before_request(_refuse)


def _refuse() -> None:
    """Abort with 404 for an address that has one, raise InputError for what was sent along."""
    if has_control(request.path, line=True):
        abort(404)
    if any(has_control(name or "", line=True) for name in request.args):
        raise InputError(_("An address must have no control characters."))
    for name, values in request.args.lists():
        if any(has_control(text, line=True) for text in values):
            raise InputError(_("%(name)s must have no control characters.", name=name))
    sent = [*_texts(request.form), *_names(request.files)]
    if any(has_control(text) or _LATE.search(text) for text in sent):
        raise InputError(_("What is sent must have no control characters."))


def _texts(fields: MultiDict[str, str]) -> Iterable[str]:
    for name, values in fields.lists():
        yield name or ""  # a part of a form may have no name
        yield from values


def _names(files: MultiDict[str, FileStorage]) -> Iterable[str]:
    for name, given in files.lists():
        yield name or ""
        yield from (file.filename or "" for file in given)
