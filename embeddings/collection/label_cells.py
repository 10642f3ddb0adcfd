"""Several classes in one cell of a table: read as people write them, and written to be read back.

A class that has the separator in its name is quoted inside the cell, as CSV quotes a cell
(``"Chuckle, chortle",Dog``). What cannot be told apart is an error, never a guess.
"""

import ast
import json
import re
import unicodedata
import warnings
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path
from textwrap import shorten

from embeddings.collection.clip_names import unusable
from embeddings.errors import InputError
from embeddings.files import read_text

LABEL_SEPARATORS = (",", "|", ";", "none")
"""What may stand between two classes of a cell; "none" where each cell is one class."""

_STRING = r"""(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")"""
# Two strings side by side are one in Python, and two in what NumPy prints: they are no list here.
_LIST = re.compile(rf"\[\s*+(?:{_STRING}(?:\s*+,\s*+{_STRING})*+\s*+(?:,\s*+)?+)?+\]", re.DOTALL)
_PAIRS = {"'": "'", "‘": "’", "“": "”", "„": "“”", "«": "»", "(": ")"}

_Labels = list[tuple[str, bool]]
"""The classes of a cell, each with whether quotes or a list say where it begins and ends."""


def read_label_cells(
    cells: Sequence[str], separator: str = ","
) -> list[tuple[tuple[str, ...], str]]:
    """Return (classes, problem) of each cell of a table's column, none of them twice in a cell.

    Parameters
    ----------
    cells : as ``Dog,Animal``, as ``"Chuckle, chortle",Dog``, or as a list of JSON or Python
    separator : one of `LABEL_SEPARATORS`

    The problem is why a cell cannot be told apart, with how to write it, or "". One is also that
    classes side by side are one class elsewhere: in another cell, or in AudioSet's list.
    """
    read = [_read(cell, separator) for cell in cells]
    whole = [name for labels, _ in read for name, quoted in labels if quoted and separator in name]
    known = {_parts(name, separator) for name in whole}
    if separator == ",":
        known |= _audioset_names()
    return [
        (tuple(dict.fromkeys(name for name, _ in labels)), problem or _joined(labels, known))
        for labels, problem in read
    ]


def label_cell(labels: Iterable[str], separator: str = ",") -> str:
    """Return names as one cell, which `cell_labels` reads back; what needs quotes has them."""
    return separator.join(
        '"' + name.replace('"', '""') + '"' if '"' in name or separator in name else name
        for name in labels
    )


def cell_labels(cell: str, separator: str = ",") -> tuple[str, ...]:
    """Return the names in a cell that `label_cell` wrote, or a version before it, unquoted."""
    names, begin = [], 0
    pattern = _field(separator)
    while begin <= len(cell):
        if found := pattern.match(cell, begin):
            names.append(found[1].replace('""', '"'))
            end = found.end()
        else:
            end = _end(cell, separator, begin)
            names.append(cell[begin:end])
        begin = end + 1
    return tuple(filter(None, names))


def one_line(text: str) -> str:
    """Return text in NFC on one line: white space and control characters become single spaces."""
    if not text.isprintable():
        text = "".join(" " if unusable(one) else one for one in text)
    return " ".join(unicodedata.normalize("NFC", text).split())


def _read(cell: str, separator: str) -> tuple[_Labels, str]:
    text = cell.strip()
    try:
        if separator == "none":
            labels = [(text, True)]
        elif text.startswith("[") and text.endswith("]"):
            labels = [(name, True) for name in _list(text)]
        else:
            labels = _split(text, separator)
        return [(name, quoted) for raw, quoted in labels if (name := _name(raw))], ""
    except InputError as error:
        return [], str(error)


def _name(raw: str) -> str:
    if len(raw.strip().splitlines()) > 1:
        raise InputError(f"the label {raw.strip()!r} has a line break in it")
    if any("\ud800" <= one <= "\udfff" for one in raw):
        raise InputError(f"the label {raw!r} has half a character in it (a lone surrogate)")
    return one_line(raw)


def _list(text: str) -> list[str]:
    """Return the strings of a list of JSON or Python."""
    if _LIST.fullmatch(text):
        try:
            return json.loads(text)
        except ValueError:
            pass
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # of escapes that Python does not know
                return ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    raise InputError(
        f"the labels {_shown(text)} are in brackets, and no list of JSON or Python such as "
        '["Chuckle, chortle", "Dog"]; --label-separator none takes each cell as one class'
    )


def _split(text: str, separator: str) -> _Labels:
    labels: _Labels = []
    begin = 0
    while begin <= len(text):
        if found := _field(separator).match(text, begin):
            labels.append((found[1].replace('""', '"'), True))
            begin = found.end() + 1
        else:
            end = _end(text, separator, begin)
            labels.append((text[begin:end].strip(), False))
            begin = end + 1
    if _is_torn([name for name, quoted in labels if not quoted], len(labels)):
        raise InputError(
            f"the quotes or brackets in the labels {_shown(text)} do not close before a "
            f"separator; write a class that has {separator!r} in its name in quotes, as in "
            f'"Chuckle{separator} chortle"{separator}Dog'
        )
    return labels


def _is_torn(bare: list[str], fields: int) -> bool:
    """Tell whether quotes or brackets show a name that goes on behind a separator."""
    if any(name.startswith('"') for name in bare):
        return True
    if fields > 1 and any(name.count('"') % 2 for name in bare):
        return True
    for opening, closing in _PAIRS.items():
        for place, name in enumerate(bare):
            opened = name.startswith(opening) if opening == "'" else opening in name
            if opened and not any(one in name[1:] for one in closing):
                ends = tuple(closing)
                if any(later.endswith(ends) for later in bare[place + 1 :]):
                    return True
                break  # what is opened later has no more behind it
    return False


def _joined(labels: _Labels, known: Collection[tuple[str, ...]]) -> str:
    """Return why labels side by side may be one class; "" where none are."""
    names = [name.casefold() for name, _ in labels]
    for wide in sorted({len(parts) for parts in known if len(parts) <= len(names)}):
        for begin in range(len(names) - wide + 1):
            run = labels[begin : begin + wide]
            if tuple(names[begin : begin + wide]) in known and not any(told for _, told in run):
                said = ", ".join(name for name, _ in run)
                return (
                    f"the labels {said!r} may be one class or several; write it in quotes "
                    f'("{said}"), or each of them, or say --label-separator none where each '
                    "cell is one class"
                )
    return ""


def _end(text: str, separator: str, begin: int) -> int:
    found = text.find(separator, begin)
    return len(text) if found < 0 else found


def _shown(text: str) -> str:
    return repr(shorten(text, 80, placeholder=" ..."))


def _parts(name: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip().casefold() for part in name.split(separator))


@cache
def _field(separator: str) -> re.Pattern[str]:
    """Return what matches a quoted name up to the separator behind it, or the end."""
    return re.compile(rf'\s*+"((?:[^"]|"")*+)"\s*+(?={re.escape(separator)}|\Z)')


@cache
def _audioset_names() -> frozenset[tuple[str, ...]]:
    """Return the parts of AudioSet's class names that have commas (Gemmeke et al., 2017)."""
    stored = read_text(Path(__file__).with_name("audioset_comma_names.txt"))
    return frozenset(_parts(name, ",") for name in stored.splitlines())
