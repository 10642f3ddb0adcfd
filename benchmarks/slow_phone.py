"""How long a rater on a slow phone waits: 400 kbit/s, 400 ms, a processor a sixth as fast.

    python -m benchmarks.slow_phone                # Opus, which is smallest
    python -m benchmarks.slow_phone --format flac  # or mp3
    python -m benchmarks.slow_phone --rounds 5

A made study of clips of 5 s, of which nothing must be heard before a grade, is served by gunicorn
as it is shipped. Chromium opens a rater's first page with nothing in its cache, slowed down by its
own tools, and presses play on the first candidate as soon as the grades can be pressed. Then it
opens the page of another rater, whose sounds are all new to it: what it still asks for is what each
further page costs. Seconds are the page's own, from the press that opened it. Requests are those
that gunicorn answered, and bytes what came to the browser, headers included: what it broke off
counts as far as it came. Chromium's path is --browser.

Of the rounds the middle one is told, and the slowest. To compare two versions, run it in each.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from benchmarks.objective import machine
from benchmarks.rating_study import SLUG, make_study
from tests.support.serving.app_servers import AppServer
from tests.support.waiting import wait_for

BYTES_A_SECOND = 400_000 / 8
LATENCY = 400  # milliseconds
SLOWER = 6
SECONDS = 5  # of a clip
RATE = 44_100
PATIENCE = 120_000  # milliseconds
QUIET = 2.0  # seconds without a request, after which a page has all that it asks for
LOGGED = "%(s)s %(U)s"
_OPTIONS = ("--logger-class", "gunicorn.glogging.Logger", "--access-logformat", LOGGED)

# In the page, before its scripts: when the first grade can be pressed, and when something is heard
# of the candidate that is then played.
_WATCH = """
window.told = {};
new MutationObserver((_, watcher) => {
  if (!document.querySelector(".grade:not(:disabled)")) return;
  watcher.disconnect();
  told.live = performance.now();
  setTimeout(() => {
    told.pressed = performance.now();
    document.querySelector(".candidate .play").click();
  });
}).observe(document, { subtree: true, childList: true, attributeFilter: ["disabled"] });
document.addEventListener("sound-heard", ({ target }) => {
  if (target.closest(".candidate")) told.heard ??= performance.now();
});
"""


class Request(NamedTuple):
    """What was asked for at a path: how often, and how many bytes came of it."""

    path: str
    count: int
    size: int


class Round(NamedTuple):
    """What one visit took: seconds, and the requests of the first and of a further page."""

    live: float
    pressed: float
    heard: float
    first: list[Request]
    warm: list[Request]


def parsed(log: str) -> list[str]:
    """Return the paths of an access log, the server's own question for its health left out."""
    lines = [line.split() for line in log.splitlines()]
    return [one[1] for one in lines if len(one) == 2 and one[1] != "/healthz"]


def requests_of(paths: Sequence[str], sizes: Mapping[str, int]) -> list[Request]:
    """Return what a page loads by itself: what it tells of listening meanwhile is no part of it."""
    counts = Counter(one for one in paths if not one.endswith("/listens"))
    return [Request(path, count, sizes.get(path, 0)) for path, count in counts.items()]


def kinds(requests: Sequence[Request]) -> dict[str, tuple[int, int]]:
    """Return what was asked for -> (requests, bytes): page, styles, scripts, sounds, others."""
    counted: dict[str, tuple[int, int]] = {}
    for one in requests:
        name = _kind(one.path)
        count, size = counted.get(name, (0, 0))
        counted[name] = count + one.count, size + one.size
    return counted


def _kind(path: str) -> str:
    if "/sounds/" in path:
        return "sounds"
    ends = {".js": "scripts", ".css": "styles"}
    if "/static/" in path:
        return ends.get(Path(path).suffix, "others")
    return "page" if path.startswith("/rate/") and path.count("/") == 3 else "others"


def measure(format: str, rounds: int, browser_path: str) -> list[Round]:
    """Serve a study of `format` and visit it so often, each time as somebody new."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="sounding-board-") as folder:
        data, log = Path(folder) / "data", Path(folder) / "access.log"
        data.mkdir()
        tokens = make_study(
            data, max(2 * rounds, 10), 1, frames=SECONDS * RATE, rate=RATE, format=format
        )
        options = (*_OPTIONS, "--access-logfile", str(log))
        server = AppServer(data, {}, *options)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=browser_path,
                    args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
                )
                pairs = zip(tokens[: 2 * rounds : 2], tokens[1 : 2 * rounds : 2], strict=True)
                return [_visit(browser, server.url, pair, log) for pair in pairs]
        finally:
            server.close()


def _visit(browser: Any, url: str, tokens: tuple[str, str], log: Path) -> Round:
    context = browser.new_context(viewport={"width": 360, "height": 740})  # an empty cache
    page = context.new_page()
    slow = context.new_cdp_session(page)
    slow.send("Network.enable")
    network = {"downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
    slow.send("Network.emulateNetworkConditions", {"offline": False, "latency": LATENCY, **network})
    slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(_WATCH)
    came: list[Counter[str]] = []
    _count_bytes(slow, came)
    counts = [len(_asked(log))]
    for token in tokens:
        came.append(Counter())
        page.goto(f"{url}/rate/{SLUG}/{token}", wait_until="commit", timeout=PATIENCE)
        wait_for(lambda: page.evaluate("told.heard"), "no candidate was heard", PATIENCE / 1000)
        if len(counts) == 1:
            told = page.evaluate("told")
        counts.append(_settled(log))
    context.close()
    paths = _asked(log)
    first, warm = paths[counts[0] : counts[1]], paths[counts[1] : counts[2]]
    seconds = [told[name] / 1000 for name in ("live", "pressed", "heard")]
    return Round(*seconds, requests_of(first, came[0]), requests_of(warm, came[1]))


def _count_bytes(tools: Any, came: list[Counter[str]]) -> None:
    """Count into the last of `came` the bytes of each path, as they come."""
    paths: dict[str, str] = {}
    sizes: Counter[str] = Counter()  # of each request so far

    def sent(event: dict[str, Any]) -> None:
        paths[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def answered(event: dict[str, Any]) -> None:
        if not event["response"].get("fromDiskCache"):
            add(event["requestId"], event["response"]["encodedDataLength"])

    def finished(event: dict[str, Any]) -> None:  # what is compressed is counted here alone
        request, size = event["requestId"], int(event["encodedDataLength"])
        add(request, max(size - sizes[request], 0))

    def add(request: str, size: float) -> None:
        sizes[request] += int(size)
        came[-1][paths.get(request, "")] += int(size)

    tools.on("Network.requestWillBeSent", sent)
    tools.on("Network.responseReceived", answered)
    tools.on("Network.dataReceived", lambda one: add(one["requestId"], one["encodedDataLength"]))
    tools.on("Network.loadingFinished", finished)


def _asked(log: Path) -> list[str]:
    return parsed(log.read_text(encoding="utf-8")) if log.exists() else []


def _settled(log: Path) -> int:
    """Return how many requests there were once none came for a while."""
    count, since = len(_asked(log)), time.monotonic()
    while time.monotonic() - since < QUIET + SECONDS:
        time.sleep(0.1)
        if len(_asked(log)) != count:
            count, since = len(_asked(log)), time.monotonic()
    return count


def report(rounds: Sequence[Round]) -> str:
    """Return the table of what the rounds took, and of what they asked for."""
    rows = [
        ("grades can be pressed", [one.live for one in rounds]),
        ("first candidate heard", [one.heard for one in rounds]),
        ("of that, after pressing play", [one.heard - one.pressed for one in rounds]),
    ]
    lines = ["| | middle | slowest |", "|---|---|---|"]
    lines += [f"| {name} | {median(all_):.1f} s | {max(all_):.1f} s |" for name, all_ in rows]
    for name, requests in (("first page", rounds[0].first), ("warm page", rounds[0].warm)):
        count, size = sum(one.count for one in requests), sum(one.size for one in requests)
        parts = "; ".join(
            f"{kind} {times} of {bytes_ / 1000:.1f} kB"
            for kind, (times, bytes_) in sorted(kinds(requests).items())
        )
        lines.append(f"\n{name}: {count} requests, {size / 1000:.1f} kB ({parts})")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--format", default="opus", help="of what raters are sent")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--browser", default="/usr/bin/chromium")
    given = options.parse_args()
    load = os.getloadavg()[0]
    print(f"{machine()} (load {load:.1f}), {datetime.now(UTC):%Y-%m-%d}; {given.format}\n")
    print(report(measure(given.format, given.rounds, given.browser)))


if __name__ == "__main__":
    main()
