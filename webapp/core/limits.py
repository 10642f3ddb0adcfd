"""How often one may ask: a bucket of a minute's worth of requests, filled again as time goes by.

Each server process counts for itself, in memory, and forgets the buckets that were not used for
longest where there are too many: what it holds is bounded, whoever comes.
"""

import math
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from threading import Lock
from time import monotonic

from flask import current_app, request
from werkzeug.exceptions import TooManyRequests

WRONG_TOKENS = 30
"""How many wrong tokens of a network address are looked at in a minute, in each server process."""

_MINUTE = 60.0
_MOST = 20_000  # buckets
_ROUNDING = 1e-6  # seconds, more than sums of steps are off by


class Buckets:
    """Buckets by name, each of `per_minute` requests; 0 counts nothing."""

    def __init__(self, per_minute: int) -> None:
        self.step = _MINUTE / per_minute if per_minute else 0.0
        self.full: OrderedDict[str, float] = OrderedDict()  # when each is full again
        self.lock = Lock()

    def wait(self, name: str, at: float) -> float:
        """Take a request out at `at` seconds; return 0, or how long to wait for there is none."""
        if not self.step:
            return 0.0
        with self.lock:
            full = max(self.full.pop(name, at), at)
            late = full + self.step - at - _MINUTE
            empty = late > _ROUNDING
            self.full[name] = full if empty else full + self.step
            if len(self.full) > _MOST:
                self.full.popitem(last=False)
        return late if empty else 0.0


def limit(link: str = "") -> None:
    """Count this request by its network address and, if it has one, by a rater's link.

    Raises TooManyRequests, which says when to come again, where a bucket is empty.
    """
    settings = current_app.config["SETTINGS"]
    for setting, name in (("requests_per_address", _address()), ("requests_per_rater", link)):
        buckets = current_app.extensions.setdefault(setting, Buckets(settings[setting]))
        wait = buckets.wait(name, monotonic()) if name else 0.0
        if wait:
            raise TooManyRequests(retry_after=math.ceil(wait))


def limit_tries() -> None:
    """Count a wrong token by the network address that it came from.

    Raises TooManyRequests after some in a minute. A token that is right is never waited for.
    """
    buckets = current_app.extensions.setdefault("wrong_tokens", Buckets(WRONG_TOKENS))
    wait = buckets.wait(_address(), monotonic())
    if wait:
        raise TooManyRequests(retry_after=math.ceil(wait))


def _address() -> str:
    """Return the network address that asks; of IPv6 the part that one household shares."""
    text = request.remote_addr or ""
    try:
        address = ip_address(text)
    except ValueError:  # a socket's
        return text
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return str(IPv6Address(int(address) >> 64 << 64))
    return text
