"""A rater's way in three engines: `make test-browsers`.

In `make test`, Chromium goes this way in `test_rating_way.py`.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.browser import engines
from tests.support.browser.engines import Tab
from tests.support.browser.served_study import practised, rows
from tests.support.server import Server
from tests.support.studies.headphone_test import right_count, shorten
from tests.support.waiting import wait_for
from webapp.core.database import db, now
from webapp.models import Listen, Rater, Study

pytestmark = [pytest.mark.browser, pytest.mark.engines]

MORE = """
consent = "I agree to **listen** and to have my grades stored."
[[questionnaire.before]]
id = "years"
text = "How many years have you worked with sound?"
kind = "number"
required = true
[[questionnaire.after]]
id = "device"
text = "What did you listen with?"
kind = "choice"
choices = ["headphones", "loudspeakers"]
required = true
[joining]
open = true
completion_code = "THANKS-1"
"""


@pytest.fixture(params=["chromium", "firefox", "webkit"])
def tab(request: pytest.FixtureRequest) -> Iterator[Tab]:
    """A tab of each engine."""
    begin: Any = getattr(engines, request.param)
    driver = (request.getfixturevalue("browser"),) if request.param == "chromium" else ()
    with begin(*driver) as opened:
        yield opened


def grade(tab: Tab, number: int, value: int, *, by_keys: bool = False) -> None:
    """Give candidate `number` (from 0) a grade, and wait until it is saved."""
    if by_keys:  # the digit that the button names
        place = f".candidate:nth-of-type({number + 1})"
        button = f'{place} .grade[data-grade="{value}"]'
        digit = tab.ask(f"document.querySelector('{button} .grade-value').innerText")
        tab.ask(f"document.querySelectorAll('.candidate')[{number}].focus()")
        tab.keys(digit)
    else:
        tab.click(f'.candidate .grade[data-grade="{value}"]', number)
    pressed = f"document.querySelectorAll('.candidate')[{number}]"
    tab.wait(f"{pressed}.querySelector('.grade[aria-pressed=true]')?.dataset.grade === '{value}'")
    tab.wait(f"{pressed}.querySelector('.state').innerText.includes('saved')")


def hear(tab: Tab, selector: str, number: int = 0) -> None:
    """Play a sound by its button until some of it was heard."""
    tab.click(f"{selector} .play", number)
    tab.wait(f"document.querySelectorAll('{selector}')[{number}].heard > 0.2")


def test_the_raters_whole_way(tab: Tab, start: Callable[..., Server], tmp_path: Path) -> None:
    consent, _, more = MORE.partition("\n[[")
    server = start(consent, check="true", end=f"[[{more}")
    tab.go(f"{server.url}/join/which?PROLIFIC_PID=somebody")
    assert "I agree to listen" in tab.text("main")
    tab.leave("main form button.btn-primary")
    tab.wait("document.querySelector('main form .answer-number') !== null")  # behind a redirect
    tab.click("main form .answer-number")
    tab.keys("7")
    tab.leave("main form button.btn-primary")
    hear(tab, "sound-player")
    shorten(server.app)
    tab.click(".beeps .play")
    tab.wait("document.querySelector('.beeps sound-player').share >= 0.95")
    tab.click("#beeps")
    tab.keys(str(right_count(server.app, tab.ask("location.pathname"))))
    tab.leave("main form button.btn-primary")
    assert "practice" in tab.text(".notice")

    given: Counter[int] = Counter()
    pages = 0
    while tab.count(".candidate"):
        practice = "practice" in tab.text(".notice")
        hear(tab, "#query sound-player")
        for number in range(tab.count(".candidate")):
            hear(tab, ".candidate sound-player", number)
            value = 20 * ((number + pages) % 6)
            grade(tab, number, value, by_keys=number % 2 == 1)
            given[value] += not practice
        tab.go(tab.ask("location.href"))  # what was given is there after a reload
        tab.wait("document.querySelectorAll('.grade[aria-pressed=true]').length > 0")
        assert tab.count('.grade[aria-pressed="true"]') == tab.count(".candidate")
        tab.picture(tmp_path / f"page-{pages}.png")
        tab.leave("#next button")
        pages += 1
        assert pages < 9
    tab.click("main form input[type=radio]")
    tab.leave("main form button.btn-primary")
    assert tab.text("#code") == "THANKS-1"

    counted = [row for row in server.judgements() if row["counts"] == "1"]
    assert Counter(int(row["grade"]) for row in counted) == +given
    assert len({row["uuid"] for row in counted}) == len(counted) >= 6
    heard = [row.seconds for row in rows(server, Listen)]
    assert len(heard) > len(counted)
    assert min(heard) > 0
    (rater,) = rows(server, Rater)
    assert rater.finished_at is not None


def test_what_is_refused_is_kept_here_until_it_is_stored(
    tab: Tab, start: Callable[..., Server]
) -> None:
    server = start()
    (link,) = practised(server, 1)
    tab.go(link)
    closed(server, now() - timedelta(hours=1))
    tab.click('.candidate .grade[data-grade="40"]')
    title = "document.querySelector('#kept [data-part=title]').innerText"
    tab.wait(f"{title} === 'One answer could not be stored'")
    tab.go(link)
    assert "This study is closed" in tab.text("main h1")
    tab.wait(f"{title} === 'One answer could not be stored'")
    assert "The study is closed; it takes no more grades." in tab.text("#kept")
    closed(server, now())  # after it was given: a day is left for it
    tab.go(link)
    wait_for(server.judgements, "what was refused is not stored")
    tab.wait(f"{title} === ''")
    assert [row["grade"] for row in server.judgements()] == ["40"]


def closed(server: Server, at: datetime) -> None:
    """Have the study closed at a moment."""
    with server.app.app_context():
        db.session.execute(sa.update(Study).values(state="closed", closed_at=at))
        db.session.commit()
