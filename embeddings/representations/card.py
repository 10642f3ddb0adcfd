"""What is known of a representation, from which commands, pages and docs are made."""

import ast
import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embeddings.errors import InputError
from embeddings.files import read_text
from embeddings.search.processing import Recipe

KINDS = ("extractor", "graph", "torch")

AS_PUBLISHED = {
    "as-published": "as the paper's authors did, what is random seeded by the clip id",
}
CHANNELS = {
    "as-published": "several channels one after the other; random crops seeded by the clip id",
    "as-intended": "the mean of the channels; random crops seeded by the clip id",
}
FIRST_CHANNEL = {
    "as-published": "the first channel, and overlapping clips centred more than once",
    "as-intended": "the mean of the channels, each clip centred once",
}
ESSENTIA_GAIN = {
    "as-published": "6 dB louder and clipped at full scale, as EasyLoader's default makes it",
    "as-intended": "at the file's own level",
}
"""Ways to extract that several representations share."""

TRANSFORMERS = (("torch", "torch"), ("transformers", "transformers"))
"""The packages of networks that transformers has."""


@dataclass(frozen=True, slots=True)
class Variation:
    """One published checkpoint of a representation.

    Attributes
    ----------
    name : as its authors call it
    address : where it is published
    licence : of the weights
    dim : numbers in a vector
    note : what there is to know about the address; "" for nothing
    sha256 : of the file, where it is known for certain; "" where it is not
    """

    name: str
    address: str
    licence: str
    dim: int
    note: str = ""
    sha256: str = ""

    @property
    def file(self) -> str:
        """What it is named in the weights folder: as where it is published."""
        return self.address.rpartition("/")[2].partition("?")[0]


def essentia_graph(path: str, name: str, dim: int) -> Variation:
    """Return the graph of Essentia's model pages whose file begins with `path`, then its name."""
    address = f"https://essentia.upf.edu/models/{path}{name}.pb"
    return Variation(name, address, "CC BY-NC-SA 4.0 (Essentia's models)", dim)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One representation, as its module says in `CARD`.

    Attributes
    ----------
    module : its ``__name__``
    name : as the literature writes it; lower-cased it names the embedding's folder
    description : one sentence
    modality : what it learned from: A audio, I image, L language, O others
    objective, parameters, training_data : as the paper's Table I has them; "" where there is none
    test_data : whether training saw sounds of FSD50K
    kind : "extractor" (no weights), "graph" (TensorFlow, by Essentia) or "torch"
    resampler : how audio gets to its sample rate: "soxr", or "sinc" as torchaudio does
    frame_level : whether a clip gives several vectors
    dim : numbers in a vector
    recipe, search : the processing and search that a system uses unless told
    extractions : the ways to extract, the default first, each with one line on what it does
    variations : its checkpoints, the default first; none for an extractor
    backends : where there is a choice of the code that computes it: name -> one line, the default
        first
    packages : (import, package that brings it) of all that must be installed
    code_licence : of the code that computes it
    citation : where it was published
    """

    module: str
    name: str
    description: str
    modality: str
    objective: str
    parameters: str
    training_data: str
    test_data: str
    kind: str = "torch"
    resampler: str = "soxr"
    frame_level: bool
    dim: int
    recipe: Recipe = field(default_factory=Recipe)
    search: str = "mcss"
    extractions: dict[str, str]
    variations: tuple[Variation, ...] = ()
    backends: dict[str, str] = field(default_factory=dict)
    packages: tuple[tuple[str, str], ...] = (("torch", "torch"),)
    code_licence: str = "MIT (this project)"
    citation: str

    @property
    def embedding(self) -> str:
        """The folder name of its embedding by the default variation and extraction."""
        return self.name.lower()


def find_cards(folder: Path, package: str, first: Sequence[str]) -> dict[str, Card]:
    """Return the card of each module that has one, by name: those of `first`, then the others.

    Parameters
    ----------
    folder, package : where the modules lie, and what they are imported from
    first : names in their order; others come after them, by their modules

    Raises
    ------
    InputError
        A card cannot be read, or two have one name, in any case of letters.
    """
    found: dict[str, Card] = {}
    for one in pkgutil.iter_modules([str(folder)]):
        path = folder / one.name / "__init__.py" if one.ispkg else folder / f"{one.name}.py"
        card = _read_card(path, f"{package}.{one.name}")
        if card and card.embedding in found:
            raise InputError(f"{card.module} is called {card.name!r} as another card is.")
        if card:
            found[card.embedding] = card
    places = {name: place for place, name in enumerate(first)}
    ordered = sorted(found.values(), key=lambda card: places.get(card.name, len(places)))
    return {card.name: card for card in ordered}


def _read_card(path: Path, module: str) -> Card | None:
    """Return the `CARD` of a module, or None where it has none, without running the module.

    A network's module imports PyTorch, which takes seconds, and need not be installed for its card
    to be shown. So a card is an expression that stands for itself: of literals and the names here.
    """
    text = read_text(path)
    if "\nCARD = " not in text:  # which is quicker than parsing what only helps
        return None
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "CARD":
            code = compile(ast.Expression(node.value), path, "eval")
            try:
                return eval(code, globals() | {"__name__": module})
            except Exception as error:  # whatever stands there
                raise InputError(f"{path}: the CARD cannot be read: {error}.") from error
    return None
