"""What is known of a representation, from which commands, pages and docs are made."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embeddings.search.processing import Recipe

KINDS = ("extractor", "graph", "torch")

_FACTS = Path(__file__).with_name("cards.toml")
_EXTRACTIONS = {
    "one": {"as-published": "as the paper's authors did, what is random seeded by the clip id"},
    "channels": {
        "as-published": "several channels one after the other; random crops seeded by the clip id",
        "as-intended": "the mean of the channels; random crops seeded by the clip id",
    },
    "first channel": {
        "as-published": "the first channel, and overlapping clips centred more than once",
        "as-intended": "the mean of the channels, each clip centred once",
    },
    "tensorflow": {
        "as-published": "6 dB louder and clipped at full scale, as EasyLoader's default makes it",
        "as-intended": "at the file's own level",
    },
}
"""The ways to extract that several representations share."""


@dataclass(frozen=True, slots=True)
class Variation:
    """One published checkpoint of a representation.

    Attributes
    ----------
    name : as its authors call it
    file : what it is named in the weights folder
    address : where it is published
    licence : of the weights
    dim : numbers in a vector
    note : what there is to know about the address; "" for nothing
    """

    name: str
    file: str
    address: str
    licence: str
    dim: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One representation.

    Attributes
    ----------
    name : as the literature writes it; lower-cased it names the embedding's folder
    description : one sentence
    modality : what it learned from: A audio, I image, L language, O others
    objective, parameters, training_data : as the paper's Table I has them; "" where there is none
    test_data : whether training saw sounds of FSD50K
    kind : "extractor" (no weights), "graph" (TensorFlow, by Essentia) or "torch"
    module : its file in `embeddings.representations`
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

    name: str
    description: str
    modality: str
    objective: str
    parameters: str
    training_data: str
    test_data: str
    kind: str
    module: str
    resampler: str
    frame_level: bool
    dim: int
    recipe: Recipe
    search: str
    extractions: dict[str, str]
    variations: tuple[Variation, ...]
    backends: dict[str, str]
    packages: tuple[tuple[str, str], ...]
    code_licence: str
    citation: str

    @property
    def embedding(self) -> str:
        """The folder name of its embedding by the default variation and extraction."""
        return self.name.lower()


def read_cards() -> dict[str, Card]:
    """Return every representation by name, in the order of the paper's Table I."""
    facts = tomllib.loads(_FACTS.read_text(encoding="utf-8"))["card"]
    return {one["name"]: _card(dict(one)) for one in facts}


def _card(facts: dict[str, Any]) -> Card:
    extractions = facts.pop("extractions")
    recipe = facts.pop("recipe", {})
    variations = facts.pop("variations", [])
    return Card(
        **{"resampler": "soxr", "search": "mcss", "backends": {}}
        | facts
        | {
            "recipe": Recipe(**recipe),
            "extractions": _EXTRACTIONS.get(extractions, extractions)
            if isinstance(extractions, str)
            else extractions,
            "variations": tuple(Variation(**{"dim": facts["dim"]} | one) for one in variations),
            "packages": tuple((module, package) for module, package in facts["packages"]),
        }
    )
