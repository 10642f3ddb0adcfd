"""What gunicorn says, in the lines of our own log: `logger_class` of its configuration.

Its own lines of requests are not written, whatever its configuration says: they have paths, which
hold the tokens of raters, and addresses of theirs. The app writes a line of each request.
"""

import sys
from typing import Any

from gunicorn import glogging

from webapp.core.health.logs import chosen_format, formatter

_BAD = "Invalid request"
_FAILED = "Error handling request"


class Logger(glogging.Logger):
    """Gunicorn's log without a path, an address, or what was sent."""

    def setup(self, cfg: Any) -> None:
        """Take gunicorn's handlers, with our format."""
        super().setup(cfg)
        kind = chosen_format()
        for handler in self.error_log.handlers:
            handler.setFormatter(formatter(kind))
        self.access_log.handlers.clear()

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Write nothing."""

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Write a warning; of a request that is none, only what kind of error it is."""
        if str(msg).startswith(_BAD):
            error = sys.exc_info()[0]
            msg, args = f"{_BAD} ({error.__name__ if error else 'unknown'})", ()
        super().warning(msg, *args, **kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Write what nobody caught; of a request not which."""
        if str(msg).startswith(_FAILED):
            msg, args = _FAILED, ()
        super().exception(msg, *args, **kwargs)
