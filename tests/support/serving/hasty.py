"""gunicorn as it is shipped, but in a hurry: it gives up half a request after a second.

A program of its own: ``python -m tests.support.serving.hasty -c deploy/gunicorn.conf.py ...``.
"""

import sys

from gunicorn.app.wsgiapp import run

from tests.support.server import GUNICORN
from webapp.core.hosting import workers

HASTY = ("tests.support.serving.hasty", *GUNICORN[1:])

if __name__ == "__main__":
    workers.HEADERS = workers.BODY = 1.0
    sys.exit(run())
