"""The catalogues of raters' words: whole, as the code has them, with the same things filled in."""

import ast
import re
from functools import cache
from gettext import c2py

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message

from evaluation.protocol.languages import ENGLISH, LANGUAGES
from tests.support.places import ROOT
from tools.messages import as_po, extracted, merged, texts_of, untranslated
from webapp.core.languages.translating import catalogue_path, read_catalogue

MESSAGES = cache(extracted)
CODES = [code for code in LANGUAGES if code != ENGLISH]
FILLED = re.compile(r"%\(\w+\)[sd]|\{\w+\}|%%")
MARKS = {"«": "»", "\u2068": "\u2069"}


def filled(text: str) -> list[str]:
    """Return what is filled into a text, in any order."""
    return sorted(FILLED.findall(text))


def differing(message: Message) -> list[str]:
    """Return the translations of a message that are filled with something else than it is.

    A form that is for one number alone may say that number in words.
    """
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    wanted = filled(ids[-1])
    fits = [wanted, [one for one in wanted if one != "%(num)d"]] if len(ids) > 1 else [wanted]
    return [text for text in texts_of(message) if filled(text) not in fits]


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_is_whole_and_as_the_code_has_it(code: str) -> None:
    """Else `make messages` says what is to be translated."""
    catalogue = read_catalogue(code)
    assert [one.id for one in untranslated(merged(code, MESSAGES()))] == []
    assert catalogue_path(code).read_bytes() == as_po(merged(code, MESSAGES()))
    assert not any(one.fuzzy for one in catalogue if one.id)


@pytest.mark.parametrize("code", CODES)
def test_translations_are_filled_with_the_same_things(code: str) -> None:
    messages = [one for one in read_catalogue(code) if one.id]
    assert len(messages) > 200
    assert [(one.id, differing(one)) for one in messages if differing(one)] == []
    assert [error for one in messages for error in one.check()] == []
    for one in messages:
        for text in texts_of(one):
            assert text == text.strip()
            assert all(text.count(begin) == text.count(MARKS[begin]) for begin in MARKS)


@pytest.mark.parametrize("code", CODES)
def test_plural_forms_are_those_of_the_language(code: str) -> None:
    """Each number's form is its category of CLDR, and each category has one form."""
    catalogue, category = read_catalogue(code), Locale.parse(code).plural_form
    form = c2py(catalogue.plural_expr)
    pairs = {(category(number), form(number)) for number in (*range(1200), 1_000_000)}
    assert {one for _, one in pairs} == set(range(catalogue.num_plurals))
    assert len(pairs) == catalogue.num_plurals == len({one for one, _ in pairs})


def test_raters_never_read_the_word_query() -> None:
    """It is the experimenter's: raters hear the sound above, or at the top, in rounds."""
    told = [text for one in MESSAGES() if one.id for text in texts_of(Message(one.id, one.id))]
    assert [text for text in told if re.search(r"\bquer(y|ies)\b", text, re.IGNORECASE)] == []


def test_what_is_missing_or_filled_otherwise_is_noticed() -> None:
    messages = extracted()
    messages.add("Planted %(name)s")
    assert [one.id for one in untranslated(merged("es", messages))] == ["Planted %(name)s"]
    catalogue = Catalog(locale="es")
    wrong = catalogue.add("Planted %(name)s", "Plantado %(nombre)s")
    assert differing(wrong) == ["Plantado %(nombre)s"]
    one = catalogue.add(("One list", "%(num)d lists"), ("Una lista", "%(num)d listas", "%(n)d"))
    assert differing(one) == ["%(n)d"]


FOR_EXPERIMENTERS = {"answer_files.py", "taking_in.py", "people.py invite"}
"""Modules, and functions, whose errors no rater is told."""


def test_what_raters_are_told_goes_through_gettext() -> None:
    """An error of the raters' pages whose words are bare would stay English."""
    told, bare = 0, []
    for path in (ROOT / "webapp" / "rating").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
        for function in functions:
            if {path.name, f"{path.name} {function.name}"} & FOR_EXPERIMENTERS:
                continue
            for one in ast.walk(function):
                if not (isinstance(one, ast.Call) and isinstance(one.func, ast.Name)):
                    continue
                if one.func.id in ("InputError", "flash") and one.args:
                    told += 1
                    if isinstance(one.args[0], ast.Constant | ast.JoinedStr):
                        bare.append(f"{path.name} {function.name}, line {one.lineno}")
    assert told > 20
    assert bare == []
