"""Raters as threads: over real HTTP, with what a browser and its queue do when there is no answer.

A grade that gets no answer, an error of a server or a proxy, or "come again", waits as it does in
static/js/rating/queue.js: half a second, doubled up to half a minute, and at least as long as the
server asks for. A page is loaded again by hand: after a second, or as long as it says.
"""

import json
import re
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from uuid import uuid4

SHORTEST, LONGEST = 0.5, 30.0  # seconds between two tries of the queue
LONGEST_REST = 60.0  # seconds that a server may ask for
PATIENCE = 10.0  # seconds for one answer, of the queue
PAGE = 30.0  # seconds that somebody waits for a page
BY_HAND = 1.0  # seconds until somebody loads a page again


@dataclass
class Outcome:
    """What the raters of one run saw.

    Attributes
    ----------
    acknowledged : the UUIDs of grades that the server called saved
    refused : answers that were neither that nor "come again"
    waited : seconds of each grade from its first try until it was saved
    answered : seconds of each single request for a grade that got any answer
    retries : how often a grade was sent again
    reloads : how often a page was asked for again
    failures : why raters gave up
    """

    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    retries: int = 0
    reloads: int = 0
    failures: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Browser:
    """Cookies, a connection that is kept open as browsers do, and one request at a time."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        self.connection: HTTPConnection | None = None

    def ask(
        self,
        address: str,
        body: str = "",
        headers: dict[str, str] | None = None,
        patience: float = PAGE,
    ) -> tuple[int, str, float]:
        """Return the status, the text and the seconds to wait that an answer asks for.

        The status is 0 where there was no answer.
        """
        try:
            answer, text = self._answer(address, body, headers or {}, patience)
            while answer.status in (302, 303):
                address = urllib.parse.urljoin(address, answer.headers["Location"])
                answer, text = self._answer(address, "", headers or {}, patience)
        except (OSError, EOFError, HTTPException):
            self._hang_up()
            return 0, "", 0.0
        rest = float(answer.headers.get("Retry-After") or 0)
        return answer.status, text, min(rest, LONGEST_REST)

    def _answer(
        self, address: str, body: str, headers: dict[str, str], patience: float
    ) -> tuple[HTTPResponse, str]:
        where = urllib.parse.urlsplit(address)
        if self.connection is None:
            self.connection = HTTPConnection(where.netloc)
        self.connection.timeout = patience
        if self.connection.sock:
            self.connection.sock.settimeout(patience)
        sent = headers | {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body:
            sent = {"Content-Type": "application/x-www-form-urlencoded"} | sent
        path = where.path + (f"?{where.query}" if where.query else "")
        self.connection.request("POST" if body else "GET", path, body.encode() or None, sent)
        answer = self.connection.getresponse()
        for line in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, answer.read().decode(errors="replace")

    def _hang_up(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None

    __del__ = _hang_up


class RatingThread(threading.Thread):
    """One rater: judges blocks until the study has none left."""

    def __init__(self, link: str, outcome: Outcome, deadline: float, pace: float = 0.0) -> None:
        """Judge at `link` until `deadline`, a monotonic moment, with `pace` seconds a grade."""
        super().__init__(daemon=True)
        self.link, self.outcome, self.deadline, self.pace = link, outcome, deadline, pace
        self.browser = Browser()

    def run(self) -> None:
        """Judge."""
        try:
            while self.judge_a_page():
                pass
        except Exception as error:
            with self.outcome.lock:
                self.outcome.failures.append(f"{type(error).__name__}: {error}")

    def judge_a_page(self) -> bool:
        """Grade all sounds of the page; return False where there is none."""
        text = self.load(self.link)
        sounds = re.findall(r'data-sound="(\w+)"', text)
        if not sounds:
            return False
        found = re.search(r'name="csrf-token" content="([^"]+)"', text)
        assert found
        for number, sound in enumerate(sounds):
            begun = time.monotonic()
            self.grade(sound, 20 * (number % 6), found[1])
            time.sleep(max(0.0, self.pace - (time.monotonic() - begun)))
        fields = dict(re.findall(r'name="(block|page)" value="(\w+)"', text))
        fields["csrf_token"] = found[1]
        self.load(f"{self.link}/next", urllib.parse.urlencode(fields))
        return True

    def grade(self, sound: str, grade: int, csrf: str) -> None:
        """Give a grade, and wait until the server has it or says why it never will."""
        body = {
            "sound": sound, "grade": grade, "uuid": str(uuid4()),
            "given_at": datetime.now(UTC).isoformat(), "listened_seconds": 0.5, "heard": 1.0,
        }  # fmt: skip
        headers = {
            "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": csrf,
        }  # fmt: skip
        first, wait = time.monotonic(), SHORTEST
        while True:
            begun = time.monotonic()
            body["sent_at"] = datetime.now(UTC).isoformat()
            status, text, rest = self.browser.ask(
                f"{self.link}/grades", json.dumps(body), headers, PATIENCE
            )
            ended = time.monotonic()
            answer = _json(text)
            saved = status == 200 and answer.get("saved") == body["uuid"]
            with self.outcome.lock:
                if status:
                    self.outcome.answered.append(ended - begun)
                if saved:
                    self.outcome.waited.append(ended - first)
                    self.outcome.acknowledged.append(str(body["uuid"]))
                elif "refused" in answer or "reload" in answer:
                    self.outcome.refused.append(f"{status}: {text[:200]}")
                else:
                    self.outcome.retries += 1
            if saved or "refused" in answer or "reload" in answer:
                return
            self._pause(max(wait, rest), f"grade, {status}: {text[:100]}")
            wait = min(2 * wait, LONGEST)

    def load(self, address: str, body: str = "") -> str:
        """Return a page's text; load it again, as somebody does, until there is one."""
        while True:
            status, text, rest = self.browser.ask(address, body, {"Accept": "text/html"})
            if 200 <= status < 500 and status != 429:
                if status >= 400:
                    raise RuntimeError(f"a page answered {status}")
                return text
            with self.outcome.lock:
                self.outcome.reloads += 1
            self._pause(max(BY_HAND, rest), f"page, {status}")

    def _pause(self, seconds: float, what: str) -> None:
        if time.monotonic() + seconds > self.deadline:
            raise TimeoutError(f"no {what}")
        time.sleep(seconds)


def _json(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
