"""A study that asks for everything, and a rater who does it all."""

import re

from flask.testing import FlaskClient

from tests.support.studies.headphone_test import right_count
from tests.support.studies.rater import Page

FULL = """
title = "All of it"
collection = "small"
systems = ["good.l2.mcss", "random.l2.mcss"]
depth = 3
page = 4
consent = "I **agree** to listen. <script>alert(1)</script>"
[queries]
clips = ["hum-0", "hiss-1"]
[controls]
repeats = 2
[listening]
must_listen = 0
level = true
[[questionnaire.before]]
id = "age"
text = "How old are you?"
kind = "number"
required = true
[[questionnaire.after]]
id = "device"
text = "What did you listen with?"
kind = "choice"
choices = ["headphones", "loudspeakers"]
[joining]
open = true
most = 2
completion_code = "DONE42"
no_consent_code = "NO42"
redirect = "https://example.org/back?cc={code}"
"""


def form(client: FlaskClient, path: str, to: str, **fields: str):
    """Post a form of a rater's page, with its CSRF token, and beeps counted right unless told."""
    text = client.get(path).text
    if 'name="beeps"' in text:
        fields = {"beeps": str(right_count(client.application, path))} | fields
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', text).group(1)
    hidden = dict(re.findall(r'name="(tries)" value="(\d+)"', text))
    return client.post(f"{path}/{to}", data=hidden | fields | {"csrf_token": token})


def judge_until_end(client: FlaskClient, path: str, pages: int = 40) -> list[str]:
    """Grade whatever comes; return the headings of the pages, and stop where nothing is graded."""
    seen = []
    for _ in range(pages):
        page = Page(client, path, practise=False)
        if not page.candidates:
            return seen
        line = re.search(r'class="progress-where">([^<]*)<', page.text).group(1)
        seen.append(line.partition(" ·")[0].strip())
        page.grade_all()
    raise AssertionError(f"no end after {pages} pages")
