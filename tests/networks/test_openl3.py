"""OpenL3 against the parity kit."""

import numpy as np
import pytest

from embeddings.representations import openl3
from embeddings.representations.graphs import Graph, cut_frames
from tests.networks.graph_tests import GraphTests

pytestmark = pytest.mark.essentia


class TestOpenL3(GraphTests):
    name = "openl3"
    module = openl3
    kind = openl3.OpenL3

    def bands(self, mono: np.ndarray) -> np.ndarray:
        seconds = cut_frames(mono, openl3.SAMPLE_RATE, openl3.SAMPLE_RATE)
        return np.concatenate([openl3.mel_db(second) for second in seconds])

    def test_a_silent_second_is_0_db(self, network: Graph) -> None:
        samples = np.zeros((48000 * 3, 1), dtype=np.float32)
        assert network.features(samples).shape == (4, 256, 199, 1)
        assert not network.features(samples).any()
