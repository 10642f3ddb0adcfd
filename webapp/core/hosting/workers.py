"""What gunicorn's processes need beyond gunicorn: deploy/gunicorn.conf.py names it all.

A thread reads a request from its first byte on, and gunicorn lets it wait for the rest without an
end: whoever sends half a request would keep the thread. Here the rest has a time limit.
"""

from contextlib import suppress
from socket import SHUT_RD, SHUT_WR
from time import monotonic
from typing import Any

from flask import Flask
from gunicorn.workers.gthread import TConn, ThreadWorker
from sqlalchemy.exc import SQLAlchemyError

from webapp.core.database import db, is_ready
from webapp.core.markdown import markdown

HEADERS = 10.0
"""Seconds for a request's line and headers."""

BODY = 20.0
"""Seconds for a body, and as many more as it takes at `SLOWEST`."""

SLOWEST = 10_000
"""Bytes a second, of a body that announces its length."""


REST = 2.0
"""Seconds in which the rest of a body is taken that nobody reads."""

LARGEST = 32_000_000
"""Bytes of such a rest: more than proxies let through."""

_PIECE = 1 << 18


class Worker(ThreadWorker):
    """gunicorn's own worker with threads, in which a request that does not come whole is given up.

    A connection is then closed for reading: the thread that waits finds its end, and says so in
    its own way (nothing for headers, status 400 for a body).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._due: dict[TConn, float] = {}  # when what is being read must be here

    def handle(self, conn: TConn) -> Any:
        """Read and answer a request."""
        self._due[conn] = monotonic() + HEADERS
        try:
            return super().handle(conn)
        finally:
            self._due.pop(conn, None)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Answer a request whose headers have come."""
        sent = dict(req.headers)
        length = sent.get("CONTENT-LENGTH", "0")
        if length != "0" or "TRANSFER-ENCODING" in sent:
            more = int(length) / SLOWEST if length.isdecimal() else 0.0
            self._due[conn] = monotonic() + BODY + more
        else:
            self._due.pop(conn, None)  # it is here; the answer takes as long as it takes
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Return whether a connection goes on; of one that does not, take what is still coming.

        Of a body that was refused before it had come gunicorn takes 64 kB, and closes. A proxy that
        is still sending then finds a broken connection, and tells of that instead of the answer.
        """
        with suppress(Exception):  # a body in pieces that are none
            if super()._keepalive_after(conn, keepalive):
                return True
        until, taken = monotonic() + REST, 0
        with suppress(OSError):
            conn.sock.shutdown(SHUT_WR)  # the answer is whole: who has it all sends no more
            while taken < LARGEST and (left := until - monotonic()) > 0:
                conn.sock.settimeout(left)
                if not (some := conn.sock.recv(_PIECE)):
                    break
                taken += len(some)
        return False

    def load_wsgi(self) -> None:
        """Load the app, and never give it half a body for a whole one."""
        super().load_wsgi()
        app = self.wsgi

        def whole(environ: dict[str, Any], start_response: Any) -> Any:
            if environ.get("CONTENT_LENGTH"):
                # It would be read to its end, wherever that is, instead of to its length.
                environ.pop("wsgi.input_terminated", None)
            return app(environ, start_response)

        self.wsgi = whole

    def murder_pending(self) -> None:
        """Give up what is late; gunicorn calls this once a second."""
        super().murder_pending()
        now = monotonic()
        for conn, due in self._due.copy().items():
            if due < now and self._due.pop(conn, None):
                with suppress(OSError):  # it has just been closed
                    conn.sock.shutdown(SHUT_RD)


def before_fork(app: Flask) -> None:
    """Bring the tables up to date, and close what that opened; load what raters' pages are made of.

    Where the database cannot be used yet, every request asks for it again. What the experimenter's
    pages need beyond that (pandas, Plotly) is loaded when one is asked for: no rater waits for it.
    """
    markdown("")
    for name in app.jinja_env.list_templates():
        if name.startswith(("rating/", "core/")) or name in ("base.html", "error.html"):
            app.jinja_env.get_template(name)
    with app.app_context():
        try:
            is_ready()
        except SQLAlchemyError as error:
            app.logger.error("The database cannot be used yet: %s", error)
        finally:
            db.engine.dispose()


def after_fork(app: Flask) -> None:
    """Forget the connections of the process that was forked; they are not this one's to close."""
    with app.app_context():
        db.engine.dispose(close=False)
