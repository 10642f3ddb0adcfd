"""Writes what Plotly's WebGL compiles at run time into a file, since the policy forbids it to.

Plotly draws thousands of points by regl, which writes JavaScript of its own and has the browser
compile it: eval, by another name. The page's policy rightly forbids that, and Plotly then says that
there is no WebGL. What regl writes depends on Plotly's version alone, so it is written down here.

Run by hand when Plotly's version changes: ``python -m tools.write_webgl``.
"""

import shutil
from importlib.metadata import version
from typing import Any

from playwright.sync_api import sync_playwright

from tests.support.places import ROOT
from webapp.core.figure_pages import script_path

FILE = ROOT / "static" / "js" / "generated" / "webgl-compiled.js"
HEAD = """\
// What regl in Plotly {release} would have the browser compile, to draw points. Written by
// `python -m tools.write_webgl`, which says more. regl is MIT-licensed, (c) 2016 Mikola Lysenko.

export const compiled = [
"""
RECORD = """
window.written = [];
window.Function = new Proxy(Function, {
  apply(target, self, parts) {
    window.written.push(parts);
    return Reflect.apply(target, self, parts);
  },
});
"""
DRAW = """
async () => {
  const points = { type: "scattergl", mode: "markers", x: [1, 2], y: [1, 2] };
  const box = document.body.appendChild(document.createElement("div"));
  await Plotly.newPlot(box, [points, { ...points, marker: { symbol: "square" } }]);
  await Plotly.restyle(box, { selectedpoints: [[0], [1]] });
  return window.written;
}
"""


def written_by(browser: Any) -> list[list[str]]:
    """Return what is compiled: the names of the parameters and, last, the body of each function."""
    page = browser.new_page()
    page.set_content("<!doctype html><body></body>")
    page.evaluate(RECORD)
    page.add_script_tag(content=script_path().read_text(encoding="utf-8"))
    functions = page.evaluate(DRAW)
    page.close()
    return [one for one in functions if isinstance(one[-1], str)]


def as_file(functions: list[list[str]]) -> str:
    """Return the file's text."""
    text = HEAD.format(release=version("plotly"))
    for *names, body in functions:
        text += f"function ({', '.join(names)}) {{{body}\n}},\n"
    return text + "];\n"


def main() -> None:
    """Write the file."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        FILE.write_text(as_file(written_by(browser)), encoding="utf-8")
        browser.close()


if __name__ == "__main__":
    main()
