"""Representations of one's own that are made of other people's packages, and how those fail."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from embeddings.audio.decoding import read_audio
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import extract_embedding, plan_own
from embeddings.packages import versions_imported
from embeddings.representations import own
from embeddings.systems.store import open_embedding
from tests.support.own_representations import EXAMPLE

PICKY = """
sample_rate = {rate}
def load(weights, device): pass
def embed(samples):
    assert {rule}
    return [samples.mean(), len(samples)]
"""


def written(folder: Path, text: str) -> str:
    """Write a representation of one's own; return its path."""
    (folder / "own.py").write_text(text)
    return str(folder / "own.py")


def test_a_network_that_wants_long_sounds_is_tried_with_one(tmp_path: Path) -> None:
    text = PICKY.format(rate=16000, rule="len(samples) >= 9.9 * sample_rate")
    assert plan_own(written(tmp_path, text), "Long").dim == 2


def test_where_a_long_sound_fails_the_shortest_clip_is_tried(
    small: Collection, tmp_path: Path
) -> None:
    shortest = min(clip.seconds for clip in small.clips)
    rule = f"len(samples) == round({shortest} * sample_rate)"
    source = written(tmp_path, PICKY.format(rate=16000, rule=rule))
    assert plan_own(source, "Short", collection=small).dim == 2
    with pytest.raises(InputError, match=r"embed failed: AssertionError in own\.py, line 5: ass"):
        plan_own(source, "Short")


def test_where_both_fail_the_long_sounds_error_is_said(small: Collection, tmp_path: Path) -> None:
    text = PICKY.format(rate=16000, rule="False, len(samples)")
    with pytest.raises(InputError, match="embed failed: AssertionError: 160000"):
        plan_own(written(tmp_path, text), "None", collection=small)


@pytest.mark.parametrize("rate", ["44100.0", "np.float64(22050)", "np.int32(8000)"])
def test_a_whole_sample_rate_is_taken_whatever_its_type(
    small: Collection, tmp_path: Path, rate: str
) -> None:
    text = "import numpy as np" + PICKY.format(rate=rate, rule="True")
    embedding = extract_embedding(small, plan_own(written(tmp_path, text), "Whole"), workers=1)
    samples, own_rate = read_audio(small.audio_path(small.clips[0]))
    wanted = eval(rate, {"np": np})
    assert embedding.of_clip(0)[1] == np.ceil(len(samples) * wanted / own_rate)


@pytest.mark.parametrize(
    "rate", ["44100.5", "0", "-8000.0", "True", "float('nan')", "float('inf')"]
)
def test_a_sample_rate_that_is_none_is_refused(tmp_path: Path, rate: str) -> None:
    with pytest.raises(InputError, match="sample_rate must be a whole number of Hz or None, not "):
        plan_own(written(tmp_path, PICKY.format(rate=rate, rule="True")), "Mine")


@pytest.mark.parametrize(
    ("act", "last"),
    [
        (
            "raise RuntimeError('Error in loading:\\n  no key conv1.')",
            "RuntimeError: no key conv1.",
        ),
        ("raise KeyError('conv1')", "KeyError: 'conv1'."),
        ("raise OSError(2, 'gone')", "FileNotFoundError: [Errno 2] gone."),
        ("raise MemoryError", "MemoryError in own.py, line {line}: raise MemoryError."),
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'."),
        ("import sys; sys.exit('usage: x')", "SystemExit: usage: x."),
        ("[][0]", "IndexError: list index out of range."),
    ],
)
def test_whatever_fails_inside_is_one_sentence_with_its_last_line(
    tmp_path: Path, act: str, last: str
) -> None:
    texts = {
        "load": f"sample_rate = 8000\ndef load(w, d):\n    {act}\ndef embed(s): return [1]\n",
        "embed": f"sample_rate = 8000\ndef load(w, d): pass\ndef embed(s):\n    {act}\n",
        "load_model": f"def load_model(p=''):\n    {act}\ndef get_scene_embeddings(a, m): pass\n",
    }
    if "torch" not in own.sys.modules:
        pytest.importorskip("torch", reason="PyTorch is not installed")
    for which, text in texts.items():
        source = written(tmp_path, text)
        line = next(n for n, one in enumerate(text.splitlines(), 1) if act in one)
        with pytest.raises(InputError) as caught:
            plan_own(source, "Mine")
        assert str(caught.value) == f"{source}: {which} failed: {last.format(line=line)}"
        own._loaded.cache_clear()


def test_an_installed_module_that_breaks_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_representation.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    sentence = "broken_representation: cannot be loaded: ZeroDivisionError: division by zero."
    with pytest.raises(InputError) as caught:
        plan_own("broken_representation", "Mine")
    assert str(caught.value) == sentence


def test_a_clip_that_is_too_short_fails_with_the_models_own_words(
    small: Collection, tmp_path: Path
) -> None:
    """As aiSFX does below 1.2 s: an assert without a word."""
    shortest = min(clip.seconds for clip in small.clips)
    text = PICKY.format(rate=16000, rule=f"len(samples) > {shortest} * sample_rate")
    task = plan_own(written(tmp_path, text), "Mine", collection=small)
    with pytest.raises(InputError) as caught:
        extract_embedding(small, task, workers=1)
    assert "Mine could be computed of no clip; the first: " in str(caught.value)
    assert "embed failed: AssertionError in own.py, line 5: assert len(" in str(caught.value)


def test_the_versions_of_what_a_file_imports_are_kept(small: Collection, tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace("    power =", "    import scipy.fft\n    power =")
    extract_embedding(small, plan_own(written(tmp_path, text), "Octaves"), workers=1)
    meta = open_embedding(small, "octaves").meta
    assert meta["packages"] == {"numpy": np.__version__, "scipy": version("scipy")}


def test_an_installed_module_is_of_a_package_with_a_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "made_representation"
    place.mkdir()
    (place / "__init__.py").write_text("import soundfile\n" + PICKY.format(rate=8000, rule="True"))
    info = tmp_path / "made_representation-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: made-representation\nVersion: 1.5\n"
    )
    (info / "top_level.txt").write_text("made_representation\n")
    monkeypatch.syspath_prepend(tmp_path)
    task = plan_own("made_representation", "Mine")
    assert task.facts["packages"] == {
        "made-representation": "1.5",
        "soundfile": version("soundfile"),
    }


def test_pythons_own_and_unknown_modules_have_no_version() -> None:
    code = b"import os, json\nfrom . import mine\nfrom .near import x\nimport nothing_like_it\n"
    assert versions_imported(code) == {}
    assert versions_imported(
        b"# -*- coding: latin-1 -*-\n# \xe9\nfrom numpy.fft import rfft\n"
    ) == {"numpy": np.__version__}
