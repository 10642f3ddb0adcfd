"""Figures on a page: every type that is drawn, under the page's policy; themes, widths, files."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flask import Flask, Response, render_template_string
from flask.testing import FlaskClient

from evaluation.figures.figure import DIVERGING, PALETTE, SCALE, Figure
from tests.support.browser.barriers import looked_at, looks, violations
from tests.support.browser.colours import contrast
from tests.support.browser.drawn import draw_all
from tests.support.browser.tab import pixel, told, wait_until
from tests.support.server import Thread
from webapp.core import figure_pages as webapp_figures
from webapp.core.downloads import download
from webapp.core.figure_pages import MAP_POLICY, POLICY, figure_page
from webapp.core.security import CONTENT_SECURITY_POLICY, public

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed (requirements-test.txt)"
)
Page, expect = playwright.Page, playwright.expect

PAGE = """
{% extends "base.html" %}
{% from "core/_figures.html" import drawing, figure_scripts %}
{% block title %}Figures{% endblock %}
{% block head %}
<link rel="stylesheet" href="{{ url_for('static', filename='css/figures.css') }}">
{% endblock %}
{% block main %}
<h1>Figures</h1>
<h2>All of them</h2>
{% for figure in figures %}
{{ drawing(figure, "/figures/" ~ figure.name ~ ".csv", 300) }}
{% endfor %}
{% endblock %}
{% block scripts %}{{ figure_scripts() }}{% endblock %}
"""


def figure(name: str, *traces: dict[str, Any], simulated: bool = False, **layout: Any) -> Figure:
    """Return a figure whose table has little to do with it."""
    return Figure(
        name=name,
        title=f"The figure {name}",
        caption=f"What {name} shows, in a sentence that is long enough for two lines or more. " * 3,
        table=pd.DataFrame({"system": ["a", "b"], "value": [0.1 + 0.2, np.nan]}),
        plot={"data": list(traces), "layout": layout},
        simulated=simulated,
    )


NUMBERS = [0.2, 0.5, None, 0.3]
ERRORS = {"type": "data", "symmetric": False, "array": [0.1] * 4, "arrayminus": [0.2] * 4}
TYPES = {
    "bar": {"type": "bar", "x": list("abcd"), "y": NUMBERS, "error_y": ERRORS},
    "box": {"type": "box", "y": NUMBERS, "boxpoints": "all"},
    "violin": {"type": "violin", "y": NUMBERS, "points": "all", "box": {"visible": True}},
    "histogram": {"type": "histogram", "x": [1, 1, 2, 3]},
    "heatmap": {"type": "heatmap", "z": [[0, 1], [1, None]], "texttemplate": "%{z:.2f}"},
    "scatter": {"type": "scatter", "mode": "markers+text", "x": [1, 2], "y": [2, 1],
                "text": ["one", "two"], "error_x": {"array": [0.1, 0.2]}},
    "lines": {"type": "scatter", "mode": "lines", "x": [1, 2], "y": [2, 1], "fill": "tozeroy"},
    "scattergl": {"type": "scattergl", "mode": "markers", "x": [1, 2, 3], "y": [2, 1, 3]},
}  # fmt: skip
MARKS = {
    "bar": [".bars path", ".errorbar path"],
    "box": ["path.box", "path.point"],
    "violin": ["path.violin", "path.point"],
    "histogram": [".bars path"],
    "heatmap": [".heatmaplayer image", ".heatmap-label"],
    "scatter": ["path.point", ".textpoint", ".errorbar path"],
    "lines": ["path.js-line", "path.js-fill"],
    "scattergl": [".gl-container canvas"],
}


@pytest.fixture
def shown(app: Flask) -> Iterator[Callable[..., str]]:
    """Return a function that serves a page with some figures and returns its address."""
    servers = []

    def show(*figures: Figure) -> str:
        @app.get("/figures")
        @public
        @figure_page
        def figures_page() -> str:
            return render_template_string(PAGE, figures=figures)

        @public
        def plotly(release: str) -> Response:  # the real one stays closed, for the other tests
            return webapp_figures.plotly(release)

        app.view_functions["figures.plotly"] = plotly
        servers.append(Thread(app))
        return f"{servers[-1].url}/figures"

    yield show
    for server in servers:
        server.stop()


def drawn(page: Page, address: str, count: int) -> None:
    """Open a page and wait until all its figures are drawn."""
    page.goto(address)
    draw_all(page)
    expect(page.locator("figure[data-drawn]")).to_have_count(count)


def test_a_figure_is_plain_json_that_cannot_end_its_element() -> None:
    plot = figure("x", {"type": "scatter", "x": np.arange(2), "y": [np.float64("nan"), 1.5]},
                  title={"text": "</script><b>"})  # fmt: skip
    text = plot.json()
    assert "<" not in text
    found = json.loads(text)
    assert found["data"][0] == {"type": "scatter", "x": [0, 1], "y": [None, 1.5]}
    assert found["layout"]["title"]["text"] == "</script><b>"


def test_a_csv_has_the_numbers_as_they_are(app: Flask) -> None:
    one = figure("numbers")
    assert one.csv() == "system,value\na,0.30000000000000004\nb,\n"
    with app.test_request_context():
        response = download(one.csv(), "text/csv", f"{one.name}.csv")
    assert response.mimetype == "text/csv"
    assert response.headers["Content-Disposition"] == 'attachment; filename="numbers.csv"'
    assert response.get_data(as_text=True) == one.csv()


@pytest.mark.parametrize("scale", [SCALE, DIVERGING])
def test_a_scale_goes_from_end_to_end(scale: tuple[tuple[float, str], ...]) -> None:
    shares = [share for share, _ in scale]
    assert shares[0] == 0
    assert shares[-1] == 1
    assert shares == sorted(shares)


@pytest.mark.parametrize("colour", PALETTE)
def test_colours_of_data_stand_out_on_both_themes(colour: str) -> None:
    assert contrast(colour, "#ffffff") >= 3
    assert contrast(colour, "#1c2224") >= 3


def test_only_pages_with_figures_have_their_policy(client: FlaskClient) -> None:
    assert client.get("/").headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe-inline" not in POLICY
    assert "unsafe-eval" not in POLICY
    assert "script-src 'self';" in POLICY
    assert MAP_POLICY.split("; ") == [
        f"{one} 'unsafe-eval'" if one.startswith("script-src ") else one
        for one in POLICY.split("; ")
    ]


def test_the_script_comes_from_the_installed_package(experimenter: FlaskClient) -> None:
    from plotly import __version__

    answer = experimenter.get(f"/plotly/{__version__}.js")
    assert answer.status_code == 200
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert "plotly.js v" in answer.text[:200]
    answer.close()
    assert experimenter.get("/plotly/1.0.0.js").status_code == 404


def test_nobody_else_gets_the_script(client: FlaskClient) -> None:
    assert client.get("/plotly/7.1.0.js").status_code == 401


@pytest.mark.browser
def test_every_type_is_drawn_under_the_policy(page: Page, shown: Callable[..., str]) -> None:
    """The page fixture fails on any error and on any violation of the policy."""
    figures = [figure(name, trace) for name, trace in TYPES.items()]
    address = shown(*figures)
    with page.expect_response(address) as answer:
        drawn(page, address, len(TYPES))
    assert answer.value.headers["content-security-policy"] == POLICY
    for one in figures:
        plot = page.locator(f"#figure-{one.name} .figure-plot")
        plot.scroll_into_view_if_needed()
        for mark in MARKS[one.name]:
            assert plot.locator(mark).count(), (one.name, mark)
        box = plot.bounding_box()
        assert 295 < box["height"] < 310, one.name
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 150)  # hover labels are drawn too
        page.wait_for_timeout(60)


@pytest.mark.browser
def test_heat_maps_are_sharp(page: Page, shown: Callable[..., str]) -> None:
    """Under a policy that is too strict they are smoothed, and nothing says so."""
    trace = {"type": "heatmap", "z": [[0, 1], [1, 0]], "showscale": False,
             "colorscale": [[0, "#ff0000"], [1, "#0000ff"]]}  # fmt: skip
    drawn(page, shown(figure("four", trace)), 1)
    image = ".heatmaplayer image"
    red, blue = (255, 0, 0), (0, 0, 255)
    for across in (0.05, 0.25, 0.47):  # one colour up to the edge: nothing is in between
        assert pixel(page, image, across, 0.25) == blue
        assert pixel(page, image, across, 0.75) == red
        assert pixel(page, image, 1 - across, 0.25) == red


@pytest.mark.browser
def test_the_theme_is_followed_and_a_view_is_kept(page: Page, shown: Callable[..., str]) -> None:
    drawn(page, shown(figure("lines", TYPES["lines"])), 1)
    look = """() => {
        const plot = document.querySelector(".figure-plot");
        const { font, xaxis } = plot.layout;
        const tick = getComputedStyle(plot.querySelector(".xtick text"));
        return [font.color, xaxis.gridcolor, tick.fill, xaxis.range];
    }"""
    light = page.evaluate(look)
    page.evaluate(
        "() => Plotly.relayout(document.querySelector('.figure-plot'), {'xaxis.range': [1.2, 1.4]})"
    )
    page.get_by_role("button", name="Dark").click()
    wait_until(page, "document.querySelector('.figure-plot').layout.font.color == '#e4e8e8'")
    dark = page.evaluate(look)
    assert light[0] == "#23282b"
    assert dark[0] == "#e4e8e8"
    assert light[1] != dark[1]
    assert (light[2], dark[2]) == ("rgb(35, 40, 43)", "rgb(228, 232, 232)")
    assert dark[3] == [1.2, 1.4]


@pytest.mark.browser
def test_the_width_is_followed_and_a_wide_figure_scrolls_in_its_box(
    page: Page, shown: Callable[..., str]
) -> None:
    wide = figure("wide", TYPES["bar"], meta={"least_width": 640}, height=350)
    drawn(page, shown(wide, figure("narrow", TYPES["bar"])), 2)

    def width(name: str) -> float:
        return page.locator(f"#figure-{name} .main-svg").first.bounding_box()["width"]

    assert width("wide") > 1000
    scroller = page.locator("#figure-wide .scroll")
    expect(scroller).not_to_have_attribute("tabindex", "0")
    page.set_viewport_size({"width": 360, "height": 800})
    expect(scroller).to_have_attribute("tabindex", "0")
    told(page, lambda: width("wide") == 640, "the wide figure keeps its least width")
    told(page, lambda: width("narrow") < 340, "the narrow figure does not follow the page")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.locator("#figure-wide .main-svg").first.bounding_box()["height"] == 350
    page.set_viewport_size({"width": 1280, "height": 800})
    told(page, lambda: width("wide") > 1000, "the wide figure does not follow the page")
    expect(scroller).not_to_have_attribute("tabindex", "0")


@pytest.mark.browser
def test_a_figure_can_be_drawn_again_in_its_place(page: Page, shown: Callable[..., str]) -> None:
    drawn(page, shown(figure("bars", TYPES["bar"])), 1)
    page.evaluate(
        """async () => {
            const { draw } = await import(document.querySelector('[src*="figures.js"]').src);
            const layout = { title: { text: "anew" } };
            const data = [{ type: "bar", y: [1, 2, 3] }];
            await draw(document.querySelector(".figure-plot"), { data, layout });
        }"""
    )
    assert page.locator(".figure-plot > .plot-container").count() == 1
    assert page.locator(".figure-plot .bars path").count() == 3
    page.get_by_role("button", name="Dark").click()
    wait_until(page, "document.querySelector('.figure-plot').layout.font.color == '#e4e8e8'")
    assert page.evaluate("document.querySelector('.figure-plot').layout.title.text") == "anew"


@pytest.mark.browser
def test_files_have_title_caption_and_provenance(page: Page, shown: Callable[..., str]) -> None:
    page.emulate_media(color_scheme="dark")
    made = figure("made", TYPES["heatmap"], simulated=True, title=None, height=300)
    drawn(page, shown(made, figure("real", TYPES["bar"])), 2)
    svg = saved(page, "made", "svg").decode()
    assert svg.startswith("<svg ")
    texts = re.findall(r">([^<>]+)<", svg)
    assert "The figure made" in texts
    assert "simulated" in texts
    words = " ".join(texts)
    assert "What made shows, in a sentence" in words
    assert "come from made vectors" in words
    assert "0.00" in texts
    assert "data:image/png;base64" in svg  # the heat map itself
    assert 'fill="#fff"' in svg  # dark on white, whatever the page's theme
    assert "rgb(228, 232, 232)" not in svg
    assert "simulated" not in saved(page, "real", "svg").decode()
    png = saved(page, "made", "png")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    assert width == 3 * 960
    assert height > 3 * 400


def saved(page: Page, name: str, file_format: str) -> bytes:
    """Save a figure by its button; return the file."""
    with page.expect_download() as download:
        page.locator(f"#figure-{name} [data-save={file_format}]").click()
    assert download.value.suggested_filename == f"{name}.{file_format}"
    return download.value.path().read_bytes()


@pytest.mark.browser
def test_saved_files_are_drawings_that_a_browser_opens(
    page: Page, shown: Callable[..., str]
) -> None:
    drawn(page, shown(figure("bar", TYPES["bar"])), 1)
    svg = saved(page, "bar", "svg").decode()
    sizes = page.evaluate(
        """async (svg) => {
            const image = new Image();
            image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
            await image.decode();
            return [image.width, image.height];
        }""",
        svg,
    )
    assert sizes[0] == 960


@pytest.mark.browser
@looks("width", (1280, 360))
def test_no_barrier(browser: Any, shown: Callable[..., str], scheme: str, width: int) -> None:
    wide = figure("wide", TYPES["heatmap"], simulated=True, meta={"least_width": 700})
    context = looked_at(browser, width, scheme)
    page = context.new_page()
    drawn(page, shown(wide, figure("bar", TYPES["bar"])), 2)
    report = violations(page)
    context.close()
    assert report == ""


def test_every_type_is_a_plotly_figure() -> None:
    graph_objects = pytest.importorskip("plotly.graph_objects")
    for name, trace in TYPES.items():
        graph_objects.Figure(figure(name, trace).plot)
