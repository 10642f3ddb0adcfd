"""The level that copies will have is foreseen from what the collection knows."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.collection.clips import Collection
from embeddings.listening.copies import measure_levels
from embeddings.listening.levels import expected_level, plan_levels, playing_levels
from tests.support.sounds.imported_kinds import collection_of

RATE = 44100


@pytest.fixture
def collection(tmp_path: Path) -> Collection:
    """Noises at several levels, two of them with a click, one in two channels, and silence."""
    rng = np.random.default_rng(3)
    sounds = {
        "even": rng.normal(0, 0.1, RATE),
        "quiet": rng.normal(0, 0.01, RATE),
        "click": rng.normal(0, 0.02, RATE),
        "crack": rng.normal(0, 0.02, RATE),
        "wide": rng.normal(0, 0.1, (RATE, 2)),
        "silent": np.zeros(RATE),
    }
    sounds["click"][RATE // 2] = 0.5
    sounds["crack"][RATE // 2] = 0.9
    files = []
    for name, samples in sounds.items():
        files.append(tmp_path / f"{name}.flac")
        soundfile.write(files[-1], samples, RATE)
    return collection_of(tmp_path / "data", *files)


def test_it_is_the_level_of_the_copies_and_names_what_lowers_it(collection: Collection) -> None:
    rows = {clip.id.removesuffix(".flac"): row for row, clip in enumerate(collection.clips)}
    some = [rows[name] for name in ("even", "quiet", "click", "crack", "wide", "silent")]
    found = expected_level(collection, [*some, some[0]], -16.0)
    sources = {clip.id: collection.audio_path(clip) for clip in collection.clips}
    real, _ = plan_levels(measure_levels(sources, "flac", 1), -16.0)
    assert found.common_level == pytest.approx(real, abs=0.6)
    assert [one.row for one in found.lowering[:2]] == [rows["crack"], rows["click"]]
    assert found.lowering[0].reached < found.lowering[1].reached < -16
    assert found.without == 1
    everything = playing_levels(collection, -16.0)
    assert found.common_level == everything.common_level


def test_nothing_lowers_a_level_that_all_reach(collection: Collection) -> None:
    rows = {clip.id.removesuffix(".flac"): row for row, clip in enumerate(collection.clips)}
    found = expected_level(collection, [rows["even"], rows["quiet"]])
    assert (found.common_level, found.lowering, found.without) == (-23.0, [], 0)
    assert expected_level(collection, [rows["silent"]]) is None
    assert expected_level(collection, []) is None
