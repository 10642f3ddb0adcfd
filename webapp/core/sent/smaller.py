"""Answers that are sent compressed, by gzip, and why it is safe for each.

Where one compressed answer holds a secret and something that an attacker chose, its length tells
by and by what the secret is (BREACH). So two kinds of answers are compressed here, and no other:

- Styles and scripts, which are the same for everybody.
- A rater's page, got by its address. All that is secret of a rater is in that address already: who
  can make a browser ask for it knows it. It holds nothing of what a request says beside it, either:
  one with more than a page's number is answered as it is.

A proxy that compresses decides for itself; docs/howto/serve.md says what ours do.
"""

import gzip
from functools import lru_cache

from flask import Flask, Response, current_app, request

from webapp.core.sent.joined import FOLDER

LEAST = 500  # bytes, below which it is not worth it

_FILES = frozenset({"static", "bootstrap.static", "old_static", FOLDER})
_PAGES = frozenset({"rate.page"})
_TYPES = frozenset(
    {"text/css", "text/javascript", "application/javascript", "image/svg+xml", "text/html"}
)


def init_app(app: Flask) -> None:
    """Compress what may be."""
    app.after_request(_smaller)


def _smaller(response: Response) -> Response:
    endpoint = request.endpoint or ""
    is_file = endpoint in _FILES
    if not (is_file or _is_plain_page(endpoint)) or response.mimetype not in _TYPES:
        return response
    response.vary.add("Accept-Encoding")
    if (
        response.status_code != 200
        or request.method != "GET"
        or "Content-Encoding" in response.headers
        or not request.accept_encodings["gzip"]
    ):
        return response
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) < LEAST:
        return response
    is_kept = is_file and not current_app.debug
    response.set_data(_once(content) if is_kept else _gzipped(content, 6))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)  # parts of it would be parts of something else
    tag, _ = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)  # the same, in other bytes
    return response


def _is_plain_page(endpoint: str) -> bool:
    if endpoint not in _PAGES:
        return False
    given = request.args.to_dict(flat=False)
    return not given or (list(given) == ["page"] and all(one.isdecimal() for one in given["page"]))


@lru_cache(maxsize=128)
def _once(content: bytes) -> bytes:
    return _gzipped(content, 9)


def _gzipped(content: bytes, level: int) -> bytes:
    return gzip.compress(content, level, mtime=0)
