"""Pages with figures: Plotly from the installed package, and the policy under which it draws."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache, wraps
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, make_response, send_file, url_for

from evaluation.reports import TEMPLATES
from evaluation.reports.explaining import explained, meanings
from webapp.core.security import policy

bp = Blueprint("figures", __name__, template_folder=str(TEMPLATES))  # _findings.html is there

bp.add_app_template_filter(explained)
bp.add_app_template_global(meanings, "term_meanings")

_EMPTY = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_MAP = "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"
_DRAG = "'sha256-AR/cKIZjWPcPmBUPDA6oti9XBiTbJvz0Cro2J1VzzS8='"
_DRAWING = {
    # Plotly fills an empty style element rule by rule, brings a style sheet for maps, and sets two
    # style attributes. Without them heat maps are drawn smoothed, and nothing says so. The hashes
    # are those of the pinned version: tests/browser/test_figures.py draws every type of figure.
    "style_src_elem": f"'self' {_EMPTY} {_MAP}",
    "style_src_attr": f"'unsafe-hashes' {_EMPTY} {_DRAG}",
    "img_src": "'self' data: blob:",
}
POLICY = policy(**_DRAWING)
# Plotly draws thousands of points by WebGL, for which it writes functions and has the browser
# compile them: eval, by another name. The map's page may, and no other: its scripts still come from
# here alone, and only the experimenter sees it. Drawn as shapes, thousands of points are slow.
MAP_POLICY = policy(**_DRAWING, script_src="'self' 'unsafe-eval'")


def drawn_under(own: str) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Let a view's page draw figures, under a policy of its own; no page of a rater has any."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(view)
        def with_policy(*args: Any, **values: Any) -> Response:
            response = make_response(view(*args, **values))
            response.headers["Content-Security-Policy"] = own
            return response

        return with_policy

    return decorate


figure_page = drawn_under(POLICY)
map_page = drawn_under(MAP_POLICY)


@bp.app_template_global()
def plotly_url() -> str:
    """Return the address of Plotly's script, which changes with its version."""
    return url_for("figures.plotly", release=version("plotly"))


@bp.get("/plotly/<release>.js")
def plotly(release: str) -> Response:
    """Send the script that comes with the installed package."""
    if release != version("plotly"):
        abort(404)
    age = int(timedelta(days=365).total_seconds())
    return send_file(script_path(), mimetype="text/javascript", max_age=age, conditional=True)


@cache
def script_path() -> Path:
    """Return where Plotly's script lies, without importing the package, which takes long."""
    spec = find_spec("plotly")
    assert spec is not None, "plotly is in requirements-web.txt"
    return Path(str(spec.origin)).parent / "package_data" / "plotly.min.js"
