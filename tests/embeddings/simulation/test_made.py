"""The made collection of FSD50K's shape, its command, and the benchmark that serves it."""

import csv
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient, FlaskCliRunner

from benchmarks import pages
from embeddings.collection.clips import Collection, open_collection
from embeddings.collection.families import fsd50k_families
from embeddings.errors import InputError
from embeddings.representations import CARDS
from embeddings.simulation.fsd50k_shape import CLIPS, draw_labels, fsd50k_classes, make_collection
from embeddings.systems.store import open_embedding, open_ranking, system_names
from evaluation.objective.published import published
from evaluation.objective.scoring import read_objective
from webapp import create_app

FEW = {name: CARDS[name] for name in ("VGGish", "BEATs")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """600 clips with two simulated systems, made by the command; not to be changed."""
    data = tmp_path_factory.mktemp("made")
    said = make(data, "--clips", "600", "--seed", "3")
    assert said == (
        "Made planned: 600 clips, 200 classes, 6 families, no sounds; 2 simulated systems.\n"
    )
    return open_collection(data, "planned")


def make(data: Path, *options: str) -> str:
    """Run the command that makes the collection "planned", with few systems."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("webapp.cli.collections.FOURTEEN", FEW)
        runner = create_app({"TESTING": True, "DATA": data}).test_cli_runner()
        return runner.invoke(args=["collections", "make", "planned", *options]).output


def test_the_classes_are_the_facts_beside_the_project(shared: Path) -> None:
    with (shared / "facts" / "fsd50k_classes.csv").open(encoding="utf-8", newline="") as file:
        facts = list(csv.DictReader(file))
    assert [(row["class"], row["parents"], int(row["eval_clips"])) for row in facts] == [
        tuple(one) for one in fsd50k_classes()
    ]
    in_family = {label for labels in fsd50k_families().values() for label in labels}
    assert {row["class"] for row in facts if row["family"]} == in_family


def test_at_full_size_every_class_has_as_many_clips_as_in_fsd50k() -> None:
    labels = draw_labels(CLIPS)
    counts = Counter(name for own in labels for name in own)
    assert counts == {one.name: one.clips for one in fsd50k_classes()}
    assert all(labels)
    parent_of = {one.name: one.parent for one in fsd50k_classes()}
    for own in labels:
        assert len(set(own)) == len(own)
        for place, name in enumerate(own):
            assert parent_of[name] in ("", *own[place + 1 :])


def test_the_seed_draws_which_clips_they_are() -> None:
    assert draw_labels(300, 1) == draw_labels(300, 1) != draw_labels(300, 2)
    assert min(Counter(name for own in draw_labels(300) for name in own).values()) == 2


def test_the_collection_is_small_whole_and_says_what_it_is(made: Collection) -> None:
    assert len(made.clips) == 600
    assert set(made.families) == set(fsd50k_families())
    assert made.convention == "cbmi2024"
    assert made.info["description"].startswith("No sounds: ")
    assert "simulated" in made.info["description"]
    assert made.envelopes.shape == (600, 200)
    assert 0 <= made.envelopes.min() < made.envelopes.max() <= 1
    seconds = np.array([clip.seconds for clip in made.clips])
    assert (seconds >= 0.3).all()
    assert (seconds <= 30).all()
    assert not any(made.audio_path(clip).exists() for clip in made.clips)


def test_its_systems_are_simulated_and_score_about_as_published(made: Collection) -> None:
    names = ["simulated-beats.l2-pca100.mcss", "simulated-vggish.l2-pca100.mcss"]
    assert system_names(made) == names
    for system, name in zip(names, ("BEATs", "VGGish"), strict=True):
        assert open_ranking(made, system).provenance == "simulated"
        facts = read_objective(made, system)
        assert facts is not None
        families = facts["conventions"]["cbmi2024"]["families"]
        found = {family: row["map@15"] for family, row in families.items()}
        assert found == pytest.approx(published()[name].families, abs=0.03)


def test_the_command_goes_on_and_never_makes_another_of_the_name(
    made: Collection, runner: FlaskCliRunner
) -> None:
    before = open_embedding(made, "simulated-beats").meta["vectors_sha256"]
    stamp = (made.folder / "clips.csv").stat().st_mtime_ns
    assert "Made planned" in make(made.data, "--clips", "600", "--seed", "3")
    assert (made.folder / "clips.csv").stat().st_mtime_ns == stamp
    assert open_embedding(made, "simulated-beats").meta["vectors_sha256"] == before
    other = make(made.data, "--clips", "600")
    assert "'planned' already, and it was not made of 600 clips with seed 1;" in other
    demo = runner.invoke(args=["collections", "make", "demo"])
    assert "The name 'demo' is kept for the demo" in demo.output


def test_bad_input_is_one_sentence_and_leaves_nothing(data: Path) -> None:
    with pytest.raises(InputError, match="has at least 200 clips, not 199"):
        make_collection(data, "few", 199)
    with pytest.raises(InputError, match="'small' already, and it was not made of"):
        make_collection(data, "small", 300)
    with pytest.raises(InputError, match="The collection name 'a b' cannot be used"):
        make_collection(data, "a b")
    assert [path.name for path in (data / "collections").iterdir()] == ["small"]


def test_its_pages_work_without_sounds(
    made: Collection, data: Path, experimenter: FlaskClient
) -> None:
    shutil.copytree(made.folder, data / "collections" / "planned")
    assert experimenter.get("/").status_code == 200
    page = experimenter.get("/browse/planned?query=17")
    assert page.status_code == 200
    assert "(simulated)" in page.text
    assert experimenter.get("/audio/planned/17").status_code == 404


def test_the_benchmark_serves_the_pages_and_ends(made: Collection) -> None:
    timing = pages.measure(made.data, made, "Browse, as it opens", repeats=3)
    assert timing.status == 200
    assert len(timing.warm) == 3
    assert min(timing.warm) > 0
    assert timing.size > 10_000
    row = pages.show(timing)
    assert row.startswith("| Browse, as it opens | ")
    assert row.endswith(" kB |")


@pytest.mark.long
def test_the_benchmark_says_which_page_is_not_there(
    made: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(pages.PAGES, "Nothing", "/nothing/{name}")
    assert "| Nothing | not there |" in pages.show(pages.measure(made.data, made, "Nothing"))
