"""OpenL3 against the parity kit."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from embeddings.representations import openl3
from embeddings.representations.graphs import Graph, cut_frames
from tests.embeddings.representations import kit
from tests.embeddings.representations.graph_tests import GraphTests

pytestmark = pytest.mark.essentia

ROUNDED_DB = 2 * 10 * 4 * float(np.spacing(np.float32(10)))
"""How far rounding moves a band in dB, 7.6e-5. Of bands between 1e-10 and 1e10, log10 is 10 at
most, and numpy allows its kernels 4 units in the last place of it; times 10, the band's and the
maximum's.

Essentia's own part is one compiled library that gave the same on both processors seen. (Samples
moved by a unit in the last place move weak bands by up to 6 dB, so another FFT would need more.)
"""


class TestOpenL3(GraphTests):
    name = "openl3"
    module = openl3
    kind = openl3.OpenL3

    def bands(self, mono: np.ndarray) -> np.ndarray:
        seconds = cut_frames(mono, openl3.SAMPLE_RATE, openl3.SAMPLE_RATE)
        return np.concatenate([openl3.mel_db(second) for second in seconds])

    def compare(self, found: np.ndarray, expected: np.ndarray) -> None:
        """Compare dB, which are rounded here and were there; 1.5e-5 measured."""
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() <= 2 * ROUNDED_DB

    def moved(self, patches: np.ndarray) -> list[np.ndarray]:
        """Return patches moved up and down (the maximum was rounded) and each band its own way."""
        signs = np.random.default_rng(0).choice([-1, 1], patches.shape)
        moves = [np.float32(2 * ROUNDED_DB * way) for way in (1, -1)]
        moves.append((2 * ROUNDED_DB * signs).astype(np.float32))
        between = (patches < 0) & (patches > patches.min())
        return [np.where(between, patches + move, patches) for move in moves]

    @pytest.mark.parametrize(
        "fault",
        [{"normalize": "unit_sum"}, {"highFrequencyBound": 23999}],
        ids=lambda fault: next(iter(fault)),
    )
    def test_a_wrong_front_end_is_beyond_the_tolerance(
        self, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
    ) -> None:
        """A range that is 1 Hz less is 145 times the tolerance, another area 16,800 times.

        Essentia refuses the HTK scale for these bands.
        """
        standard = openl3.essentia_standard()
        wrong = SimpleNamespace(
            Windowing=standard.Windowing,
            Spectrum=standard.Spectrum,
            MelBands=lambda **settings: standard.MelBands(**{**settings, **fault}),
        )
        monkeypatch.setattr(openl3, "essentia_standard", lambda: wrong)
        with np.load(kit.folder("openl3") / "frontend_features.npz") as stored:
            expected = stored["sweep1s"]
        found = self.bands(kit.waveform("sweep1s", openl3.SAMPLE_RATE)[:, 0])
        assert np.abs(found - expected).max() > 100 * 2 * ROUNDED_DB

    def test_a_silent_second_is_0_db(self, network: Graph) -> None:
        samples = np.zeros((48000 * 3, 1), dtype=np.float32)
        assert network.features(samples).shape == (4, 256, 199, 1)
        assert not network.features(samples).any()
