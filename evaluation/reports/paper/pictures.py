"""Figures as PDF and SVG: the plot that a page draws, drawn by the same script for a paper.

Kaleido (Plotly's own exporter) drives a Chromium that is installed; no network is asked.
"""

import asyncio
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from embeddings.errors import InputError
from embeddings.progress import progress
from evaluation.figures.figure import Figure
from evaluation.reports.paper.cells import as_rectangles

INCH = 96
"""Pixels of an inch, as browsers print."""
PAGE, COLUMN = 7 * INCH, round(3.4 * INCH)
"""Pixels of a page's width and of a column's, where there are two."""
FORMS = ("pdf", "svg")

_HEIGHT = 420
_INK, _LINE = "#1d2224", "#c9c6bd"
_SECONDS = 60
"""How long the browser may take to start, and to draw one picture."""
_NO_KALEIDO = (
    "The figures are left out: Kaleido, which draws them, is not installed "
    "(pip install kaleido==1.5.0)."
)
_NO_CHROMIUM = (
    "The figures are left out: no Chromium was found, which draws them; install one "
    "(apt-get install chromium) or say where it is (BROWSER_PATH)."
)


class NoPictures(Exception):
    """Nothing here can draw; the message is a sentence that says what is missing."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as it is drawn for a paper.

    Attributes
    ----------
    name : of its files
    plot : "data" and "layout" of a Plotly figure, plain JSON values
    width, height : pixels, `INCH` to an inch
    """

    name: str
    plot: dict[str, Any]
    width: int
    height: int


def picture(figure: Figure, name: str, columns: int = 2) -> Picture:
    """Return a figure as a paper has it: dark on white, without its title.

    Parameters
    ----------
    name : of its files
    columns : over how many columns of a paper of two it goes. It goes over both, too, where it
        needs more room than one has, and is wider still where it needs more than both have, to be
        scaled down
    """
    plot = json.loads(figure.json())
    layout = plot.get("layout", {})
    meta = layout.get("meta", {})
    least, most = meta.get("least_width", 0), meta.get("most_width", PAGE)
    narrow = columns == 1 and least <= COLUMN
    width = COLUMN if narrow else round(max(min(PAGE, most), least))
    height = round(layout.get("height", _HEIGHT))
    own = {"data": plot["data"], "layout": _on_white(layout)}
    return Picture(name, as_rectangles(own), width, height)


def _on_white(layout: dict[str, Any]) -> dict[str, Any]:
    """Return a layout with a paper's colours and type; what the figure says itself wins."""
    axis = {"gridcolor": _LINE, "zerolinecolor": _LINE, "linecolor": _LINE, "automargin": True}
    base: dict[str, Any] = {
        "paper_bgcolor": "#fff", "plot_bgcolor": "#fff",
        "font": {"family": "Helvetica, Arial, sans-serif", "size": 13, "color": _INK},
        "margin": {"l": 16, "r": 16, "t": 16, "b": 16},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    }  # fmt: skip
    base |= {key: value for key, value in layout.items() if key not in ("title", "height", "width")}
    for name in {"xaxis", "yaxis", *(key for key in layout if key[1:5] == "axis")}:
        base[name] = axis | layout.get(name, {})
    return base


def draw(pictures: Sequence[Picture], folder: Path) -> None:
    """Write each picture as NAME.pdf and NAME.svg into a folder, by one browser.

    Raises
    ------
    NoPictures
        Kaleido or a Chromium is missing.
    InputError
        The browser does not start, or cannot draw a picture.
    """
    if not pictures:
        return
    try:
        import kaleido  # noqa: F401
    except ImportError:
        raise NoPictures(_NO_KALEIDO) from None
    stopped = Event()
    # A thread of its own: whoever calls may have an event loop, and one cannot run in another.
    with ThreadPoolExecutor(1) as thread:
        job = thread.submit(asyncio.run, _draw(pictures, folder, stopped))
        try:
            job.result()
        finally:
            stopped.set()


async def _draw(pictures: Sequence[Picture], folder: Path, stopped: Event) -> None:
    from kaleido import Kaleido
    from kaleido.errors import ChromeNotFoundError

    try:
        browser = Kaleido(mathjax=False, timeout=_SECONDS)  # MathJax would come from the network
    except ChromeNotFoundError:
        raise NoPictures(_NO_CHROMIUM) from None
    doing = "Chromium could not be started"
    try:
        async with asyncio.timeout(_SECONDS):
            await browser.open()
        with progress(len(pictures), "figure", "drawing") as bar:
            for one in pictures:
                doing = f"The figure {one.name!r} could not be drawn"
                if not stopped.is_set():
                    await _write(browser, one, folder)
                bar.update()
    except Exception as error:  # Kaleido's errors have nothing else in common
        raise InputError(f"{doing}: {_reason(error)}") from error
    finally:
        with suppress(TimeoutError):  # what failed is said already
            async with asyncio.timeout(_SECONDS):
                await browser.close()


def _reason(error: Exception) -> str:
    """Return the first of what an error says, in one line, or what kind of error it is."""
    said = error.args[0] if error.args else ""
    said = said[0] if isinstance(said, tuple) and said else said
    return " ".join(str(said).split())[:300] or type(error).__name__


async def _write(browser: Any, one: Picture, folder: Path) -> None:
    for form in FORMS:
        size = {"format": form, "width": one.width, "height": one.height}
        (folder / f"{one.name}.{form}").write_bytes(await browser.calc_fig(one.plot, size))
