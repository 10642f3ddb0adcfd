"""The page of maps: where its points are, and what is done with them."""

import csv
import io
from typing import Any

from tests.support.browser.tab import (
    Page,
    expect,
    sign_in,
    whole,
)
from tests.support.server import Server

BOTH = "map=good.pca&map=random.tsne"


VIEW = """
([figure]) => {
  document.querySelector(figure).scrollIntoView({ behavior: "instant" });
  const { xaxis, yaxis } = document.querySelector(`${figure} .figure-plot`)._fullLayout;
  const box = document.querySelector(`${figure} .nsewdrag`).getBoundingClientRect();
  return [xaxis.range, yaxis.range, [box.x, box.y, box.width, box.height]];
}
"""


DRAWN = """
([figure]) => document.querySelector(`${figure} .figure-plot`).data.slice(0, -1).flatMap((layer) =>
  Array.from(layer.x, (x, place) => ({
    x, y: layer.y[place], clip: layer.text[place].split("<br>")[0],
    colour: layer.marker.color[place], symbol: layer.marker.symbol[place],
    chosen: layer.selectedpoints ? [...layer.selectedpoints].includes(place) : null,
  })))
"""


def show(page: Page, mapped: Server, query: str = BOTH) -> None:
    """Sign in and open the page of maps; return when they are drawn."""
    sign_in(page, mapped)
    page.goto(f"{mapped.url}/browse/small/map?{query}")
    ready(page)


def ready(page: Page) -> None:
    """Wait until the maps are drawn."""
    expect(page.locator("#maps[data-ready]")).to_have_count(1)


def drawn(page: Page, figure: str) -> dict[str, dict[str, Any]]:
    """Return what Plotly draws of each clip, and whether it is chosen (None: none is)."""
    return {one["clip"]: one for one in page.evaluate(DRAWN, [figure])}


def chosen(page: Page, figure: str) -> set[str]:
    """Return the clips that stand out on a map."""
    return {clip for clip, one in drawn(page, figure).items() if one["chosen"]}


def on_screen(page: Page, figure: str) -> dict[str, tuple[float, float]]:
    """Return where each clip's point is in the window, computed from the map's CSV."""
    name = page.locator(figure).get_attribute("data-points")
    rows = csv.DictReader(io.StringIO(page.request.get(f"{origin(page)}{name}.csv").text()))
    (left, right), (bottom, top), (x, y, width, height) = page.evaluate(VIEW, [figure])
    return {
        row["clip"]: (
            x + width * (float(row["x"]) - left) / (right - left),
            y + height * (top - float(row["y"])) / (top - bottom),
        )
        for row in rows
    }


def origin(page: Page) -> str:
    """Return the server's address."""
    return page.evaluate("location.origin")


def listed(page: Page) -> list[str]:
    """Return the clips of the list of chosen clips, in its order."""
    return whole(page, "#list .clip-id").all_inner_texts()


def press(page: Page, point: tuple[float, float]) -> None:
    """Move to a point, look what it is, and press it."""
    page.mouse.move(*point, steps=3)
    expect(page.locator(".hovertext")).to_have_count(1)
    page.mouse.down()
    page.mouse.up()
