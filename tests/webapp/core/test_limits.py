"""Requests are limited by rater and by address, and fifty people behind one address are not."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from webapp.core import limits
from webapp.core.limits import Buckets


def test_a_bucket_has_a_minutes_worth_and_fills_again() -> None:
    buckets = Buckets(60)
    assert [buckets.wait("a", 100.0) for _ in range(60)] == [0.0] * 60
    assert buckets.wait("a", 100.0) == pytest.approx(1.0)
    assert buckets.wait("a", 100.5) == pytest.approx(0.5)  # who asks in vain pays nothing
    assert buckets.wait("a", 101.0) == 0.0
    assert buckets.wait("a", 101.0) == pytest.approx(1.0)
    assert buckets.wait("b", 101.0) == 0.0
    assert [buckets.wait("a", 500.0) for _ in range(61)].count(0.0) == 60  # never more than full


@pytest.mark.parametrize("most", [7, 20, 50, 600, 12_000])
def test_rounding_takes_no_request(most: int) -> None:
    buckets = Buckets(most)
    found = [buckets.wait("a", 12_345.678) for _ in range(most + 1)]
    assert found == [0.0] * most + [pytest.approx(60 / most, abs=limits._ROUNDING)]


def test_no_number_of_strangers_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST", 100)
    buckets = Buckets(60)
    for number in range(1000):
        buckets.wait(str(number), 0.0)
    assert len(buckets.full) == 100


def test_zero_counts_nothing() -> None:
    buckets = Buckets(0)
    assert {buckets.wait("a", 0.0) for _ in range(1000)} == {0.0}
    assert not buckets.full


@pytest.fixture
def asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A client of an app that answers 20 requests a minute of one rater, 50 of an address.

    Its clock stands: however slow the machine is, no bucket fills in between.
    """
    monkeypatch.setattr(limits, "monotonic", lambda: 1000.0)
    app.config["SETTINGS"] |= {"requests_per_rater": 20, "requests_per_address": 50}
    return app.test_client()


def statuses(client: FlaskClient, path: str, count: int, address: str = "10.0.0.1") -> list[int]:
    """Return the status of each of so many requests."""
    environment = {"REMOTE_ADDR": address}
    return [client.get(path, environ_overrides=environment).status_code for _ in range(count)]


def test_one_link_is_limited_and_others_of_its_address_are_not(asked: FlaskClient) -> None:
    assert statuses(asked, "/rate/x/one", 22) == [404] * 20 + [429] * 2
    assert statuses(asked, "/rate/x/two", 20) == [404] * 20
    answer = asked.get("/rate/x/two", environ_overrides={"REMOTE_ADDR": "10.0.0.1"})
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 4
    assert "Nothing was lost" in answer.text


def test_one_address_is_limited_and_others_are_not(asked: FlaskClient) -> None:
    found = [statuses(asked, f"/rate/x/{number}", 1)[0] for number in range(52)]
    assert found == [404] * 50 + [429] * 2
    assert statuses(asked, "/join/x", 1) == [429]
    assert statuses(asked, "/join/x", 1, "10.0.0.2") == [404]
    assert statuses(asked, "/healthz", 1) == [200]


def test_a_household_of_ipv6_is_one_address(asked: FlaskClient) -> None:
    found = [statuses(asked, "/join/x", 1, f"2001:db8::{number:x}")[0] for number in range(52)]
    assert found[-1] == 429
    assert statuses(asked, "/join/x", 1, "2001:db8:0:1::1") == [404]


def test_the_usual_limits_let_fifty_raters_behind_one_address_work(app: Flask) -> None:
    """Four requests a second of each for a minute: more than listening and grading take."""
    settings = app.config["SETTINGS"]
    address = Buckets(settings["requests_per_address"])
    raters = Buckets(settings["requests_per_rater"])
    for step in range(60 * 4):
        at = step / 4
        for rater in range(50):
            assert address.wait("lab", at) == 0.0
            assert raters.wait(str(rater), at) == 0.0
