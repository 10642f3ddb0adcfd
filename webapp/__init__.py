"""The Flask app: pages to browse and to judge, the database of judgements, the commands.

It imports `embeddings` and `evaluation`; nothing imports it. A view or a command is a few lines
that call a function which works, and is tested, without it.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click import ClickException, get_current_context
from flask import Flask

from embeddings import __version__
from embeddings.errors import InputError

ROOT = Path(__file__).resolve().parent.parent


def create_app(test_config: Mapping[str, Any] | None = None) -> Flask:
    """Assemble the app: settings, extensions, security, pages, commands."""
    from webapp import cli, signin
    from webapp.core import config, database, security
    from webapp.core.extensions import babel, bootstrap, csrf, login, migrate

    app = Flask(
        "webapp",
        root_path=str(ROOT / "webapp"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        instance_path=str(config.data_folder(test_config)),
    )
    try:
        config.configure(app, test_config)
        database.init_app(app)
    except InputError as error:
        raise ClickException(str(error)) from error  # a sentence on the command line
    migrate.init_app(app, database.db, directory=str(ROOT / "webapp" / "migrations"))
    csrf.init_app(app)
    login.init_app(app)
    babel.init_app(app)
    bootstrap.init_app(app)
    security.init_app(app)
    signin.init_app(app)

    from webapp.browse import audio_views, own_views
    from webapp.browse import views as browse
    from webapp.core import error_pages, figure_pages
    from webapp.home import views as home
    from webapp.manage import design_views
    from webapp.manage import views as manage
    from webapp.maps import views as maps
    from webapp.rating import join_views
    from webapp.rating import views as rating
    from webapp.results import views as results
    from webapp.scores import views as scores

    pages = (
        home, signin, browse, own_views, maps, audio_views, figure_pages, scores, design_views,
        manage, results, join_views, rating,
    )  # fmt: skip
    for page in pages:
        app.register_blueprint(page.bp)
    error_pages.init_app(app)
    cli.init_app(app)
    app.jinja_env.globals["version"] = __version__
    _announce(app)
    return app


def _announce(app: Flask) -> None:
    """Say in the log which version serves: under `flask run` or a server that imports the app."""
    command = get_current_context(silent=True)
    if app.testing or (command and command.info_name != "run"):
        return
    app.logger.setLevel(logging.INFO)
    app.logger.info("Sounding Board %s, data in %s", __version__, app.config["DATA"])
