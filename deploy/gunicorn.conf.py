"""How gunicorn serves Sounding Board: `gunicorn -c deploy/gunicorn.conf.py`, from anywhere.

Any of it is changed without editing this file: by gunicorn's options after `-c FILE`, or by the
same options in the environment, GUNICORN_CMD_ARGS="--bind 127.0.0.1:8001 --workers 4".
docs/howto/serve.md has the way from a fresh Debian to https.
"""

import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

wsgi_app = "webapp:create_app()"
chdir = str(Path(__file__).resolve().parent.parent)
bind = "127.0.0.1:8000"  # a proxy that speaks https stands in front

# Two processes: where one ends, the other answers until it is back. Requests wait for the disk and
# for the one who writes, not for a processor, so threads are many: as many connections that stand
# still as one worker has threads stop nobody. That is two dozen, and a third as many to spare.
workers = 2
threads = 32
worker_class = "webapp.core.hosting.workers.Worker"  # gthread, with a time limit for half a request

# The app is loaded, and the tables are brought up to date, before the workers are forked: one that
# was killed is back as soon as it is forked again.
preload_app = True

timeout = 120  # seconds without a sign of life, not of a request: NumPy may hold a worker's turn
graceful_timeout = 30  # seconds after SIGTERM for the requests that are being answered
keepalive = 75  # seconds; longer than proxies keep one, so that none sends into what just closed

# Who asked, and how, is told by the proxies that `trusted_proxies` counts, and by nothing else:
# gunicorn itself would believe whoever connects from this machine.
forwarded_allow_ips = ""
forwarder_headers = ""

control_socket_disable = True  # it would want a home folder
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # no disk delays a sign of life

# Logs: to standard error, where systemd's journal takes them; a line of each request by the app.
errorlog = "-"
logger_class = "webapp.core.health.server_logs.Logger"

# Each process counts in files of a folder, which is in the runtime folder that systemd gives, or a
# temporary one, and never in the data folder: that may be on a network. It is named here, before
# anything that counts is imported.
counted_in = ""
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    place = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0] or None
    counted_in = tempfile.mkdtemp(prefix="sounding-board-metrics.", dir=place)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = counted_in


def when_ready(server: Any) -> None:
    """Bring the tables up to date, and close what that opened, before there are workers."""
    from webapp.core.hosting.workers import before_fork

    for listener in server.LISTENERS:
        if listener.sock.family != socket.AF_UNIX and hasattr(socket, "TCP_DEFER_ACCEPT"):
            # Who connects and says nothing waits with the system, and takes no thread.
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, int(keepalive))
    before_fork(server.app.wsgi())


def post_fork(server: Any, worker: Any) -> None:
    """Let no worker use, or close, a connection that another process opened."""
    from webapp.core.hosting.workers import after_fork

    after_fork(server.app.wsgi())


def on_exit(server: Any) -> None:
    """Remove what was counted in, when the last process has ended."""
    if counted_in:
        shutil.rmtree(counted_in, ignore_errors=True)
