"""make messages: extract what raters can read, and merge it into the catalogue of each language.

A catalogue is a .po file for any editor of such files. What is new in it has no translation yet,
what nobody says any more is gone; tests/whole/test_messages.py fails until all is translated.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import write_po

from evaluation.protocol.languages import ENGLISH, LANGUAGES, ready_texts
from webapp.core.languages.translating import DOMAIN, catalogue_path, read_catalogue

ROOT = Path(__file__).resolve().parent.parent
SOURCES = {
    "jinja2": ("templates/rating/*.html", "templates/core/_help.html", "templates/*.html"),
    "python": (
        "webapp/rating/*.py",
        "webapp/core/error_pages.py",
        "webapp/core/outages.py",
        "webapp/core/plain_text.py",
        "webapp/study/signatures.py",
    ),
}
"""The files whose words raters can be told, by how they are read; see `ready_texts`, too."""
READY = "evaluation/protocol/scales.py"

_KEYWORDS = DEFAULT_KEYWORDS | {"counted": (1, 2), "lazy_gettext": None}
_OPTIONS = {"newstyle_gettext": "true", "encoding": "utf-8", "silent": "false"}
_COPYRIGHT = "Sounding Board's contributors"


def extracted() -> Catalog:
    """Return every message that raters can read, in the order of their sources, with the places."""
    found = Catalog(domain=DOMAIN, project="Sounding Board", copyright_holder=_COPYRIGHT)
    for text in ready_texts():
        found.add(text, locations=[(READY, 0)])
    for place, words, comments in _in_files():
        found.add(words, locations=[(place, 0)], auto_comments=comments)
    return found


def _in_files() -> Iterator[tuple[str, str | tuple[str, ...], list[str]]]:
    for method, patterns in SOURCES.items():
        for path in sorted({path for one in patterns for path in ROOT.glob(one)}):
            with path.open("rb") as file:
                told = extract(method, file, _KEYWORDS, ("Translators:",), _OPTIONS)
                for _line, words, comments, _context in told:
                    yield path.relative_to(ROOT).as_posix(), words, comments


def merged(code: str, messages: Catalog) -> Catalog:
    """Return a language's catalogue with these messages: translated as they were, or not yet."""
    catalogue = read_catalogue(code)
    catalogue.update(messages, no_fuzzy_matching=True, update_header_comment=False,
                     update_creation_date=False)  # fmt: skip
    catalogue.obsolete.clear()
    return catalogue


def as_po(catalogue: Catalog) -> bytes:
    """Return a catalogue as the text of its file: the same messages, the same text."""
    written = BytesIO()
    write_po(written, catalogue, width=100, include_lineno=False, ignore_obsolete=True,
             omit_header=False)  # fmt: skip
    return written.getvalue()


def untranslated(catalogue: Catalog) -> list[Message]:
    """Return the messages of a catalogue that have a text missing."""
    return [one for one in catalogue if one.id and not all(texts_of(one))]


def texts_of(message: Message) -> tuple[str, ...]:
    """Return the translations of a message, one for each plural form."""
    return message.string if isinstance(message.string, tuple) else (message.string or "",)


def main() -> None:
    """Write every catalogue anew, and say what is to be done."""
    messages = extracted()
    for code in LANGUAGES:
        if code == ENGLISH:
            continue
        catalogue, path = merged(code, messages), catalogue_path(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_po(catalogue))
        missing = len(untranslated(catalogue))
        print(f"{code}  {len(catalogue)} messages, {missing} to be translated")


if __name__ == "__main__":
    main()
