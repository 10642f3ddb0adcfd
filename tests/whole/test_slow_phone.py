"""What the measure of a slow phone counts; it is measured by hand."""

from benchmarks.slow_phone import Request, Round, kinds, parsed, report, requests_of

LOG = """\
200 /rate/load/key
200 /static/0123456789ab/joined/js/rating/rate.js
200 /static/0123456789ab/joined/css/rater.css
206 /rate/load/key/sounds/one
206 /rate/load/key/sounds/one
200 /rate/load/key/listens
200 /healthz
half a line
"""
SIZES = {"/rate/load/key": 6000, "/rate/load/key/sounds/one": 62000}


def test_each_request_is_counted_under_its_kind() -> None:
    paths = parsed(LOG)
    assert len(paths) == 6
    found = requests_of(paths, SIZES)
    assert Request("/rate/load/key/sounds/one", 2, 62000) in found
    assert kinds(found) == {
        "page": (1, 6000),
        "scripts": (1, 0),
        "styles": (1, 0),
        "sounds": (2, 62000),
    }


def test_the_middle_and_the_slowest_are_told() -> None:
    found = requests_of(parsed(LOG), SIZES)
    rounds = [Round(live, live + 0.1, live + 2, found, found[:1]) for live in (2.0, 9.0, 2.5)]
    said = report(rounds)
    assert "| grades can be pressed | 2.5 s | 9.0 s |" in said
    assert "| first candidate heard | 4.5 s | 11.0 s |" in said
    assert "| of that, after pressing play | 1.9 s | 1.9 s |" in said
    assert "first page: 5 requests, 68.0 kB" in said
    assert "warm page: 1 requests, 6.0 kB (page 1 of 6.0 kB)" in said
