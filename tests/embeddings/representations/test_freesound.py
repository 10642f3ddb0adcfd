"""Freesound's representation by the real extractor, and extraction that survives anything."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.collection.clips import Collection, open_collection
from embeddings.collection.importing import import_collection
from embeddings.errors import InputError
from embeddings.extraction.extract import extract_embedding, find_card, plan
from embeddings.representations import CARDS, freesound
from embeddings.representations.freesound import extractor
from embeddings.simulation import demo_collection
from embeddings.systems.store import embedding_names, open_embedding
from tests.support.places import ROOT
from tests.support.small import RATE, make_sound, write_source
from tests.support.waiting import wait_for

pytestmark = pytest.mark.essentia


@pytest.fixture(autouse=True)
def _essentia() -> None:
    pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")


def test_the_table_of_descriptors_is_what_essentia_gives(tmp_path: Path) -> None:
    """Every low-level descriptor with all six statistics is in the table, with its bands."""
    path = tmp_path / "a.wav"
    soundfile.write(path, make_sound("Hiss", 0, 2.0), RATE)
    pool, _ = extractor._extractor()(str(path))
    names = {
        name.removeprefix("lowlevel.") for name in pool.descriptorNames() if "lowlevel." in name
    }
    six = {
        name.removesuffix(".dvar2"): int(np.size(pool[f"lowlevel.{name}"]))
        for name in names
        if name.endswith(".dvar2")
        and all(name.replace("dvar2", other) in names for other in freesound.STATISTICS)
    }
    assert six == freesound.DESCRIPTORS
    assert freesound.DIM == 1584 == len(set(freesound.feature_names()))
    vector = freesound.describe(path)
    where = freesound.feature_names().index("mfcc.dmean2[3]")
    assert vector[where] == pytest.approx(pool["lowlevel.mfcc.dmean2"][3])


def test_dither_makes_silence_exact_and_depends_on_the_id(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    sound = make_sound("Hum", 0, 1.5)
    sound[len(sound) // 3 :] = 0
    soundfile.write(path, sound, RATE)
    once = freesound.extract(path, "a", "dithered")
    assert once.dtype == np.float32
    assert np.isfinite(once).all()
    assert np.array_equal(once, freesound.extract(path, "a", "dithered"))
    assert not np.array_equal(once, freesound.extract(path, "b", "dithered"))
    assert np.sqrt((freesound.dither("a", (10000,)) ** 2).mean()) == pytest.approx(3e-5, rel=0.05)


@pytest.mark.parametrize("rate", [8000, 96000])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_any_rate_and_number_of_channels(tmp_path: Path, rate: int, channels: int) -> None:
    path = tmp_path / "a.wav"
    rng = np.random.default_rng(0)
    soundfile.write(path, 0.1 * rng.standard_normal((rate // 3, channels)), rate)
    assert np.isfinite(freesound.extract(path, "a", "dithered")).all()


def test_a_silent_clip_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(RATE), RATE)
    with pytest.raises(InputError, match="the audio is silent; FreesoundExtractor describes no"):
        freesound.extract(path, "a", "dithered")
    with pytest.raises(InputError, match="FreesoundExtractor refused it"):
        freesound.extract(path, "a", "as-published")


def test_failing_clips_are_recorded_and_stop_nothing(tmp_path: Path) -> None:
    source = write_source(tmp_path / "source", takes=1)
    soundfile.write(source / "audio" / "hum-0.wav", np.zeros(RATE), RATE)
    collection, _ = import_collection(tmp_path / "data", "three", source, "csv")
    (source / "audio" / "beep-0.wav").unlink()
    embedding = extract_embedding(collection, plan(collection.data, CARDS["Freesound"]))
    assert embedding.vectors.shape == (1, 1584)
    failed = embedding.meta["failed"]
    assert list(failed) == ["hum-0", "beep-0"]
    assert "the audio is silent" in failed["hum-0"]
    assert "there is no such file" in failed["beep-0"]
    (source / "audio" / "hiss-0.wav").unlink()
    with pytest.raises(InputError, match="Freesound could be computed of no clip; the first: "):
        extract_embedding(collection, plan(collection.data, CARDS["Freesound"], "as-published"))
    assert embedding_names(collection) == ["freesound"]


@pytest.mark.serial
def test_killed_twice_gives_the_bytes_of_an_undisturbed_run(small: Collection, data: Path) -> None:
    command = [
        sys.executable, "-m", "flask", "embeddings", "extract", "small", "freesound",
        "--workers", "2",
    ]  # fmt: skip
    environment = os.environ | {"SOUNDING_BOARD_DATA": str(data)}
    index = small.folder / "embeddings" / ".freesound.partial" / "index.jsonl"
    kept = 1
    for _ in range(2):
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

        def begun(running: subprocess.Popen[bytes] = process, lines: int = kept + 3) -> bool:
            assert running.poll() is None
            return index.exists() and index.read_text().count("\n") >= lines

        wait_for(begun)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert embedding_names(small) == []
        lines = index.read_text().count("\n")
        assert kept + 3 <= lines < 19
        kept = lines
    with (index.parent / "vectors.f32").open("ab") as file:
        file.write(b"torn")  # as a kill in the middle of a write leaves it
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    folder = small.folder / "embeddings" / "freesound"
    resumed = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(resumed) == {"vectors.npy", "meta.json"}
    assert not index.exists()
    extract_embedding(small, plan(small.data, CARDS["Freesound"]), again=True)
    assert resumed == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_demos_vectors_are_what_this_code_computes(tmp_path: Path) -> None:
    """Three of the shipped vectors, computed again from newly made sounds."""
    with np.load(demo_collection.SHIPPED) as stored:
        ids, vectors = stored["ids"].tolist(), stored["vectors"]
    assert vectors.shape == (248, 1584)
    for number, take in ((0, 0), (15, 3), (30, 7)):
        demo_collection.write_clip((tmp_path, number, take))
        name = demo_collection.clip_id(number, take)
        again = freesound.extract(tmp_path / f"{name}.flac", name, "dithered")
        shipped = vectors[ids.index(name)]
        # Another processor may round a sample otherwise: alike, if not the same bits.
        scale = vectors.std(axis=0) + 1e-12
        assert np.median(np.abs(again - shipped) / scale) < 1e-4


def test_what_cannot_be_extracted(small: Collection) -> None:
    with pytest.raises(
        InputError, match="There is no representation 'Nothing'; there are: Freesound"
    ):
        find_card("Nothing")
    with pytest.raises(
        InputError, match="Freesound has no extraction 'raw'; it has: dithered, as-p"
    ):
        plan(small.data, CARDS["Freesound"], "raw")
    assert open_collection(small.folder.parents[1], "small").name == "small"
    assert embedding_names(small) == []


def test_a_whole_embedding_is_not_computed_again(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embeddings.extraction import extract
    from embeddings.systems.store import write_embedding

    meta = {"provenance": "computed", "representation": "Freesound"}
    write_embedding(small, "freesound", np.ones((18, 1584)), meta)
    monkeypatch.setattr(extract, "engine", None)
    assert extract_embedding(small, plan(small.data, CARDS["Freesound"])).vectors[0, 0] == 1
    assert open_embedding(small, "freesound").meta["dim"] == 1584
