"""VGGish against the parity kit, and what all four graphs share: frames, noise, loading audio."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings.representations import graphs, vggish
from embeddings.representations.graphs import Graph
from tests.embeddings.representations import kit
from tests.embeddings.representations.graph_tests import GraphTests
from tests.support.places import ROOT

pytestmark = pytest.mark.essentia


class TestVGGish(GraphTests):
    name = "vggish"
    module = vggish
    kind = vggish.VGGish

    def bands(self, mono: np.ndarray) -> np.ndarray:
        return vggish.log_mel(mono)

    @pytest.mark.parametrize("frame", [(400, 160), (660, 220), (2048, 242), (100, 100)])
    def test_frames_are_cut_as_essentia_cuts_them(self, frame: tuple[int, int]) -> None:
        size, hop = frame
        standard = graphs.essentia_standard()
        for length in (1, 49, 50, 51, 160, 400, 1000, 4839, 4840, 4841, 5000):
            samples = np.arange(1, length + 1, dtype=np.float32)
            expected = list(standard.FrameGenerator(samples, frameSize=size, hopSize=hop))
            assert np.array_equal(graphs.cut_frames(samples, size, hop), np.array(expected))

    def test_noise_is_in_silent_frames_alone_and_depends_on_the_id(self) -> None:
        samples = np.concatenate([np.full(1000, level) for level in (0.99e-5, 1.01e-5, 0)])
        samples = samples.astype(np.float32)
        plain = graphs.cut_frames(samples, 400, 200)
        noisy = graphs.noisy_frames(samples, 400, 200, "a")
        hiss = np.abs(noisy - plain).max(axis=1)
        silent = np.square(plain).mean(axis=1) < 1e-10
        assert np.array_equal(hiss > 0, silent)
        assert silent.any()
        assert not silent.all()
        assert 0.9e-10 < np.abs(noisy[-1]).max() <= 1e-10
        assert np.array_equal(noisy, graphs.noisy_frames(samples, 400, 200, "a"))
        assert not np.array_equal(noisy, graphs.noisy_frames(samples, 400, 200, "b"))

    def test_a_silent_beginning_is_as_essentia_has_it(self, network: Graph, path: Path) -> None:
        """Frames that begin before the clip, where they are silent: their sound is moved."""
        samples = 9e-6 * np.random.default_rng(0).standard_normal(16000, dtype=np.float32)
        reference = graphs.essentia_standard().TensorflowPredictVGGish(
            graphFilename=str(path), output=vggish.VGGish.layout.output
        )
        assert kit.relative(network.embed(samples[:, None]), reference(samples)) < 1e-6

    @pytest.mark.parametrize("kind", kit.KINDS)
    def test_easy_loader_adds_6_db_and_clips_unless_told_otherwise(self, kind: str) -> None:
        samples, rate = kit.wav44(kind)
        path = kit.folder("wav44") / f"{kind}.wav"
        published = graphs.load_audio(path, rate, graphs.REPLAY_GAIN["as-published"])
        louder = np.clip(10 ** (6 / 20) * samples[:, 0], -1, 1)
        assert np.abs(published - louder).max() < 1e-6
        intended = graphs.load_audio(path, rate, graphs.REPLAY_GAIN["as-intended"])
        assert np.abs(intended - samples[:, 0]).max() < 1e-6

    def test_loading_and_embedding_say_nothing(self, path: Path) -> None:
        script = (
            "from pathlib import Path; from embeddings.representations import vggish;"
            f"network = vggish.load(Path({str(path)!r}));"
            f"network.embed_file(Path({str(kit.folder('wav44') / 'sweep1s.wav')!r}))"
        )
        run = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True
        )
        assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
