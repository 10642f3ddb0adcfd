"""How clips are named: by a file's name in a table, and by the id that the import makes of it."""

import re
import unicodedata
from pathlib import PurePosixPath

from embeddings.audio.decoding import SUFFIXES

_NO_NAMES = ("", ".", "..")
_DRIVE = re.compile(r"[A-Za-z]:/")


def spelled(name: str) -> str:
    r"""Return a file's name as ids spell it: NFC, ``/`` for ``\``, no white space at its ends.

    "" where it names nothing, such as "." does.
    """
    text = unicodedata.normalize("NFC", name).strip().replace("\\", "/")
    path = str(PurePosixPath(text))
    return "" if path == "." else path.strip()


def suffix_of(name: str) -> str:
    """Return the suffix of a sound file at the end of `name`, as it stands there; "" for none."""
    suffix = PurePosixPath(name).suffix
    return suffix if suffix.lower() in SUFFIXES else ""


def clip_id(name: str) -> str:
    """Return the id that an import gives to the clip of this file name: without its suffix.

    The suffix stays where nothing else would, or only dots, which mean a folder in addresses.
    """
    text = spelled(name)
    bare = text.removesuffix(suffix_of(text)).rstrip()
    return text if bare.rpartition("/")[2] in _NO_NAMES else bare


def folders_of(fold: str) -> tuple[str, ...]:
    """Return the folders, in small letters, that a cell of a column ``fold`` may mean."""
    name = fold.strip().casefold()
    return tuple(f"{start}{name}" for start in ("", "fold", "fold_", "fold-")) if name else ()


def lies_in(path: str, fold: str) -> bool:
    """Tell whether a path has a folder that a cell of a column ``fold`` means."""
    return not set(folders_of(fold)).isdisjoint(path.casefold().split("/")[:-1])


def leads_out(name: str) -> bool:
    """Tell whether a name, as `spelled`, is absolute or leads out of the folder it is in."""
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or bool(_DRIVE.match(name))


def unusable(name: str) -> str:
    """Return the first character that no name may have, "" for none.

    These are control characters, line and paragraph separators, halves of surrogate pairs and
    Unicode's noncharacters: what no line of text, no address and no XML may hold.
    """
    return next((one for one in name if _is_unusable(one)), "")


def shown(name: str) -> str:
    r"""Return a name as it can be printed on one line: what is unusable is escaped, as ``\\n``."""
    return "".join(
        one.encode("unicode_escape").decode() if _is_unusable(one) else one for one in name
    )


def _is_unusable(one: str) -> bool:
    code = ord(one)
    none = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return none or unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")
