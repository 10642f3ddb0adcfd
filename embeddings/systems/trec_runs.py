"""TREC runs that are read, and how clips are called in TREC's files.

Fields end at white space there. So white space and ``%`` of a name are written as in addresses
(``%20``, ``%25``), and all other names as they are.
"""

import gzip
import math
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

from embeddings.collection.id_lists import ClipNames
from embeddings.errors import InputError
from embeddings.files import read_lines

_UNFIT = re.compile(r"[\s%]")


def fit_name(name: str) -> str:
    """Return a name that may stand in a field of a TREC file."""
    return _UNFIT.sub(lambda match: quote(match[0]), name)


def fit_topic(clip_id: str, label: str) -> str:
    """Return the topic of a clip for one of its classes, ``CLIP|CLASS``; | within them is %7C."""
    return "|".join(fit_name(one).replace("|", "%7C") for one in (clip_id, label))


def meant_name(field: str) -> str:
    """Return the name that `fit_name` wrote, or of a topic one of its two parts."""
    return unquote(field)


def is_run(path: Path) -> bool:
    """Return whether a file looks like a TREC run: by the first line that is not blank."""
    first = next((line for line in run_lines(path) if line.strip()), "")
    return len(first.split()) == 6 and not first.lstrip().startswith(("{", "["))


def run_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a run, which may be compressed (.gz)."""
    if path.suffix.lower() != ".gz":
        yield from read_lines(path)
        return
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        with gzip.open(path, "rt", encoding="utf-8-sig") as file:
            yield from file
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(f"{path}: it is damaged or cut off ({error}).") from error


def read_run(path: Path, names: ClipNames) -> dict[str, tuple[int, list[tuple[str, float]]]]:
    """Return query id -> (line it begins on, [(clip id, score)], the best first) of a TREC run.

    As trec_eval orders it, by score and not by the third field; of equal scores the better rank
    comes first. A query among its own results is left out.

    Raises
    ------
    InputError
        A line is not ``topic Q0 clip rank score system``, its rank or score no finite number, or
        it names what is no clip of the collection.
    """
    found: dict[str, list[tuple[float, float, int, str]]] = {}
    begins: dict[str, int] = {}
    for number, line in enumerate(run_lines(path), 1):
        where = f"{path}, line {number}"
        fields = line.split()
        if not fields:
            continue
        if len(fields) != 6:
            raise InputError(f"{where}: must be six fields, topic Q0 clip rank score system.")
        rank, score = (_number(text, where) for text in fields[3:5])
        query, clip = (_clip(names, fields[place], where) for place in (0, 2))
        begins.setdefault(query, number)
        if clip != query:
            found.setdefault(query, []).append((-score, rank, number, clip))
    return {
        query: (line, [(clip, -low) for low, _, _, clip in sorted(found.get(query, []))])
        for query, line in begins.items()
    }


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{where}: a rank and a score must be finite numbers, unlike {text!r}.")
    return value


def _clip(names: ClipNames, field: str, where: str) -> str:
    """Return the clip that a field means: as it is written here, or else as it stands."""
    return names.find(meant_name(field), where) or names.known([field], where)[0]
