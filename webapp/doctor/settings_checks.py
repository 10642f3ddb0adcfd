"""The settings: whether they go together."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from webapp.doctor.patient import Patient
from webapp.doctor.registry import Said, check, fault, ok, warning


@check("base_url")
def base_url(patient: Patient) -> Iterator[Said]:
    """Say whether links begin with an address that raters can reach."""
    address = patient.settings["base_url"]
    where = urlsplit(address)
    if not address:
        yield warning(
            "It is not set: links begin with the address that make run served at last.",
            'Set base_url = "https://..." to the address that raters use.',
        )
    elif where.scheme not in ("http", "https") or not where.netloc:
        yield fault(
            f"{address!r} does not begin with http:// or https://.", "Write the whole address."
        )
    elif where.query or where.fragment:
        yield fault(
            f"{address!r} has more than a host and a path.", "Leave out what follows ? or #."
        )
    elif where.scheme == "http" and not is_here(where):
        yield warning(
            f"{address} is not encrypted: who is between a rater and the server reads links.",
            "Serve it by https: docs/howto/serve.md.",
        )
    else:
        yield ok(f"{address}.")


@check("secure_cookies")
def secure_cookies(patient: Patient) -> Iterator[Said]:
    """Say whether cookies go with the address."""
    scheme, on = urlsplit(patient.settings["base_url"]).scheme, patient.settings["secure_cookies"]
    if scheme == "https" and not on:
        yield fault(
            "base_url is https, and cookies are sent over http, too.", "Set secure_cookies = true."
        )
    elif scheme == "http" and on:
        yield fault(
            "base_url is http, over which no cookie is sent: nobody can sign in or rate.",
            "Serve it by https, or set secure_cookies = false.",
        )
    else:
        yield ok("on." if on else "off.")


def is_here(where: SplitResult) -> bool:
    """Say whether an address is of this machine alone."""
    try:
        return where.hostname == "localhost" or ip_address(where.hostname or "").is_loopback
    except ValueError:
        return False
