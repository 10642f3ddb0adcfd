"""The Flask app: pages to browse and to judge, the database of judgements, the commands.

It imports `embeddings` and `evaluation`; nothing imports it. A view or a command is a few lines
that call a function which works, and is tested, without it.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from click import ClickException, get_current_context
from flask import Blueprint, Flask

from embeddings import __version__
from embeddings.errors import InputError

ROOT = Path(__file__).resolve().parent.parent


class CannotStart(ClickException, RuntimeError):
    """What the app cannot start with, in a sentence: for commands, and for gunicorn."""


def create_app(test_config: Mapping[str, Any] | None = None) -> Flask:
    """Return the app; what it cannot start with is told in a sentence on the command line."""
    try:
        return _assembled(test_config)
    except InputError as error:
        raise CannotStart(str(error)) from error


def _assembled(test_config: Mapping[str, Any] | None) -> Flask:
    """Assemble the app: settings, extensions, security, pages, commands."""
    from webapp import backups, cli
    from webapp.core import (
        config,
        database,
        error_pages,
        figure_pages,
        outages,
        plain_text,
        security,
        static_files,
    )
    from webapp.core.extensions import babel, bootstrap, csrf, login, migrate, quick_words
    from webapp.core.health import logs, readiness
    from webapp.core.hosting import addresses
    from webapp.core.languages import choosing, translating
    from webapp.core.menus import menus
    from webapp.signin import access_tokens, sessions

    app = logs.App(
        "webapp",
        root_path=str(ROOT / "webapp"),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
        static_url_path=static_files.hashed(ROOT / "static"),
        instance_path=str(config.data_folder(test_config)),
    )
    config.configure(app, test_config)
    logs.init_app(app)  # first, so that whatever is refused below has its id and its line
    database.init_app(app)
    backups.init_app(app)
    readiness.init_app(app)
    migrate.init_app(app, database.db, directory=str(ROOT / "webapp" / "migrations"))
    access_tokens.init_app(app)  # before what asks forms for their tokens: a script sends none
    csrf.init_app(app)
    login.init_app(app, add_context_processor=False)  # it would ask at every page who is there
    babel.init_app(app, locale_selector=choosing.language)
    quick_words(app)
    translating.init_app(app)
    bootstrap.init_app(app)
    security.init_app(app)
    static_files.init_app(app)
    addresses.init_app(app)
    plain_text.init_app(app)
    sessions.init_app(app)
    pages = (figure_pages, *page_modules())
    for page in pages:
        app.register_blueprint(page.bp)
    app.jinja_env.globals["menus"] = menus(getattr(page, "ENTRY", None) for page in pages)
    error_pages.init_app(app)
    outages.init_app(app)
    cli.init_app(app)
    app.jinja_env.globals["version"] = __version__
    _start(app)
    return app


def page_modules() -> list[ModuleType]:
    """Return the modules of pages in the packages here: ``views.py`` and each ``*_views.py``."""
    names = [one.name for one in pkgutil.walk_packages(__path__, f"{__name__}.")]
    pages = [importlib.import_module(name) for name in names if name.endswith((".views", "_views"))]
    for page in pages:
        if not isinstance(getattr(page, "bp", None), Blueprint):
            raise InputError(f"{page.__name__} must have its pages in a blueprint named bp.")
    return pages


def _start(app: Flask) -> None:
    """Say in the log which version serves: under `flask run` or a server that imports the app.

    Raises InputError where the database belongs to another data folder or secret key.
    """
    from webapp.core import database
    from webapp.core.machines import mounts

    command = get_current_context(silent=True)
    if app.testing or (command and command.info_name != "run"):
        return
    from webapp.core.health import logs

    logs.begin(app)
    app.logger.info("Sounding Board %s, data in %s", __version__, app.config["DATA"])
    if warning := mounts.warning(app.config["DATA"], database.refuse_strangers(app)):
        app.logger.warning(warning)
