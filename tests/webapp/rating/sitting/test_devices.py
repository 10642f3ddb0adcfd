"""What a rater's browser or device lacks is said as it is, and nothing that was typed is lost."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.studies.full_study import FULL
from tests.support.studies.rater import PROTOCOL, Page, join

REFUSES = "Your browser refuses cookies of this site"
OUT_OF_DATE = "That page was out of date. Nothing was lost"
CONSENT = 'consent = "I agree."\n' + PROTOCOL


def hidden(text: str) -> dict[str, str]:
    """Return the hidden fields of a page's form."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', text)
    return dict(fields)


class Refusing:
    """A browser that refuses cookies, or loses them once."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def get(self, path: str):
        return self.app.test_client(use_cookies=False).get(path)

    def post(self, path: str, **fields: str):
        return self.app.test_client(use_cookies=False).post(path, data=fields)


def test_a_browser_that_refuses_cookies_is_told_so(app: Flask, study) -> None:
    """By one round trip, which leads back to the rater's own page and round no loop."""
    path, browser = study(CONSENT)[0], Refusing(app)
    page = browser.get(path).text
    assert REFUSES not in page
    sent = browser.post(f"{path}/consent", answer="yes", **hidden(page))
    told = browser.get(sent.headers["Location"])
    assert told.status_code == 200
    assert REFUSES in told.text
    assert f'href="{path}"' in told.text
    assert "<form" not in told.text.split("<main")[1].split("</main")[0]


def test_a_browser_that_lost_its_cookies_goes_on(app: Flask, study) -> None:
    path, client = study(CONSENT)[0], app.test_client()
    page = client.get(path).text
    client.delete_cookie("sounding_board")
    sent = client.post(f"{path}/consent", data={"answer": "yes", **hidden(page)})
    told = client.get(sent.headers["Location"]).text
    assert OUT_OF_DATE in told
    assert REFUSES not in told
    assert client.post(f"{path}/consent", data={"answer": "yes", **hidden(told)}).status_code == 302
    assert Page(client, path, practise=False).is_practice


@pytest.mark.parametrize("refuses", [False, True])
def test_what_was_typed_stays_and_is_sent_once_more(
    app: Flask, study, client: FlaskClient, refuses: bool
) -> None:
    study(FULL, invited=0)
    path = join(client, "/join/way?PROLIFIC_PID=p1").headers["Location"]
    page, to = client.get(path).text, f"{path}/questions/before"
    client.delete_cookie("sounding_board")
    typed = {"q-age": "4711", **hidden(page)}
    told = client.post(to, data=typed).text
    assert OUT_OF_DATE in told
    assert 'value="4711"' in told
    if refuses:
        refused = Refusing(app).post(to, **{"q-age": "4711"} | hidden(told)).text
        assert REFUSES in refused
        assert f'href="{path}"' in refused
        assert 'value="4711"' in refused  # and can still be sent from there
        return
    assert client.post(to, data={"q-age": "4711", **hidden(told)}).status_code == 302
    assert "Set your volume" in client.get(path).text


def test_the_open_link_tells_of_refused_cookies_too(app: Flask, study) -> None:
    study(FULL, invited=0)
    browser, address = Refusing(app), "/join/way?PROLIFIC_PID=p1"
    sent = browser.post(address, answer="yes", **hidden(browser.get(address).text))
    assert sent.status_code == 303
    assert sent.headers["Location"] == "?PROLIFIC_PID=p1&cookies=asked"
    told = browser.get(f"/join/way{sent.headers['Location']}").text
    assert REFUSES in told
    assert f'href="{address}"' in told


def test_a_grade_without_a_cookie_is_kept_with_the_reason(app: Flask, study) -> None:
    path = study(PROTOCOL)[0]
    page = Page(app.test_client(), path)
    body = page.grade(page.candidates[0], 60)
    sent = app.test_client(use_cookies=False).post(
        f"{path}/grades", json=body, headers={"X-CSRFToken": hidden(page.text)["csrf_token"]}
    )
    assert (sent.status_code, sent.json["reload"], sent.json["no_cookie"]) == (403, True, True)


def test_a_second_device_and_the_first_are_told_of_each_other(app: Flask, study) -> None:
    """Whichever did not give the last grade: it was another one, and when."""
    path = study(PROTOCOL)[0]
    first, second = (app.test_client() for _ in range(2))

    def at(client: FlaskClient) -> str:
        told = client.get(f"{path}/elsewhere").json["at"]
        shown = re.search(r'id="elsewhere"[^>]* data-at="([^"]*)"', client.get(path).text)[1]
        assert told == shown
        return told

    def grade(page: Page) -> None:
        body = page.grade(page.candidates[0], 60)
        assert page.post(body).json == {"saved": body["uuid"]}

    one = Page(first, path)
    grade(one)
    assert at(first) == ""
    assert at(second).startswith("20")
    grade(Page(second, path))
    assert at(second) == ""
    assert at(first).startswith("20")
