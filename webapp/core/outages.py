"""When the database cannot be used for a while: what is asked again, and how one is told.

A database is restarted, a connection breaks, a lock takes too long: none of it is an error of the
code. What only reads, and what a rater sends (which can be sent twice: each answer has an id, each
step knows whether it was taken), is tried once more, whole. Else the answer is 503 and when to come
again, by which a rater's browser keeps what it has. Nothing is ever called saved that is not: that
is only said after a commit that came back.
"""

import sqlite3
import time
from contextlib import suppress

import sqlalchemy as sa
from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from werkzeug.exceptions import ServiceUnavailable

from webapp.core.database import READING, db
from webapp.core.postgresql import without_password

RETRY_AFTER = 5
"""Seconds after which one may come again."""
SOON = 10.0
"""Seconds within which a first try must have failed for a second one to be worth its thread.

As long as a rater's page waits for an answer (`static/js/rating/queue.js`). Who waited longer,
waited for a lock or a connection, and would again.
"""
_STATES = ("08", "40", "53", "57P", "55P03", "25006")
"""PostgreSQL's codes, from their beginnings, of what passes: connection, rollback, resources,
shutdown, a lock that took too long, a server that only reads just now."""
_SQLITE = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN,
}  # fmt: skip


def init_app(app: Flask) -> None:
    """Register the handler, and what lets go of the database when a request is over."""
    app.register_error_handler(SQLAlchemyError, database_error)
    app.teardown_appcontext(_let_go)  # before Flask-SQLAlchemy's own, which was there first


def _let_go(_error: BaseException | None) -> None:
    """End the session; a connection that broke after the answer was made makes no error of it."""
    try:
        db.session.remove()
    except DBAPIError:
        with suppress(SQLAlchemyError):
            db.session().invalidate()
        db.session.registry.clear()


def passes(error: SQLAlchemyError) -> bool:
    """Return whether it is the database that cannot be used just now, and not a fault of ours."""
    if isinstance(error, sa.exc.TimeoutError):  # all connections are in use
        return True
    if not isinstance(error, DBAPIError):
        return False
    origin = error.orig
    if isinstance(origin, sqlite3.Error):
        return getattr(origin, "sqlite_errorcode", 0) & 0xFF in _SQLITE
    state = getattr(origin, "sqlstate", None)
    if state is None:  # there was no server that could have given one
        return error.connection_invalidated or isinstance(error, sa.exc.OperationalError)
    return error.connection_invalidated or state.startswith(_STATES)


def reason(error: SQLAlchemyError) -> str:
    """Return in one line, without a password, why the database cannot be used."""
    said = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return without_password(said.splitlines()[0], db.engine.url)


def database_error(error: SQLAlchemyError) -> ResponseReturnValue:
    """Try the request once more where that can do no harm, or say when to come again.

    What is a fault of the code goes on as the error that it is.
    """
    quicker = isinstance(error, IntegrityError) and "again" not in g
    if not quicker and not passes(error):
        raise error
    with suppress(SQLAlchemyError):
        db.session.rollback()
    began = g.get("began", time.perf_counter())
    soon = time.perf_counter() - began < SOON
    if "again" not in g and (quicker or soon) and _may_be_repeated():
        return _again()
    if quicker:
        raise error
    current_app.logger.error("The database cannot be used: %s", reason(error))
    return current_app.handle_user_exception(unavailable())


def unavailable() -> ServiceUnavailable:
    """Return what to raise where the database cannot be used."""
    return ServiceUnavailable(
        _("The database cannot be used just now. Load this again in a moment."),
        retry_after=RETRY_AFTER,
    )


def _may_be_repeated() -> bool:
    return "rater" in g or (request.method in READING and "writes" not in g)


def _again() -> ResponseReturnValue:
    g.again = True
    for name in ("reads", "writes", "rater"):
        g.pop(name, None)
    try:
        found = current_app.preprocess_request()
        return current_app.dispatch_request() if found is None else found
    except Exception as error:
        return current_app.handle_user_exception(error)  # which comes here once more, and no third
