"""Simulated embeddings: the real pipeline scores them as published, and they say what they are."""

from dataclasses import replace

import numpy as np
import pytest

from embeddings.collection.clips import Clip, Collection, open_collection, write_collection
from embeddings.collection.families import known_families
from embeddings.errors import InputError
from embeddings.representations import CARDS, Card
from embeddings.search.processing import Recipe
from embeddings.simulation import demo_collection
from embeddings.simulation.made_embeddings import write_random_embedding, write_simulated_embedding
from embeddings.simulation.synthesis import CLASSES
from embeddings.simulation.vectors import simulate
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import embedding_names, open_embedding
from evaluation.objective.published import citation, published, simulate_as_published
from evaluation.objective.scoring import score_ranking

NEAR = 0.03
TARGETS = {"Things": 0.5, "Nature": 0.4}


@pytest.fixture(scope="module")
def silent_demo(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """The demo's clips, labels and families, without its sounds, which a simulation never hears."""
    data = tmp_path_factory.mktemp("silent")
    clips = [
        Clip(demo_collection.clip_id(number, take), f"{number}-{take}", made.labels, 1.0, 44100, 1)
        for number, made in enumerate(CLASSES)
        for take in range(demo_collection.CLIPS_PER_CLASS)
    ]
    families = known_families(label for clip in clips for label in clip.labels)
    info = {"name": "demo", "title": "Demo", "convention": "corrected"}
    folder = data / "collections" / "demo"
    write_collection(folder, info, clips, families, np.zeros((len(clips), 2)))
    return open_collection(data, "demo")


@pytest.mark.parametrize("search", ["mips", "nns"])
@pytest.mark.parametrize("normalise", ["l2", "minmax", "none"])
def test_other_processings_are_tuned_as_well(
    silent_demo: Collection, normalise: str, search: str
) -> None:
    card = replace(CARDS["VGGish"], name="Other", recipe=Recipe("mean", normalise), search=search)
    targets = published()["VGGish"].families
    embedding = write_simulated_embedding(silent_demo, card, targets, source="a test")
    ranking = build_ranking(silent_demo, embedding, card.recipe, search)
    families = score_ranking(silent_demo, ranking)["conventions"]["cbmi2024"]["families"]
    assert {key: row["map@15"] for key, row in families.items()} == pytest.approx(targets, abs=NEAR)


def test_the_same_seed_gives_the_same_vectors(silent_demo: Collection) -> None:
    card, targets = CARDS["VGGish"], published()["VGGish"].families
    first, again = (simulate(silent_demo, card, targets, 5).vectors for _ in range(2))
    assert first.dtype == np.float32
    assert first.shape == (248, card.dim)
    assert first.tobytes() == again.tobytes()
    assert not np.allclose(first, simulate(silent_demo, card, targets, 6).vectors)


def test_systems_agree_in_part_about_the_sounds(silent_demo: Collection) -> None:
    targets = published()["YAMNet"].families
    cards = CARDS["YAMNet"], CARDS["CLAP2022"]
    one, other = (simulate(silent_demo, card, targets).vectors for card in cards)
    apart = ~np.eye(248, dtype=bool)
    agreement = np.corrcoef((one @ one.T)[apart], (other @ other.T)[apart])[0, 1]
    assert 0.3 < agreement < 0.9


def test_it_says_what_it_is_and_leaves_the_computed_one_alone(silent_demo: Collection) -> None:
    write_random_embedding(silent_demo, name="freesound")  # stands for the computed one
    before = open_embedding(silent_demo, "freesound").meta["vectors_sha256"]
    embedding = simulate_as_published(silent_demo, CARDS["Freesound"], demo_collection.SEED)
    assert embedding.name == "simulated-freesound"
    assert embedding.meta["provenance"] == "simulated"
    assert embedding.meta["representation"] == "Freesound"
    assert embedding.meta["title"] == "Freesound (simulated)"
    assert "know nothing of the sounds" in embedding.meta["description"]
    said = embedding.meta["simulation"]
    assert (said["metric"], said["convention"]) == ("map@15", "cbmi2024")
    assert said["wanted"] == published()["Freesound"].families
    assert citation() in said["source"]
    assert open_embedding(silent_demo, "freesound").meta["vectors_sha256"] == before
    assert build_ranking(silent_demo, embedding).title.startswith("Freesound (simulated)")


def small_card() -> Card:
    """Return a card whose PCA the 18 clips of the small collection allow."""
    return replace(CARDS["VGGish"], dim=12, recipe=Recipe(pca=8))


def test_a_family_without_a_target_gets_the_mean(small: Collection) -> None:
    made = simulate(small, small_card(), {"Things": 0.5, "Elsewhere": 0.3})
    assert made.wanted == pytest.approx({"Things": 0.5, "Nature": 0.4})


def test_what_the_classes_do_not_allow_is_come_near_to(small: Collection) -> None:
    """The best of a class of 6 clips is 5/6 under cbmi2024."""
    made = simulate(small, small_card(), {"Things": 1.0, "Nature": 1.0})
    assert made.reached["Nature"] == pytest.approx(5 / 6)
    assert max(made.noise.values()) < 0.1


def test_a_family_out_of_reach_does_not_spoil_the_others(silent_demo: Collection) -> None:
    beyond = "Source-ambiguous_sounds"  # classes of 8 clips: 0.875 at best
    targets = published()["LAION-CLAP"].families | {beyond: 1.0}
    reached = simulate(silent_demo, CARDS["LAION-CLAP"], targets).reached
    assert 0.8 < reached.pop(beyond) <= 0.875
    assert reached == pytest.approx({family: targets[family] for family in reached}, abs=NEAR)


def test_bad_input_is_one_sentence_and_leaves_nothing(small: Collection) -> None:
    card = small_card()
    bare = Collection(small.folder, small.info, small.clips, {})
    with pytest.raises(InputError, match=r"'small' has no family with a class of two clips"):
        write_simulated_embedding(bare, card, TARGETS, source="a test")
    for targets, sentence in (
        (TARGETS | {"Nature": 1.2}, r"MAP@15 of 'Nature' must be from 0 to 1, not 1\.2\."),
        (TARGETS | {"Nature": float("nan")}, "from 0 to 1, not nan"),
        ({}, "at least one family; none is given"),
    ):
        with pytest.raises(InputError, match=sentence):
            write_simulated_embedding(small, card, targets, source="a test")
    with pytest.raises(InputError, match="Nothing was published of 'Mine' to simulate"):
        simulate_as_published(small, replace(card, name="Mine"))
    assert embedding_names(small) == []
