"""/healthz, /readyz and /metrics, for what watches a server.

The first two are for everybody: a balancer or a watcher elsewhere has no account, and comes through
the proxy as strangers do. So they say a word, and the names of what is not as it should be; the log
and `flask doctor` say more.
"""

from ipaddress import ip_address
from typing import Any

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from webapp.core.database import without_database
from webapp.core.health import readiness
from webapp.core.metrics import registry
from webapp.core.security import closed, public
from webapp.watch.scrape import collected
from webapp.watch.seen import HEADER, is_asked, seen

bp = Blueprint("watch", __name__)

_THROUGH = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP",
            "Via")  # fmt: skip
"""Headers by which a proxy tells of somebody else."""


@bp.get("/healthz")
@public
@without_database
def healthz() -> ResponseReturnValue:
    """Say that the process answers; to `flask doctor` also how it was reached, and what fails."""
    answer: dict[str, Any] = {"status": "ok"}
    if is_asked(request.headers.get(HEADER, "")):
        answer |= {"seen": seen(), "failed": _failed()}
    return answer


@bp.get("/readyz")
@public
@without_database
def readyz() -> ResponseReturnValue:
    """Say whether answers of raters can be taken."""
    failed = _failed()
    if failed:
        return {"status": "not ready", "failed": failed}, 503
    return {"status": "ready"}


@bp.get("/metrics")
@public
@without_database
def metrics() -> ResponseReturnValue:
    """Give the numbers to an owner who is signed in, or to a program on this machine."""
    if not is_local() and not (current_user.is_authenticated and current_user.may_change):
        return closed()
    text = generate_latest(registry()) + generate_latest(collected())
    return Response(text, content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _failed() -> list[str]:
    """Return the names of the checks of readiness that do not pass."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    return [one.name for one in readiness.checks(app) if not one.ok]


def is_local() -> bool:
    """Return whether this request was made on this machine, to the app itself.

    What came through a proxy was not, whatever address it has: a proxy says of whom it speaks, or
    under which name it was asked.
    """
    if any(name in request.headers for name in _THROUGH):
        return False
    return _is_loopback(request.remote_addr or "") and _is_loopback(_host())


def _host() -> str:
    """Return the host that was asked for, without its port."""
    host = request.host
    name = host[1:].partition("]")[0] if host.startswith("[") else host.rpartition(":")[0] or host
    return "127.0.0.1" if name == "localhost" else name


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:  # a name, or a socket's
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback
