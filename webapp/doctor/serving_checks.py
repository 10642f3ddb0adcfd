"""The running server, asked through the address that raters use."""

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from embeddings import __version__
from webapp.doctor.patient import SOMEBODY, Patient
from webapp.doctor.registry import Said, check, fault, ok, warning

_CLOCK = 60.0  # seconds
_DAYS = 21  # that a certificate should be good for
_PROXY = "docs/howto/serve.md has the lines for nginx and Caddy"


@check("running app")
def running(patient: Patient) -> Iterator[Said]:
    """Say whether this installation answers at its address."""
    if not patient.address:
        yield warning("Nobody was asked: base_url is not set.", "Set it, or say --at URL.")
    elif patient.answer.failed:
        yield fault(
            f"Nothing answers at {patient.address} ({patient.answer.failed}).",
            "Start the server, and the proxy in front of it; see that the name leads here.",
        )
    elif not patient.seen:
        yield fault(
            f"What answers at {patient.address} (status {patient.answer.status}) is not this "
            "installation, or has another secret key.",
            "See that the server runs with this SOUNDING_BOARD_DATA, and start it again.",
        )
    else:
        yield ok(f"{patient.address} is this installation.")


@check("readiness")
def readiness(patient: Patient) -> Iterator[Said]:
    """Say whether the running app is ready, by its own word."""
    if patient.seen:
        failed = patient.answer.body.get("failed", [])
        if failed:
            yield fault(f"It is not ready: {', '.join(failed)}.", "The server's log says why.")
        else:
            yield ok("It is ready.")


@check("scheme and host")
def scheme_and_host(patient: Patient) -> Iterator[Said]:
    """Say whether the app knows by which address it was asked."""
    if not patient.seen:
        return
    where, seen = urlsplit(patient.address), patient.seen
    if seen["scheme"] != where.scheme:
        yield fault(
            f"Asked by {where.scheme}, the app sees {seen['scheme']}: cookies and forms fail.",
            f"Set trusted_proxies, and let the proxy send X-Forwarded-Proto; {_PROXY}.",
        )
    if seen["host"] != where.netloc:
        yield fault(
            f"Asked as {where.netloc}, the app sees {seen['host']}: links name another host.",
            f"Let the proxy pass Host on, or send X-Forwarded-Host; {_PROXY}.",
        )
    if (seen["scheme"], seen["host"]) == (where.scheme, where.netloc):
        yield ok(f"{seen['scheme']}://{seen['host']}.")


@check("trusted_proxies")
def trusted_proxies(patient: Patient) -> Iterator[Said]:
    """Say whether the app knows who asks: we claimed to be SOMEBODY else."""
    if not patient.seen:
        return
    seen, trusted = patient.seen, patient.seen["settings"]["trusted_proxies"]
    told = [one.strip() for one in seen["forwarded_for"].split(",") if one.strip()]
    own = [one for one in told if one != SOMEBODY]
    if trusted and seen["address"] == SOMEBODY:
        yield fault(
            f"It is {trusted}, and whoever asks can choose the network address that counts.",
            f"Set it to the number of proxies in front ({len(own)} were seen), and let the first "
            f"set X-Forwarded-For; {_PROXY}.",
        )
    elif trusted > len(told):
        yield fault(
            f"It is {trusted}, and {len(told)} proxies were seen: all raters have one address.",
            f"Set trusted_proxies = {len(own)}.",
        )
    elif not trusted and (own or not told):
        yield fault(
            "It is 0, and a proxy stands in front: all raters have one address, and one limit.",
            f"Set trusted_proxies = {max(len(own), 1)}.",
        )
    else:
        yield ok(f"{trusted}, and the app sees {seen['address']}.")


@check("server")
def server(patient: Patient) -> Iterator[Said]:
    """Say whether what serves is fit for a study."""
    seen = patient.seen
    if not seen:
        return
    use = "Serve it with: gunicorn -c deploy/gunicorn.conf.py"
    if "gunicorn" not in seen["server"]:
        yield warning(f"{seen['server'] or 'Something'} serves, made for trying things out.", use)
    elif not seen["threads"]:
        yield warning("Gunicorn has no threads: a few idle connections stop everybody.", use)
    elif seen["processes"] and not seen["shared_metrics"]:
        yield warning("Several processes count each for itself; /metrics shows one of them.", use)
    else:
        yield ok(f"{seen['server']}, with threads.")


@check("running version")
def version(patient: Patient) -> Iterator[Said]:
    """Say whether the running app is of this version, and has these settings."""
    seen = patient.seen
    if not seen:
        return
    if seen["version"] != __version__:
        yield warning(
            f"Version {seen['version']} runs, and {__version__} is installed.",
            "Restart the server.",
        )
    other = [name for name, value in seen["settings"].items() if patient.settings[name] != value]
    if other:
        yield warning(
            f"The running app has another {' and '.join(other)} than this command.",
            "Restart the server, or run this with the server's environment.",
        )
    if seen["version"] == __version__ and not other:
        yield ok(f"{seen['version']}, Python {seen['python']}, with the same settings.")


@check("clock")
def clock(patient: Patient) -> Iterator[Said]:
    """Say whether this machine and what answers agree what time it is."""
    if patient.address and patient.answer.date:
        apart = abs(parsedate_to_datetime(patient.answer.date).timestamp() - time.time())
        if apart > _CLOCK:
            yield fault(
                f"What answers is {apart:.0f} seconds off: links and answers get wrong times.",
                "Let the machines keep time by NTP: timedatectl set-ntp true",
            )
        else:
            yield ok(f"{apart:.0f} seconds apart.")


@check("certificate")
def certificate(patient: Patient) -> Iterator[Said]:
    """Say whether browsers trust the certificate, and for how long yet."""
    where = urlsplit(patient.address)
    if where.scheme != "https" or patient.answer.failed:
        return
    place = (where.hostname or "", where.port or 443)
    renew = "Renew it, and load it into the proxy: certbot renew, or see Caddy's log."
    try:
        with socket.create_connection(place, timeout=15) as plain:
            context = ssl.create_default_context()
            with context.wrap_socket(plain, server_hostname=where.hostname) as secured:
                facts = secured.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        yield fault(f"Browsers refuse it: {error.verify_message}.", renew)
        return
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(facts["notAfter"])), UTC)
    days = (ends - datetime.now(UTC)).days
    if days < _DAYS:
        yield warning(f"It is good for {days} days more.", renew)
    else:
        yield ok(f"It is good until {ends:%Y-%m-%d}.")
