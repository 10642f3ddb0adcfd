"""The words of raters' pages in each language, from the catalogues that `make messages` keeps.

A catalogue is read from its .po file when its language is first asked for: there is nothing to be
built, and nothing that could be older than its source.
"""

import json
from functools import cache, cached_property
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask
from flask_babel import Babel, Domain

from evaluation.protocol.languages import ENGLISH
from webapp.core.languages.choosing import direction, language, language_address, offered

DOMAIN = "rater"
FOLDER = Path(__file__).resolve().parents[2] / "translations"
_NUMBER = "%(num)d"
_SAMPLES = (0, 1, 2, 3, 11, 100, 1_000_000)
"""A number for each plural category that whole numbers have in any of the languages."""


def init_app(app: Flask) -> None:
    """Let templates say in which language they are, and count in it."""
    words = (language, direction, offered, language_address, counted)
    app.jinja_env.globals |= {one.__name__: one for one in words}
    app.jinja_env.filters["capital"] = capital


def catalogue_path(code: str) -> Path:
    """Return where the catalogue of a language lies."""
    return FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalogue(code: str) -> Catalog:
    """Return the catalogue of a language; an empty one where there is none yet."""
    path = catalogue_path(code)
    if not path.is_file():
        return Catalog(locale=code, domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=code, domain=DOMAIN)


@cache
def translations_of(code: str) -> NullTranslations:
    """Return the words of a language; those of English are the words that are looked up."""
    if code == ENGLISH:
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(code))
    compiled.seek(0)
    return Translations(compiled, DOMAIN)


def in_language(code: str, text: str) -> str:
    """Return a text in a language, as it is where its catalogue does not know it."""
    return translations_of(code).gettext(text)


@cache
def _forms(code: str, one: str, many: str) -> str:
    category, words = Locale.parse(code).plural_form, translations_of(code)
    found: dict[str, str] = {}
    for number in _SAMPLES:
        told = words.ngettext(one, many, number)
        found.setdefault(category(number), told.replace(_NUMBER, "{count}"))
    return json.dumps(found, ensure_ascii=False)


def counted(one: str, many: str) -> str:
    """Return words with a number in them for a script to fill, JSON by plural category.

    The number is %(num)d in the words, as for ngettext, and {count} in what is returned.
    """
    return _forms(language(), one, many)


def capital(text: str) -> str:
    """Return text with its first letter as a capital, the others as they are."""
    return text[:1].upper() + text[1:]


class _Words(Domain):
    """The catalogues here, as Flask-Babel asks for them."""

    def get_translations(self) -> NullTranslations:
        return translations_of(language())


class RaterBabel(Babel):
    """Flask-Babel with the catalogues here."""

    @cached_property
    def domain_instance(self) -> Domain:
        return _Words(domain=DOMAIN)
