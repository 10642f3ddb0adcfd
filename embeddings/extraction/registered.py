"""Which representations can be computed here: those with a card, and a user's own that are known.

One's own is known once the command line has computed it, of whatever collection (`flask embeddings
own`): then it is noted beside the vectors where its code lies, and what its SHA-256 was.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from embeddings.collection.clips import collections_folder
from embeddings.errors import InputError
from embeddings.extraction.weights import weights_folder
from embeddings.files import read_json
from embeddings.packages import lack_of
from embeddings.representations import Card
from embeddings.representations.own import PLACE, Own, find_own


@dataclass(frozen=True, slots=True)
class Registered:
    """A user's own representation.

    Attributes
    ----------
    key : "COLLECTION/EMBEDDING", where it was computed first
    name : of the representation, as people know it
    own : what computes it
    """

    key: str
    name: str
    own: Own


@dataclass(frozen=True, slots=True)
class Lack:
    """Why a card cannot be computed here: a package or weights are missing.

    `sentence` is "" where nothing is missing; `weights` says that only these are.
    """

    sentence: str = ""
    weights: bool = False


def lack_of_card(data: Path, card: Card) -> Lack:
    """Return what is missing to compute a card's default; nothing is loaded, and no weights read.

    `plan` looks at all of it once more.
    """
    for module, package in card.packages:
        if lack := lack_of(module, package):
            return Lack(f"{package} {lack}")
    if card.variations and not (weights_folder(data) / card.variations[0].file).is_file():
        return Lack("its weights are not here", weights=True)
    return Lack()


def registered(data: Path) -> list[Registered]:
    """Return the user's own representations, each source once, in the order of collections."""
    found: dict[tuple[str, Own], Registered] = {}
    for _, one in _every(data):
        found.setdefault((one.name, one.own), one)
    return list(found.values())


def find_registered(data: Path, key: str, *, verify: bool = False) -> Registered:
    """Return the user's own representation of a key, of whichever collection.

    Raises InputError where there is none or, with `verify`, its code is not what it was.
    """
    for folder, one in _every(data):
        if one.key == key:
            find_own(folder, verify=verify)
            return one
    raise InputError(f"There is no representation of your own {key!r}: flask embeddings own.")


def _every(data: Path) -> Iterator[tuple[Path, Registered]]:
    """Yield the folder of each embedding that a user's own code has computed, and which that is."""
    for place in sorted(collections_folder(data).glob(f"[!.]*/embeddings/[!.]*/{PLACE}")):
        folder = place.parent
        try:
            own = find_own(folder)
            name = read_json(folder / "meta.json")["representation"]
        except (InputError, KeyError):  # its code is gone, or it is damaged
            continue
        yield folder, Registered(f"{folder.parents[1].name}/{folder.name}", name, own)
