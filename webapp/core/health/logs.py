"""The log: a line a request, as text or JSON, and in no line what tells people or keys apart.

Addresses hold the tokens of raters and sign-in links, so a line has the pattern of a route and
never a path; no query, no cookie, no network address. What was sent along is taken out of the
sentences of exceptions, and no traceback has values of variables.
"""

import json
import logging
import os
import re
import secrets
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from flask import Flask, Response, current_app, g, has_request_context, request
from flask.logging import default_handler
from sqlalchemy.engine import make_url

from embeddings.errors import InputError
from webapp.core.config import data_folder, read_settings
from webapp.core.metrics import count_failure, count_request

HEADER = "X-Request-ID"
REQUESTS = "webapp.requests"
"""The logger of the lines of requests."""

_SAFE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_FACTS = ("method", "route", "status", "ms", "bytes")
_BODILESS = frozenset({204, 304})
_DETAIL = re.compile(r"(?m)^(DETAIL|CONTEXT|PARAMETERS|\[parameters):?.*$")
"""What PostgreSQL and SQLAlchemy add of the values that a statement had."""

_SHORTEST = 3
"""Shorter values are no key, and are found in every line of code."""

_TAKEN_OUT = "[…]"
_KEYS: set[str] = set()
"""What is taken out of every line: the secret key, the password of the database."""

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


class App(Flask):
    """Flask, whose line of an exception has no path in it."""

    def log_exception(self, exc_info: Any) -> None:
        """Write an exception that nobody caught to the log, and count it."""
        count_failure(exc_info[0].__name__ if exc_info[0] else "")
        self.logger.error("Exception in %s %s", method(), route() or "no route", exc_info=exc_info)


class _Stderr(logging.StreamHandler):
    """Writes to what sys.stderr is when it writes."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The stream."""
        return sys.stderr


class TextFormatter(logging.Formatter):
    """A line as people read it; a traceback goes on below."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text."""
        name = getattr(record, "request_id", "")
        head = f"{moment(record)} [{record.process}] {record.levelname}"
        line = " ".join(filter(None, (head, name and f"[{name}]", sentence(record))))
        return f"{line}\n{stack(record)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """A line of JSON a record, the traceback in a field of it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line of JSON."""
        line: dict[str, Any] = {
            "time": moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "request_id": getattr(record, "request_id", None),
        }
        facts = getattr(record, "facts", None)
        line |= {"message": "request", **facts} if facts else {"message": sentence(record)}
        if record.exc_info:
            line["traceback"] = stack(record)
        return json.dumps({key: value for key, value in line.items() if value is not None})


def chosen_format() -> str:
    """Return the setting log_format; "text" where the settings cannot be read."""
    with suppress(InputError, OSError):
        return read_settings(data_folder(), os.environ)["log_format"]
    return "text"


def formatter(kind: str) -> logging.Formatter:
    """Return what formats lines: "text" or "json"."""
    return JsonFormatter() if kind == "json" else TextFormatter()


def begin(app: Flask) -> None:
    """Let everything that is logged in this process of a server go to stderr, in one format.

    Until then nothing is written: commands say what they say, and no more.
    """
    password = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).password
    _KEYS.update(filter(None, (app.secret_key, password)))
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Stderr)]:
        root.removeHandler(handler)
    handler = _Stderr()
    handler.setFormatter(formatter(app.config["SETTINGS"]["log_format"]))
    handler.addFilter(with_request_id)
    root.addHandler(handler)
    app.logger.removeHandler(default_handler)
    app.logger.setLevel(logging.INFO)
    logging.getLogger(REQUESTS).setLevel(logging.INFO)
    server = logging.getLogger("werkzeug")  # of `flask run`; its lines have paths and addresses
    if not any(one is without_werkzeugs_lines for one in server.filters):
        server.addFilter(without_werkzeugs_lines)
    logging.captureWarnings(True)


def init_app(app: Flask) -> None:
    """Give every request its id and its line."""
    app.before_request(_begin_request)
    app.after_request(_end_request)


def request_id() -> str:
    """Return the id of this request: the proxy's, where one is trusted and the id is plain."""
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        trusted = current_app.config["SETTINGS"]["trusted_proxies"] and _SAFE.fullmatch(given)
        g.request_id = given if trusted else secrets.token_hex(8)
    return g.request_id


def route() -> str | None:
    """Return the pattern of this request's address; None where there is none."""
    return request.url_rule.rule if request.url_rule else None


def method() -> str:
    """Return this request's method; another word than HTTP's own is not repeated."""
    return request.method if request.method in _METHODS else "OTHER"


def with_request_id(record: logging.LogRecord) -> bool:
    """Give a record the id of the request that it belongs to, if there is one."""
    if has_request_context():
        record.request_id = request_id()
    return True


def without_werkzeugs_lines(record: logging.LogRecord) -> bool:
    """Say whether a record is none of the lines that Werkzeug's server writes of a request."""
    return " - - [" not in str(record.msg)


def moment(record: logging.LogRecord) -> str:
    """Return when a record was made: ISO 8601 in UTC, to the millisecond."""
    made = datetime.fromtimestamp(record.created, UTC)
    return made.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sentence(record: logging.LogRecord) -> str:
    """Return what a record says, without what the request sent."""
    said = record.getMessage()
    return said if hasattr(record, "facts") else without_what_was_sent(said)


def stack(record: logging.LogRecord) -> str:
    """Return the traceback of a record, without values of variables or what the request sent."""
    assert record.exc_info
    whole = "".join(traceback.format_exception(*record.exc_info)).rstrip()
    return without_what_was_sent(_DETAIL.sub(r"\1: " + _TAKEN_OUT, whole))


def without_what_was_sent(text: str) -> str:
    """Return a text without our keys, and what this request's address, cookies and body have."""
    found = _KEYS | (set(_sent()) if has_request_context() else set())
    for one in sorted(found, key=len, reverse=True):
        if len(one) >= _SHORTEST and one in text:
            text = re.sub(rf"(?<![\w-]){re.escape(one)}(?![\w-])", _TAKEN_OUT, text)
    return text


def _sent() -> Iterator[str]:
    yield from (str(value) for value in (request.view_args or {}).values())
    yield from (request.path, request.full_path, request.remote_addr or "")
    yield from request.access_route
    yield from request.cookies.values()
    with suppress(Exception):  # a body that cannot be read has been answered with that
        for values in (request.args, request.form):
            yield from (one for _, many in values.lists() for one in many)
        yield from _texts(request.get_json(silent=True) if request.is_json else None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def _begin_request() -> None:
    g.setdefault("began", time.perf_counter())  # it may be tried twice


def _end_request(response: Response) -> Response:
    """Send the id back, and write the line; the milliseconds are those until the answer begins."""
    name = request_id()
    response.headers[HEADER] = name
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    count_request(request.endpoint or "none", method(), response.status_code, seconds)
    log = logging.getLogger(REQUESTS)
    if log.isEnabledFor(logging.INFO):
        status = response.status_code
        empty = request.method == "HEAD" or status in _BODILESS
        length = 0 if empty else _length(response)
        values = (method(), route(), status, round(seconds * 1000, 1), length)
        text = "%s %s %s %s ms %s bytes"
        facts = dict(zip(_FACTS, values, strict=True))
        log.info(text, *("-" if one is None else one for one in values), extra={"facts": facts})
    return response


def _length(response: Response) -> int | None:
    """Return how many bytes an answer has; None where it is made while it is sent."""
    if response.content_length is not None:
        return response.content_length
    return response.calculate_content_length()
