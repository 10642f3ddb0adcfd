"""A user's own representation, by three names, HEAR's API or mteb; and what is not one."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskCliRunner

from embeddings.audio.decoding import read_audio
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import extract_embedding, plan_own
from embeddings.representations import own
from embeddings.systems.store import embedding_names, open_embedding
from tests.support.places import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "octave_energies.py"

HEAR = """
import torch

class Model(torch.nn.Module):
    sample_rate = 8000
    scene_embedding_size = 2

def load_model(model_file_path=""):
    return Model()

def get_scene_embeddings(audio, model):
    assert audio.ndim == 2
    return torch.stack([audio.mean(dim=1), audio.std(dim=1)], dim=1)
"""


# With the names and signatures of mteb 2.26's own, and a model that uses them as its models do.
MTEB = """
from types import SimpleNamespace

__version__ = "2.26.24"


class Collator:
    def __call__(self, inputs):
        for row in inputs:
            row["audio"] = {"array": row["audio"]["array"][::2], "sampling_rate": 8000}
        return {key: [row[key] for row in inputs] for key in inputs[0]}


class Model:
    def __init__(self, name, device, modalities):
        self.mteb_model_meta = SimpleNamespace(name=name, modalities=modalities)
        self.device = device

    def encode(self, inputs, *, task_metadata, hf_split, hf_subset, prompt_type=None, **kwargs):
        import numpy as np

        assert (task_metadata.name, kwargs) == ("ESC50Clustering", {"show_progress_bar": False})
        if "audio" not in inputs.dataset.features:
            raise ValueError("only supports audio inputs.")
        if not self.mteb_model_meta.name.endswith("as-it-is"):
            inputs.collate_fn = Collator()
        found = []
        for batch in inputs:
            for audio in batch["audio"]:
                assert audio["array"].ndim == 1
                if self.mteb_model_meta.name.endswith("broken"):
                    raise RuntimeError("no such\\nlayer.")
                found.append([audio["array"].mean(), len(audio["array"]), audio["sampling_rate"]])
        return np.array(found, dtype=np.float64)


def get_model(model_name, revision=None, device=None, *, embed_dim=None, **kwargs):
    if model_name == "some/unknown":
        raise KeyError("Model not found")
    return Model(model_name, device, ["text"] if model_name == "some/reader" else ["audio", "text"])


def get_task(task_name, languages=None, script=None, **kwargs):
    return SimpleNamespace(metadata=SimpleNamespace(name=task_name, modalities=["audio"]))
"""


@pytest.fixture
def mteb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A made mteb in place of the package; worker processes find it, too."""
    pytest.importorskip("torch", reason="PyTorch is not installed")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mteb.py").write_text(MTEB)
    monkeypatch.syspath_prepend(tmp_path / "made")
    own._loaded.cache_clear()
    yield
    own._loaded.cache_clear()
    sys.modules.pop("mteb", None)


def test_the_worked_example_finds_sounds_of_a_kind(
    runner: FlaskCliRunner, small: Collection
) -> None:
    said = runner.invoke(args=["embeddings", "own", "small", "Octaves", str(EXAMPLE)])
    assert "octaves of small: 18 of 18 clips, 8 dimensions, 0 failed." in said.output
    embedding = open_embedding(small, "octaves")
    assert (embedding.meta["provenance"], embedding.meta["representation"]) == (
        "computed",
        "Octaves",
    )
    args = ["rankings", "build", "small", "Octaves", "--normalise", "minmax", "--pca", "none"]
    assert runner.invoke(args=[*args, "--search", "nns"]).exit_code == 0
    table = runner.invoke(args=["evaluate", "small"]).output
    row = next(line for line in table.splitlines() if line.startswith("Octaves"))
    assert float(row.split()[5]) > 0.9  # MAP@15: hums, beeps and hisses lie octaves apart


def test_a_module_that_speaks_hear(small: Collection, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed")
    (tmp_path / "hear.py").write_text(HEAR)
    task = plan_own(str(tmp_path / "hear.py"), "Two")
    assert task.dim == 2
    embedding = extract_embedding(small, task, workers=1)
    assert embedding.vectors.shape == (18, 2)
    assert np.isfinite(embedding.vectors).all()


def test_a_model_with_embed_and_weights_and_frames(small: Collection, tmp_path: Path) -> None:
    (tmp_path / "framed.py").write_text(
        "from pathlib import Path\n"
        "sample_rate = None\n"
        "class Model:\n"
        "    def __init__(self, weights): self.scale = float(Path(weights).read_text())\n"
        "    def embed(self, samples):\n"
        "        return self.scale * samples[: len(samples) // 800 * 800].reshape(-1, 800)[:, :3]\n"
        "def load(weights, device): return Model(weights)\n"
    )
    (tmp_path / "weights.txt").write_text("2.5")
    task = plan_own(str(tmp_path / "framed.py"), "Framed", weights=tmp_path / "weights.txt")
    embedding = extract_embedding(small, task, workers=1)
    assert embedding.frames is not None
    assert embedding.of_clip(0).shape == (12, 3)
    assert embedding.meta["weights"] == "weights.txt"


@pytest.mark.usefixtures("mteb")
def test_a_model_of_mteb(runner: FlaskCliRunner, small: Collection) -> None:
    args = ["embeddings", "own", "small", "Heard", "mteb:some/listener", "--workers", "1"]
    said = runner.invoke(args=args)
    assert "heard of small: 18 of 18 clips, 3 dimensions, 0 failed." in said.output
    embedding = open_embedding(small, "heard")
    facts = {"source": "mteb:some/listener", "package": "mteb", "package_version": "2.26.24"}
    assert facts.items() <= embedding.meta.items()
    samples, rate = read_audio(small.audio_path(small.clips[0]))
    found = embedding.of_clip(0)
    assert found[1:].tolist() == [-(-len(samples) // 2), 8000]
    assert found[0] == pytest.approx(samples.mean(axis=1)[::2].mean(), abs=1e-7)
    task = plan_own("mteb:some/listener-as-it-is", "Whole")
    whole = extract_embedding(small, task, workers=1)
    assert whole.of_clip(0)[1:].tolist() == [len(samples), rate]


@pytest.mark.usefixtures("mteb")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("some/unknown", "mteb:some/unknown cannot be loaded: KeyError: 'Model not found'."),
        ("some/reader", "mteb:some/reader does not hear audio; it takes text."),
        ("some/broken", "mteb:some/broken failed: RuntimeError: no such layer."),
    ],
)
def test_a_model_of_mteb_that_cannot_be(name: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        plan_own(f"mteb:{name}", "Mine")
    assert str(caught.value) == sentence
    (tmp_path / "weights.pt").touch()
    with pytest.raises(InputError, match="brings its own weights; leave out --weights"):
        plan_own(f"mteb:{name}", "Mine", weights=tmp_path / "weights.pt")


def test_without_mteb_the_install_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mteb", None)
    with pytest.raises(InputError, match=r'need the package mteb \(pip install "mteb\[audio\]"'):
        plan_own("mteb:some/listener", "Mine")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = 1", "there is no sample_rate; a representation has sample_rate, load and embed"),
        ("sample_rate = 'high'\ndef load(w, d): pass", "sample_rate must be a whole number of Hz"),
        ("sample_rate = 8000\ndef load(w, d): pass", "there is no embed, of the module or"),
        (
            "sample_rate = 8000\ndef load(w, d): pass\ndef embed(s): return 3.0",
            "must return [dim] or [windows, dim], not an array of shape ()",
        ),
        (
            "sample_rate = 8000\ndef load(w, d): pass\ndef embed(s): return [float('nan')]",
            "returned NaN or infinity",
        ),
        ("1 / 0", "cannot be loaded: ZeroDivisionError"),
    ],
)
def test_what_is_no_representation(
    small: Collection, tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "own.py").write_text(text)
    with pytest.raises(InputError) as caught:
        plan_own(str(tmp_path / "own.py"), "Mine")
    assert sentence in str(caught.value)
    assert embedding_names(small) == []


def test_names_and_sources_that_cannot_be() -> None:
    with pytest.raises(InputError, match="BEATs has a card already"):
        plan_own(str(EXAMPLE), "BEATs")
    with pytest.raises(InputError, match="there is no such file"):
        plan_own("nothing.py", "Mine")
    with pytest.raises(InputError, match="There is no Python file or module 'no_such_module'"):
        plan_own("no_such_module", "Mine")
    with pytest.raises(InputError, match="representation name 'a b' cannot be used"):
        plan_own(str(EXAMPLE), "a b")
