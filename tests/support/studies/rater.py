"""A rater without a browser: the judging page as the app's test client gets it."""

import re
from datetime import UTC, datetime
from uuid import uuid4

from flask.testing import FlaskClient

PROTOCOL = """
title = "Which one is it?"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 3
[queries]
clips = ["hum-0", "hiss-1", "beep-2"]
[controls]
identity = false
distractors = 0
repeats = 0
[listening]
sound_check = false
level = false
"""


def join(client: FlaskClient, address: str, **fields: str):
    """Go to a join address and press its button, the one that agrees; return the answer."""
    page = client.get(address)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token, page.text
    return client.post(address, data={"answer": "yes", "csrf_token": token[1]} | fields)


class Page:
    """A rater's judging page as a browser sees it; practice, where it comes first, is done."""

    def __init__(self, client: FlaskClient, path: str, *, practise: bool = True) -> None:
        self.client, self.path = client, path
        self.load()
        if practise and self.is_practice:
            for sound in self.candidates:
                assert self.post(self.grade(sound, 60)).json["saved"]
            assert self.next().status_code == 302
            self.load()

    def load(self) -> None:
        """Get the page again."""
        answer = self.client.get(self.path)
        assert answer.status_code == 200
        self.text = answer.text
        self.candidates = re.findall(r'data-sound="(\w+)"', self.text)
        self.sounds = re.findall(r'data-src="([^"]+)"', self.text)
        self.shown = re.findall(r'data-grade="(\d+)" data-key="\d" aria-pressed="true"', self.text)

    @property
    def is_practice(self) -> bool:
        """Whether the page is for practice."""
        return "This page is practice" in self.text

    @property
    def csrf(self) -> str:
        """The page's CSRF token."""
        return re.search(r'name="csrf-token" content="([^"]+)"', self.text).group(1)

    def post(self, body: object, to: str = "grades", **headers: str):
        """Post a JSON body to the page's grades."""
        headers = {"X-CSRFToken": self.csrf, "Accept": "application/json"} | headers
        return self.client.post(f"{self.path}/{to}", json=body, headers=headers)

    def grade(self, sound: str, grade: int, **change: object) -> dict[str, object]:
        """Return a grade's JSON body."""
        moment = datetime.now(UTC).isoformat()
        body = {"sound": sound, "grade": grade, "uuid": str(uuid4()), "given_at": moment}
        return body | {"listened_seconds": 0.4, "heard": 1.0} | change

    def grade_all(self, grade: int = 60) -> None:
        """Grade every candidate and go on to the next page."""
        for sound in self.candidates:
            assert self.post(self.grade(sound, grade)).json["saved"]
        assert self.next().status_code == 302

    def next(self):
        """Finish what the page shows."""
        hidden = dict(re.findall(r'name="(block|page)" value="(\w+)"', self.text))
        return self.client.post(f"{self.path}/next", data=hidden | {"csrf_token": self.csrf})
