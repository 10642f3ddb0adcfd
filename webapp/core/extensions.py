"""Flask's extensions, made once here and bound to the app by `create_app`."""

from functools import lru_cache
from typing import Any

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from webapp.core.languages.choosing import language
from webapp.core.languages.translating import RaterBabel, in_language

babel = RaterBabel()
bootstrap = Bootstrap5()
csrf = CSRFProtect()
login = LoginManager()
migrate = Migrate()

_MOST_WORDS = 20_000


def quick_words(app: Flask) -> None:
    """Let templates look each of their words up once; call it after Babel is bound to the app.

    A page of a rater has hundreds of them, and Flask-Babel looks for its catalogue at each. Those
    of a language do not change while the app runs.
    """
    translated = lru_cache(_MOST_WORDS)(in_language)

    @lru_cache(_MOST_WORDS)
    def whole(code: str, words: str, escaping: bool) -> str:
        return _filled(translated(code, words), {}, escaping)

    @pass_eval_context
    def gettext(context: EvalContext, words: str, **values: Any) -> str:
        escaping = bool(context.autoescape)
        if values:
            return _filled(translated(language(), words), values, escaping)
        return whole(language(), words, escaping)

    app.jinja_env.globals |= {"_": gettext, "gettext": gettext}


def _filled(words: str, values: dict[str, Any], escaping: bool) -> str:
    """Return words with their values; a %% of words without any is a % as well, as Jinja has it."""
    return (Markup(words) if escaping else words) % values
