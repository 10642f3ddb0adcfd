"""LAION-CLAP by its authors' package: what the package is asked, and what is said without it."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskCliRunner

from embeddings.audio.decoding import read_audio
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import find_card, plan
from embeddings.systems.store import embedding_names, open_embedding

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("soxr", reason="soxr is not installed")

from embeddings.representations import laion_clap_package  # noqa: E402
from embeddings.representations.laion_clap_package import Packaged  # noqa: E402
from embeddings.representations.network import seed_of  # noqa: E402
from embeddings.representations.runner import resampled  # noqa: E402

# In place of the package: it writes down what it is asked, and gives a random number and the mean.
STAND_IN = """
import json
from pathlib import Path

import numpy as np


def note(**facts):
    with Path(__file__).with_name("calls.jsonl").open("a") as file:
        file.write(json.dumps(facts) + chr(10))


class CLAP_Module:
    def __init__(self, enable_fusion=False, device=None, amodel="HTSAT-tiny", tmodel="roberta"):
        note(fusion=enable_fusion, device=device, amodel=amodel)

    def load_ckpt(self, ckpt=None, model_id=-1, verbose=True):
        print("Load the specified checkpoint")
        note(ckpt=ckpt)

    def get_audio_embedding_from_data(self, x, use_tensor=False):
        note(dtypes=[str(one.dtype) for one in x], tensor=use_tensor)
        return np.stack([np.full(512, one.mean()) for one in x]) + np.random.random_sample()
"""


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave nothing of the package, real or made, to other tests."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    laion_clap_package._loaded.cache_clear()
    yield
    laion_clap_package._loaded.cache_clear()
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("laion_clap", "clap_module"):
            del sys.modules[name]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the stand-in writes what it is asked; worker processes find it, too."""
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "laion_clap.py").write_text(STAND_IN)
    about = tmp_path / "made" / "laion_clap-1.1.7.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text("Metadata-Version: 2.1\nName: laion-clap\nVersion: 1.1.7\n")
    monkeypatch.syspath_prepend(tmp_path / "made")
    return tmp_path / "made" / "calls.jsonl"


def write_weights(data: Path, name: str, width: int) -> Path:
    """Write as much of a checkpoint as tells which network it is of."""
    path = data / "weights" / f"{name}.pt"
    path.parent.mkdir(exist_ok=True)
    tensors = {"module.audio_branch.patch_embed.proj.bias": torch.zeros(width)}
    torch.save({"epoch": 3, "state_dict": tensors}, path)
    return path


def said(calls: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in calls.read_text().splitlines()]


def test_a_collection_by_the_package(
    runner: FlaskCliRunner, small: Collection, calls: Path
) -> None:
    path = write_weights(small.data, "630k-fusion-best", 96)
    args = ["embeddings", "extract", "small", "LAION-CLAP", "--backend", "laion-clap"]
    done = runner.invoke(args=[*args, "--workers", "1", "--device", "cpu"])
    assert done.exit_code == 0, done.output
    assert "Load the specified checkpoint" not in done.output
    assert embedding_names(small) == ["laion-clap-by_laion-clap"]
    embedding = open_embedding(small, "laion-clap-by_laion-clap")
    meta = embedding.meta
    assert (meta["backend"], meta["package"]) == ("laion-clap", "laion-clap")
    assert meta["title"] == "LAION-CLAP (by laion-clap)"
    assert meta["weights"] == path.name
    for number, clip in enumerate(small.clips):
        samples = resampled(*read_audio(small.audio_path(clip)), 48000)
        drawn = np.random.RandomState(seed_of(clip.id)).random_sample()
        assert embedding.of_clip(number) == pytest.approx(samples.mean() + drawn, abs=1e-6)
    asked = said(calls)
    assert {"fusion": True, "device": "cpu", "amodel": "HTSAT-tiny"} in asked
    assert {"ckpt": str(path)} in asked
    assert asked.count({"dtypes": ["float32"], "tensor": False}) == 18


def test_the_checkpoint_says_which_network(small: Collection, calls: Path) -> None:
    name = "music_speech_audioset_epoch_15_esc_89.98"
    write_weights(small.data, name, 128)
    card = find_card("LAION-CLAP")
    task = plan(small.data, card, variation=name, device="cpu", backend="laion-clap")
    assert task.name == "laion-clap-music_speech_audioset_epoch_15_esc_89_98-by_laion-clap"
    assert {"fusion": False, "device": "cpu", "amodel": "HTSAT-base"} in said(calls)
    default = plan(small.data, card, variation=name, device="cpu")
    assert default.facts["backend"] == "transformers"
    assert default.name == "laion-clap-music_speech_audioset_epoch_15_esc_89_98"


def test_numpy_s_random_numbers_are_left_as_they_were(small: Collection, calls: Path) -> None:
    packaged = Packaged(write_weights(small.data, "630k-fusion-best", 96))
    np.random.seed(5)
    packaged.embed(np.zeros((480, 2), np.float32), "a")
    found = np.random.random_sample()
    assert found == np.random.RandomState(5).random_sample()


@pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is not None, reason="torchvision is installed"
)
@pytest.mark.skipif(
    importlib.util.find_spec("laion_clap") is None, reason="laion-clap is not installed"
)
def test_without_torchvision_one_sentence_says_so(
    runner: FlaskCliRunner, small: Collection
) -> None:
    write_weights(small.data, "630k-fusion-best", 96)
    args = ["embeddings", "extract", "small", "LAION-CLAP", "--backend", "laion-clap"]
    done = runner.invoke(args=args)
    assert done.exit_code != 0
    found = " ".join(done.output.split())
    assert "The backend laion-clap cannot be used here: ModuleNotFoundError: No module" in found
    assert "the default backend, transformers, needs none of these" in found
    assert embedding_names(small) == []


def test_what_the_package_stumbles_over_is_said(small: Collection, calls: Path) -> None:
    packaged = Packaged(write_weights(small.data, "630k-fusion-best", 96))
    source = calls.with_name("laion_clap.py")
    source.write_text(STAND_IN.replace("note(ckpt=ckpt)", 'raise KeyError("text_branch.x")'))
    with pytest.raises(InputError, match=r"best\.pt: laion-clap cannot load it: KeyError: 'text_"):
        packaged.check()
    del sys.modules["laion_clap"]  # for good: monkeypatch would bring it back to other tests
    source.write_text("raise OSError('could not load\\na library')  # longer than what was there")
    with pytest.raises(InputError, match=r"used here: OSError: could not load a library\. Its"):
        packaged.check()


def test_a_file_that_is_no_checkpoint_never_reaches_the_package(
    small: Collection, calls: Path
) -> None:
    path = write_weights(small.data, "630k-fusion-best", 96)
    torch.save({"state_dict": {"code": print}}, path)  # a package that reads it may execute it
    with pytest.raises(InputError, match="not a checkpoint that can be read safely"):
        Packaged(path).check()
    assert not calls.exists()
