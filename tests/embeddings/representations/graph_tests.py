"""What the tests of the four TensorFlow graphs share: the kit's stand-ins through both recipes."""

import json
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import soundfile

from embeddings.errors import InputError
from embeddings.representations import graphs
from embeddings.representations.graphs import Graph
from tests.embeddings.representations import kit

# What two machines' sums of at most 256 products (bands) and of 199 frames may differ by: twice
# 2^-24 sqrt(1 + 256 / 6), see `conditioning`, is 8e-7. Measured: 0 where the outputs were made, but
# 1.1e-7 in click0p3s of VGGish and YAMNet, whose reference has unseeded noise in silence.
CLOSE = 1e-6


class GraphTests(ABC):
    """The tests of one graph, which each test file names."""

    name: str
    module: ModuleType
    kind: type[Graph]

    @pytest.fixture(autouse=True)
    def _essentia(self) -> None:
        pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")

    @pytest.fixture
    def path(self) -> Path:
        return kit.folder(self.name) / self.kind.layout.file

    @pytest.fixture
    def network(self, path: Path) -> Graph:
        return self.module.load(path)

    @abstractmethod
    def bands(self, mono: np.ndarray) -> np.ndarray:
        """Return what the kit's frontend_features.npz holds: [frames, bands]."""

    def test_the_layout_is_that_of_the_published_file(self, path: Path) -> None:
        facts = json.loads(path.with_suffix(".json").read_text())
        layout = self.kind.layout
        assert facts["inference"]["sample_rate"] == layout.sample_rate == self.module.SAMPLE_RATE
        (taken,), (given,) = facts["schema"]["inputs"], facts["schema"]["outputs"]
        assert taken["name"] == layout.input
        assert (given["name"], given["shape"]) == (layout.output, [layout.dim])
        assert layout.dim == self.module.DIM
        assert np.prod(taken["shape"]) == np.prod(layout.patch)

    def test_the_network_alone(self, network: Graph) -> None:
        """On TensorFlow 2.15's own output for two patches, in one batch and in several."""
        with np.load(kit.folder(self.name) / "tf_check.npz") as stored:
            patches = kit.value(str(stored["patch_name"]), stored["patch_shape"])
            expected = stored["output"]
        patches = patches.reshape(2, *network.layout.patch)
        assert kit.relative(network.forward(patches), expected) < 1e-5
        many = network.forward(np.tile(patches, (35, 1, 1, 1)))
        assert kit.relative(many, np.tile(expected, (35, 1))) < 1e-5

    @pytest.mark.parametrize("kind", ["sweep1s", "click0p3s"])
    def test_the_front_end(self, kind: str) -> None:
        with np.load(kit.folder(self.name) / "frontend_features.npz") as stored:
            expected = stored[kind]
        rate = self.module.SAMPLE_RATE
        samples = kit.waveform(kind, rate)[:, 0]
        self.compare(self.bands(np.pad(samples, (0, max(0, rate - len(samples))))), expected)

    def moved(self, patches: np.ndarray) -> list[np.ndarray]:
        """Return patches as another processor's front end may round them; none unless told."""
        return []

    def compare(self, found: np.ndarray, expected: np.ndarray) -> None:
        """Compare bands; measured 0, but 9.6e-7 in VGGish's silence, where noise is."""
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < 1e-5

    @pytest.mark.parametrize("kind", kit.KINDS)
    def test_samples_give_what_the_reference_gives(self, network: Graph, kind: str) -> None:
        samples = kit.waveform(kind, self.module.SAMPLE_RATE)
        self.same(network, samples, network.embed(samples), "direct", kind)

    @pytest.mark.parametrize("kind", kit.KINDS)
    def test_files_give_what_the_reference_gives(self, network: Graph, kind: str) -> None:
        path = kit.folder("wav44") / f"{kind}.wav"
        gain = graphs.REPLAY_GAIN["as-published"]
        samples = graphs.load_audio(path, self.module.SAMPLE_RATE, gain)[:, None]
        self.same(network, samples, network.embed_file(path), "wav44", kind)

    def same(
        self, network: Graph, samples: np.ndarray, found: np.ndarray, how: str, kind: str
    ) -> None:
        """Compare vectors with the kit's: each, their number, and their mean.

        To what the graph itself rounds, and how far it moves where the front end may round.
        """
        expected = kit.reference(self.name, kind, how)
        assert found.dtype == np.float32
        assert len(found) == expected["n_frames"]
        moved = [network.forward(x) for x in self.moved(network.features(samples))]
        rounding = max((kit.relative(x, found) for x in moved), default=0.0)
        assert kit.relative(found, expected["frames"]) < CLOSE + rounding
        assert kit.relative(found.mean(axis=0), expected["embedding"]) < CLOSE + rounding

    def test_as_intended_is_the_file_at_its_own_level(self, network: Graph, path: Path) -> None:
        file = kit.folder("wav44") / "mix10p5s.wav"
        intended = self.module.load(path, extraction="as-intended")
        samples = graphs.load_audio(file, self.module.SAMPLE_RATE, -6.0)[:, None]
        assert np.array_equal(intended.embed_file(file), network.embed(samples))
        assert not np.array_equal(intended.embed_file(file), network.embed_file(file))

    def test_any_sane_clip(self, network: Graph) -> None:
        rate, dim = self.module.SAMPLE_RATE, self.module.DIM
        noise = 0.1 * np.random.default_rng(0).standard_normal((35 * rate, 2), dtype=np.float32)
        for samples in (
            noise[: round(0.3 * rate)],
            np.zeros((rate, 1), dtype=np.float32),
            np.zeros((5, 1), dtype=np.float32),
            noise[: 2 * rate],
        ):
            vectors = network.embed(samples, "a")
            assert vectors.dtype == np.float32
            assert vectors.shape == (max(1, len(vectors)), dim)
            assert np.isfinite(vectors).all()
            assert np.array_equal(vectors, network.embed(samples, "a"))
            mixed = samples.mean(axis=1, keepdims=True)
            assert np.array_equal(vectors, network.embed(mixed, "a"))
        long = network.embed(noise)
        assert len(long) > 30
        assert np.isfinite(long).all()

    def test_files_of_any_length_and_channels(self, network: Graph, tmp_path: Path) -> None:
        rate = self.module.SAMPLE_RATE
        noise = 0.1 * np.random.default_rng(0).standard_normal((32 * rate, 2), dtype=np.float32)
        stereo, six, long, cut = (tmp_path / f"{name}.wav" for name in ("2", "6", "long", "cut"))
        soundfile.write(stereo, noise[:rate], rate, subtype="FLOAT")
        soundfile.write(six, np.tile(noise[:rate], 3), rate, subtype="FLOAT")
        assert kit.relative(network.embed_file(six), network.embed_file(stereo)) < 1e-4
        soundfile.write(long, noise, rate, subtype="FLOAT")
        soundfile.write(cut, noise[: 30 * rate], rate, subtype="FLOAT")
        assert np.array_equal(network.embed_file(long), network.embed_file(cut))

    def test_wrong_files_are_named(self, network: Graph, path: Path, tmp_path: Path) -> None:
        layout = self.kind.layout
        self.refused(tmp_path / "none.pb", f"there is no such file; the graph {layout.file} is")
        self.refused(tmp_path, f"the file cannot be read; the graph {layout.file} is wanted")
        for name, content in (("text", b"version 1"), ("empty", b""), ("cut", path.read_bytes())):
            (tmp_path / name).write_bytes(content[:3000])
            self.refused(tmp_path / name, "this is no TensorFlow graph")
        with pytest.raises(InputError, match=r"no\.wav: there is no such file"):
            network.embed_file(tmp_path / "no.wav")

    def test_another_graph_is_named_by_its_node(self, path: Path) -> None:
        layout = self.kind.layout
        for change, message in (
            ({"input": "elsewhere"}, "has no node 'elsewhere'"),
            ({"output": "elsewhere"}, "has no node 'elsewhere'"),
            ({"dim": 7}, f"node '{layout.output}' gives {layout.dim} numbers for a patch, not 7"),
            ({"patch": (1, 95, 63)}, f"not take patches of 95 x 63 at its node '{layout.input}'"),
        ):
            self.refused(path, message, **change)

    def refused(self, path: Path, message: str, **change: Any) -> None:
        """Load `path` as a graph with another layout; it must be refused with `message`."""
        other = type("Other", (self.kind,), {"layout": replace(self.kind.layout, **change)})
        with pytest.raises(InputError) as caught:
            other(path, "as-published")
        assert str(caught.value).startswith(f"{path}: ")
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
