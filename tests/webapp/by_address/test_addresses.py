"""Every address that the OpenAPI description has: tried with the demo, as it says, and as JSON, CSV
and page the same."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, urlencode

import pandas as pd
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from evaluation.objective.definitions import METRICS
from sounding_board import as_frame
from tests.support.pages.bearing import asked, token_of
from webapp.by_address.described import description, routes
from webapp.by_address.listed import ADDRESSES
from webapp.models.signin import SCOPES
from webapp.signin.links import new_token
from webapp.twins import json_twin

Get = Callable[[str], Any]


def signed_in(demo: Flask) -> FlaskClient:
    """Return an owner's browser. The demo's own links name the port that it was made for."""
    client = demo.test_client()
    with demo.app_context():
        link = new_token()
    assert client.get(f"/signin/{link}").status_code == 302
    return client


NOT_MADE = {"sweep", "umap", "tsne"}
"""Figures and maps that the demo has not: that is said, and is no error of the description."""


@pytest.fixture(scope="module")
def get(demo: Flask) -> Get:
    """Return what a script gets that has a token for everything."""
    token = token_of(demo, *SCOPES)
    return lambda path: asked(demo, token, path, buffered=True)


@pytest.fixture(scope="module")
def described(get: Get) -> dict[str, Any]:
    """The description, as it is served."""
    return get("/openapi.json").json


RESULTS = "/studies/{slug}/results"


def addresses(described: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield the addresses of a path with their queries: all its values, and each parameter once.

    What has neither values nor an example is left to the tests of its page; so is what results are
    asked for, of which each takes an analysis of its own.
    """
    parameters = described["paths"][path]["get"]["parameters"]
    in_path = [one for one in parameters if one["in"] == "path"]
    asked = [one for one in parameters if one["in"] == "query"]
    needed = {one["name"]: _values(one)[0] for one in asked if one["required"]}
    queries = [needed] + [
        needed | {one["name"]: value} for one in asked if not one["required"]
        for value in _values(one)
    ]  # fmt: skip
    for values in product(*map(_values, in_path)):
        names = [one["name"] for one in in_path]
        known = {name: quote(str(value)) for name, value in zip(names, values, strict=True)}
        first = values == tuple(_values(one)[0] for one in in_path)
        for query in queries if first and not path.startswith(RESULTS) else queries[:1]:
            yield path.format(**known), f"?{urlencode(query, doseq=True)}" if query else ""


def _values(parameter: dict[str, Any]) -> list[Any]:
    """Return what a parameter is tried with."""
    enum = parameter["schema"].get("enum")
    return enum or [parameter["example"]] if enum or "example" in parameter else []


def test_the_description_is_openapi(described: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(described).validate()
    assert described["openapi"].startswith("3.1")
    names = [one["get"]["operationId"] for one in described["paths"].values()]
    assert len(set(names)) == len(names)


def test_it_has_every_view_that_tokens_open_and_no_other(demo: Flask) -> None:
    opened = {name for name, view in demo.view_functions.items() if hasattr(view, "scopes")}
    paths = {route.path for one in ADDRESSES for route in routes(demo, one)}
    rules = {re.sub(r"<(\w+)>", r"{\1}", one.rule) for one in demo.url_map.iter_rules()
             if one.endpoint in opened}  # fmt: skip
    assert paths == rules == set(description(demo)["paths"])


def test_where_the_app_lies_below_a_path_the_description_says_so(demo: Flask) -> None:
    token = token_of(demo, "scores", name="below")
    told = asked(demo, token, "/openapi.json", base_url="http://localhost/lab").json
    assert told["servers"] == [{"url": "/lab"}]


def test_every_address_answers_as_it_is_described(get: Get, described: dict[str, Any]) -> None:
    """And each JSON is its CSV, cell by cell, and the same frame to pandas."""
    validator = Draft202012Validator(described["components"]["schemas"]["Table"])
    paths, tried = described["paths"], set()
    for path in paths:
        twin = f"{path.removesuffix('.json')}.csv"
        if path == twin:
            continue  # tried with its JSON
        for number, (address, query) in enumerate(addresses(described, path)):
            answer = get(address + query)
            if PurePosixPath(address).stem in NOT_MADE:
                assert list(answer.json) == ["error"], address
                continue
            assert (answer.status_code, answer.mimetype) == (200, kind(paths[path])), address
            tried.add(path)
            if twin in paths:
                other = get(f"{address.removesuffix('.json')}.csv{query}")
                assert (other.status_code, other.mimetype) == (200, kind(paths[twin])), address
                tried.add(twin)
                if number == 0:
                    validator.validate(answer.json | {"rows": answer.json["rows"][:20]})
                assert_same(answer.json, other.text)
    assert tried == set(paths)


def kind(operations: dict[str, Any]) -> str:
    """Return the media type that an address is described to have."""
    (found,) = operations["get"]["responses"]["200"]["content"]
    return found


def test_every_column_is_explained(get: Get, demo: Flask, described: dict[str, Any]) -> None:
    measures = {f"{word}_{name}" for word in ("published", "difference") for name in METRICS}
    for one in (one for one in ADDRESSES if one.columns):
        told = {name for names in one.columns for name in names.split(", ")}
        path = [route.path for route in routes(demo, one)][-1]
        once: dict[str, str] = {}  # each address as it is first tried, with the least asked
        for address, query in addresses(described, path):
            once.setdefault(address, query)
        for address, query in once.items():
            names = {column["name"] for column in get(address + query).json.get("columns", ())}
            ranks = {name for name in names if name.startswith("rank.")}
            assert names - told - measures - ranks == set(), address


@pytest.mark.parametrize(
    ("page", "least"),
    [
        ("/scores/demo", 9), ("/studies/demo-results/results", 30), ("/studies", 1),
        ("/browse/demo/map?map=freesound.pca", 1),
    ],
)  # fmt: skip
def test_beside_every_csv_of_a_page_is_its_json(demo: Flask, page: str, least: int) -> None:
    """Of all its parts, which have addresses below its own."""
    get = signed_in(demo).get
    parts = {page}
    if page != "/studies":  # below which are those of each study
        parts.update(re.findall(rf'href="({re.escape(page)}/[a-z]+)"', get(page).text))
    files = r'href="([^"]+\.(?:csv|json)(?:\?[^"]*)?)"'
    links = [link for part in parts for link in re.findall(files, get(part).text)]
    tables = {one for one in links if ".csv" in one}
    assert len(tables) >= least
    assert {json_twin(one) for one in tables} <= set(links)


def assert_same(found: dict[str, Any], text: str) -> None:
    """Check that a table's JSON is its CSV: as text, and as pandas reads both."""
    names = [one["name"] for one in found["columns"]]
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == names
    assert [[_cell(row[name]) for name in names] for row in found["rows"]] == rows[1:]
    frame = as_frame(found)
    types = {one["name"]: one["type"] for one in found["columns"]}
    kinds = {name: str(frame[name].dtype) for name in names if types[name] != "moment"}
    read = pd.read_csv(
        io.StringIO(text), dtype=kinds, keep_default_na=False, na_values=[""],
        parse_dates=[name for name in names if types[name] == "moment"],
        float_precision="round_trip",
    )  # fmt: skip
    moments = [name for name in names if types[name] == "moment"]
    for name in moments:
        read[name] = pd.to_datetime(read[name], utc=True).astype(frame[name].dtype)
    pd.testing.assert_frame_equal(frame, read, check_exact=True)
    plain = pd.DataFrame(found["rows"], columns=names)
    assert plain.isna().equals(read.isna())


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def test_the_tables_of_the_page_are_those_of_the_list(get: Get, demo: Flask) -> None:
    """What .../parts lists is there, under its name, with its rows."""
    listed = get("/studies/demo-results/results/parts.json").json["rows"]
    document = json.loads(get("/studies/demo-results/results.json").text)
    parts = [(one["kind"], one["name"], one["rows"])
             for section in document["sections"] for one in section["parts"]]  # fmt: skip
    assert [(one["kind"], one["name"]) for one in listed] == [one[:2] for one in parts]
    for kind, name, rows in parts:
        found = get(f"/studies/demo-results/results/{kind}s/{name}.json").json
        assert len(found["rows"]) == len(rows)
        assert found["about"]["simulated"] is True
        for ours, theirs in zip(found["rows"], rows, strict=True):
            assert {key: None if one == "" else one for key, one in theirs.items()} == {
                key: int(one) if isinstance(theirs[key], int) else one for key, one in ours.items()
            }


def test_rankings_are_what_the_page_of_browsing_shows(get: Get, demo: Flask) -> None:
    found = get("/browse/demo/rankings.json?query=bark-1&system=freesound.minmax-pca100.nns").json
    assert found["about"]["simulated"] is False
    clips = [one["clip"] for one in found["rows"]]
    address = "/browse/demo?query=bark-1&system=freesound.minmax-pca100.nns"
    page = signed_in(demo).get(address).text
    assert re.findall(r'<a class="clip-id"[^>]* title=[^>]*>([^<]+)</a>', page) == clips
    assert len(clips) == 15
    assert [one["rank"] for one in found["rows"]] == list(range(1, 16))


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/browse/demo/rankings.json", "query must be the id of a clip."),
        ("/browse/demo/rankings.json?query=x", "has no clip 'x'"),
        ("/browse/demo/rankings.json?query=bark-1&system=x", "has no system 'x'; it has: "),
        ("/browse/demo/rankings.json?query=bark-1&ranks=151", "a whole number from 1 to 150"),
        ("/browse/demo/clips.csv?first=0", "first must be a whole number from 1 to 248"),
        (f"/browse/demo/clips.csv?first={'1' * 5000}", "first must be a whole number from 1 to"),
        ("/studies/demo-results/results/parts.json?raters=x", "raters must be"),
    ],
)
def test_what_cannot_be_asked_is_said(get: Get, path: str, sentence: str) -> None:
    answer = get(path)
    assert answer.status_code == 400
    assert sentence in answer.json["error"]


def test_what_is_not_there_is_404(get: Get) -> None:
    for path in ("/browse/none/clips.json", "/studies/none/results/parts.json",
                 "/scores/demo/tables/none.json", "/scores/demo/none.json"):  # fmt: skip
        assert get(path).status_code == 404, path
