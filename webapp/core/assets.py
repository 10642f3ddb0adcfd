"""What a report in one file has in it of the pages' own looks and ways."""

from pathlib import Path
from typing import TYPE_CHECKING

import flask_bootstrap
from flask import current_app

from webapp.core.figure_pages import script_path

if TYPE_CHECKING:
    from evaluation.reports.scores_report import Assets

_STYLES = ("sounding-board.css", "rating.css", "figures.css", "scores.css", "report.css")
_SCRIPTS = ("core/figures.js", "core/report.js", "core/glossary.js")


def assets(*styles: str) -> "Assets":
    """Return the pages' style sheets and scripts; `styles` are files beside the usual ones."""
    from evaluation.reports.scores_report import Assets

    static = Path(current_app.static_folder or "")
    bootstrap = Path(flask_bootstrap.__file__).parent / "static/bootstrap5/css/bootstrap.min.css"
    paths = [bootstrap, *(static / "css" / name for name in (*_STYLES, *styles))]
    return Assets(
        styles="\n".join(path.read_text(encoding="utf-8") for path in paths),
        theme=(static / "js" / "core" / "theme.js").read_text(encoding="utf-8"),
        plotly=script_path().read_text(encoding="utf-8"),
        scripts=tuple((static / "js" / name).read_text(encoding="utf-8") for name in _SCRIPTS),
    )
