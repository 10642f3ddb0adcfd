"""The worked example of a published package, aiSFX, against what the package computes by itself.

The package is none of the project's: `pip install --no-deps aisfx==0.1.2` beside requirements.txt.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.collection.importing import import_collection
from embeddings.extraction.extract import extract_embedding, plan_own
from tests.support.places import ROOT

pytestmark = pytest.mark.essentia
EXAMPLE = ROOT / "docs" / "examples" / "aisfx_embeddings.py"
RATE = 44100
SECONDS = {"a": 5.0, "b": 2.5, "short": 1.0}


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A folder that the csv reader takes: two sounds, and one that is too short for aiSFX."""
    (tmp_path / "source" / "audio").mkdir(parents=True)
    for number, (name, seconds) in enumerate(SECONDS.items()):
        times = np.arange(round(seconds * RATE)) / RATE
        noise = np.random.default_rng(number).standard_normal(len(times))
        sound = 0.3 * np.sin(2 * np.pi * 300 * (number + 1) * times) + 0.03 * noise
        soundfile.write(tmp_path / "source" / "audio" / f"{name}.wav", sound, RATE, "FLOAT")
    lines = ["fname,labels", *(f"{name},Tone" for name in SECONDS)]
    (tmp_path / "source" / "clips.csv").write_text("\n".join(lines))
    return tmp_path / "source"


def test_the_example_computes_what_the_package_does(sounds: Path, tmp_path: Path) -> None:
    reason = "aisfx is not installed (pip install --no-deps aisfx==0.1.2)"
    inference = pytest.importorskip("aisfx.inference", reason=reason)
    pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")
    kept = import_collection(tmp_path / "data", "tones", sounds, "csv")[0]
    task = plan_own(str(EXAMPLE), "aiSFX", collection=kept)  # tried with ten seconds, not with one
    assert (task.dim, task.facts["packages"]["aisfx"]) == (512, "0.1.2")
    embedding = extract_embedding(kept, task, workers=1)
    assert list(embedding.meta["failed"]) == ["short"]
    assert "embed failed: AssertionError in preprocessing.py, line" in str(embedding.meta["failed"])
    os.remove(sounds / "audio" / "short.wav")
    from torch.serialization import safe_globals

    numbers = [np.core.multiarray.scalar, np.dtype, type(np.dtype(np.int64))]
    with safe_globals(numbers):
        inference.main(str(sounds / "audio"), str(tmp_path / "theirs"), use_cuda=False)
    for number, name in enumerate(("a", "b")):
        theirs = np.load(tmp_path / "theirs" / f"{name}.npy")
        ours = embedding.of_clip(number)
        assert ours.shape == theirs.shape == ({"a": 3, "b": 1}[name], 512)
        assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()
