"""The notebook of the docs: stored without outputs, and its cells do what they say, on the demo."""

import json
from typing import Any

import pytest
from flask import Flask

import sounding_board
from tests.support.pages.bearing import asked, token_of
from tests.support.places import ROOT
from tests.support.server import Thread

PATH = ROOT / "docs" / "examples" / "from_a_collection_to_a_figure.ipynb"


@pytest.fixture(scope="module")
def notebook() -> dict[str, Any]:
    return json.loads(PATH.read_text(encoding="utf-8"))


def test_it_is_stored_without_what_it_says(notebook: dict[str, Any]) -> None:
    code = [one for one in notebook["cells"] if one["cell_type"] == "code"]
    assert len(code) == 5
    assert all(one["outputs"] == [] and one["execution_count"] is None for one in code)
    assert PATH.stat().st_size < 10_000


def test_it_goes_from_a_collection_to_a_figure(
    notebook: dict[str, Any], demo: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, served = token_of(demo, "scores", name="notebook"), Thread(demo)
    monkeypatch.setenv(sounding_board.ADDRESS, served.url)
    monkeypatch.setenv(sounding_board.TOKEN, token)
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), PATH.name, "exec"), names)
    served.stop()
    rows = asked(demo, token, "/scores/demo/tables/classes.json").json["rows"]
    own = {one["class"]: one["map@15"] for one in rows if one["system"] == names["best"]}
    bars, points = names["figure"].data
    assert names["best"] == "freesound.minmax-pca100.nns"  # the only one that is not simulated
    assert dict(zip(points.text, points.x, strict=True)) == own
    assert own[names["worst"]] == min(own.values())
    assert len(bars.x) == len(set(names["own"]["family"]))
    assert len(names["query"]) > 0
