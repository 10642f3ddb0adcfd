"""The cards of the fourteen: whole, and as the paper has them."""

import csv
import importlib
from pathlib import Path

import pytest

from embeddings.errors import InputError
from embeddings.extraction.extract import embedding_name, find_card
from embeddings.representations import CARDS, Card
from embeddings.representations.card import KINDS
from embeddings.search.neighbours import SEARCHES
from embeddings.search.processing import Recipe

every_card = pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)


@every_card
def test_a_card_is_whole(card: Card) -> None:
    for text in (card.description, card.modality, card.training_data, card.test_data,
                 card.code_licence, card.citation):  # fmt: skip
        assert text.strip() == text != ""
    assert card.kind in KINDS
    assert card.search in SEARCHES
    assert card.packages
    assert bool(card.variations) == (card.kind != "extractor")
    assert card.extractions
    assert all(card.extractions.values())
    assert len(card.backends) != 1
    assert all(card.backends.values())
    for variation in card.variations:
        assert variation.address.startswith("https://")
        assert variation.licence
        assert "/" not in variation.file
    files = [one.file for other in CARDS.values() for one in other.variations]
    assert len(set(files)) == len(files)


@every_card
def test_a_card_has_its_module(card: Card) -> None:
    if card.kind == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    module = importlib.import_module(f"embeddings.representations.{card.module}")
    if card.kind != "extractor":
        assert callable(module.load)
    assert card.dim == module.DIM
    assert module.SAMPLE_RATE is None or 8000 <= module.SAMPLE_RATE <= 48000


def test_the_cards_are_the_papers(shared: Path) -> None:
    with (shared / "facts" / "published_scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["representation"] for row in rows] == list(CARDS)
    for row in rows:
        card = CARDS[row["representation"]]
        assert card.modality == row["modality"]
        if row["pretraining_objective"] != "-":
            assert card.objective == row["pretraining_objective"]
            assert card.parameters == row["parameters"]
            assert card.dim == int(row["dimensions"])
            assert card.variations[0].name in row["variation"]
            assert row["training_data"] in card.training_data


def test_freesound_has_its_own_recipe_and_the_others_the_papers() -> None:
    assert CARDS["Freesound"].recipe == Recipe(normalise="minmax", pca=100)
    assert CARDS["Freesound"].search == "nns"
    for card in list(CARDS.values())[1:]:
        assert (card.recipe, card.search) == (Recipe(), "mcss")


def test_embeddings_have_names_that_tell_them_apart() -> None:
    sinet = CARDS["FSD-SINet"]
    assert embedding_name(sinet, "as-published") == "fsd-sinet"
    assert embedding_name(sinet, "as-published", "vgg42-tlpf-1") == "fsd-sinet"
    name = embedding_name(sinet, "as-intended", "vgg42-tlpf_aps-1")
    assert name == "fsd-sinet-vgg42-tlpf_aps-1-as-intended"
    clap = CARDS["LAION-CLAP"]
    assert embedding_name(clap, "as-published", None, "transformers") == "laion-clap"
    assert embedding_name(clap, "as-published", None, "laion-clap") == "laion-clap-by_laion-clap"
    assert find_card("laion-clap").name == "LAION-CLAP"
    with pytest.raises(InputError, match="FSD-SINet has no extraction 'dithered'; it has: as-pub"):
        embedding_name(sinet, "dithered")
    with pytest.raises(InputError, match="FSD-SINet has no backend 'essentia'; it has: none: ther"):
        embedding_name(sinet, "as-published", None, "essentia")
    with pytest.raises(InputError, match=r"has no backend 'msclap'; it has: transformers, laion-"):
        embedding_name(clap, "as-published", None, "msclap")
    with pytest.raises(InputError, match="There is no representation 'CLAP'; there are: Freesound"):
        find_card("CLAP")
