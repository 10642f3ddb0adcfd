"""One script, or one style sheet, of several: what a rater's page needs is asked for once.

On a phone with 400 ms to the server, a script that imports one that imports another is three waits.
The files stay what they are, and all other pages go on loading them one by one. Nothing is built:
they are joined as they are first asked for, in the order in which they need each other.

Each script becomes a block of its own, so that two may use one name, and leaves what it exports
behind as an object, from which the next ones take what they import. That asks of scripts what ours
are written in anyway: imports by name at the beginning of lines, and exports of functions, classes
and constants.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath

from embeddings.errors import InputError

FOLDER = "joined"
"""The folder, below that of the static files and their hash, in which joined files seem to lie."""

STYLES = {"css/rater.css": ("css/plain.css", "css/sounding-board.css", "css/rating.css")}
"""A joined style sheet -> what it is joined of, in that order."""

SCRIPTS = ("rate", "sound-check", "end", "gone")
"""Scripts of raters' pages, which are joined with all that they import."""

_IMPORT = re.compile(r'^import (?:\{([^}]*)\} from )?"([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_LATER = re.compile(r'\bimport\("([^"]+)"\)')
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)

Reader = Callable[[str], str]


def is_joined(name: str) -> bool:
    """Return whether a file by this name, such as js/rating/rate.js, is there joined."""
    return name in STYLES or name in {f"js/rating/{one}.js" for one in SCRIPTS}


@lru_cache(maxsize=16)
def joined(folder: Path, name: str) -> bytes:
    """Return a joined file, made of those in `folder`; it is made once.

    Raises
    ------
    InputError
        A script imports or exports in another way than is understood here.
    OSError
        A file is missing.
    """

    def read(part: str) -> str:
        return (folder / part).read_text(encoding="utf-8")

    if name in STYLES:
        return "\n".join(map(read, STYLES[name])).encode()
    return joined_script(read, name).encode()


def joined_script(read: Reader, name: str) -> str:
    """Return the script `name` with all that it imports; `read` gives a file's text by its name."""
    order: list[str] = []
    _gather(read, name, order, ())
    numbers = {one: number for number, one in enumerate(order)}
    blocks = [_block(read(one), one, numbers, name) for one in order]
    return "\n".join([f"// {name}, and before it all that it imports.", *blocks])


def _gather(read: Reader, name: str, order: list[str], above: tuple[str, ...]) -> None:
    """Append to `order` what `name` imports, and `name`."""
    if name in above:
        raise InputError(f"{name} imports itself, by {' and '.join(above)}.")
    for _, found in _IMPORT.findall(read(name)):
        imported = _beside(name, found)
        if imported not in order:
            _gather(read, imported, order, (*above, name))
    if name not in order:
        order.append(name)


def _block(text: str, name: str, numbers: dict[str, int], entry: str) -> str:
    """Return a script as a block that leaves its exports in an object of its number."""
    own = [exported for _, exported in _EXPORT.findall(text)]

    def taken(match: re.Match[str]) -> str:
        names = " ".join((match[1] or "").split())
        return f"const {{ {names} }} = j{numbers[_beside(name, match[2])]};" if names else ""

    def later(match: re.Match[str]) -> str:
        place = PurePosixPath(FOLDER, entry).parent.as_posix()
        return f'import("{relpath(_beside(name, match[1]), place)}")'

    text = _LATER.sub(later, _EXPORT.sub(r"\1 \2", _IMPORT.sub(taken, text)))
    if left := _LEFT.search(text):
        raise InputError(f"{name} cannot be joined: {left[0]!r} is not understood.")
    leaves = f"Object.assign(j{numbers[name]}, {{ {', '.join(own)} }});\n" if own else ""
    return f"const j{numbers[name]} = {{}};\n{{\n{text}{leaves}}}"


def _beside(name: str, found: str) -> str:
    """Return which file `name` means by a relative address."""
    return normpath(PurePosixPath(name).parent / found)
