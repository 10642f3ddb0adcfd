"""The cards: each whole and found by itself, the fourteen as the paper has them."""

import csv
import importlib
import re
from pathlib import Path

import pytest

from embeddings.errors import InputError
from embeddings.extraction.extract import embedding_name, find_card
from embeddings.representations import CARDS, FOURTEEN, Card
from embeddings.representations.card import KINDS, find_cards
from embeddings.search.neighbours import SEARCHES
from embeddings.search.processing import Recipe
from evaluation.figures.scores.card_figures import MODALITIES

every_card = pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)


@every_card
def test_a_card_is_whole(card: Card) -> None:
    for text in (card.description, card.modality, card.training_data, card.test_data,
                 card.code_licence, card.citation):  # fmt: skip
        assert text.strip() == text != ""
    assert card.kind in KINDS
    assert card.modality in MODALITIES
    assert re.fullmatch(r"(\d+[KMB])?", card.parameters)
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
    module = importlib.import_module(card.module)
    assert card == module.CARD  # which was read without running the module
    for needed in ("extract", "dim_of") if card.kind == "extractor" else ("load",):
        assert callable(getattr(module, needed))
    assert card.dim == module.DIM
    assert module.SAMPLE_RATE is None or 8000 <= module.SAMPLE_RATE <= 48000


def test_the_cards_are_the_papers(shared: Path) -> None:
    with (shared / "facts" / "published_scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["representation"] for row in rows] == list(FOURTEEN)
    assert list(CARDS)[:14] == list(FOURTEEN)
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
    for card in list(FOURTEEN.values())[1:]:
        assert (card.recipe, card.search) == (Recipe(), "mcss")


MODULE = '''"""A made representation."""

import this_is_nowhere

CARD = Card(
    module=__name__, name="%s", description="Made.", modality="A", objective="", parameters="",
    training_data="none", test_data="no", kind="extractor", frame_level=False, dim=4,
    extractions=AS_PUBLISHED, packages=(("numpy", "numpy"),), code_licence="MIT", citation="none",
)
'''


def test_cards_are_found_in_order_and_no_module_is_run(tmp_path: Path) -> None:
    for name in ("B", "A", "C"):
        (tmp_path / f"module_{name}.py").write_text(MODULE % name)
    (tmp_path / "helper.py").write_text("import this_is_nowhere\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "__init__.py").write_text(MODULE % "Folder")
    found = find_cards(tmp_path, "made", ("C", "B"))
    assert list(found) == ["C", "B", "Folder", "A"]
    assert found["Folder"].module == "made.folder"
    assert found["A"].module == "made.module_A"
    assert found["A"].recipe == Recipe()


def test_a_card_that_is_none_or_is_there_twice_is_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text(MODULE.replace("dim=4,", "") % "Made")
    with pytest.raises(InputError, match=r"one.py: the CARD cannot be read: .*'dim'"):
        find_cards(tmp_path, "made", ())
    one.write_text(MODULE.replace("dim=4", "dim=DIM") % "Made")
    with pytest.raises(InputError, match=r"one.py: the CARD cannot be read: name 'DIM' is not def"):
        find_cards(tmp_path, "made", ())
    one.write_text(MODULE % "Made")
    other.write_text(MODULE % "MADE")
    with pytest.raises(InputError, match=r"^made.other is called 'MADE' as another card is.$"):
        find_cards(tmp_path, "made", ())


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
