"""FSD-SINet against the parity kit."""

from pathlib import Path

import numpy as np
import pytest

from embeddings.representations import fsd_sinet
from embeddings.representations.graphs import Graph, essentia_standard
from tests.embeddings.representations import kit
from tests.embeddings.representations.graph_tests import GraphTests

pytestmark = pytest.mark.essentia


class TestFSDSINet(GraphTests):
    name = "fsd_sinet"
    module = fsd_sinet
    kind = fsd_sinet.FSDSINet

    def bands(self, mono: np.ndarray) -> np.ndarray:
        return fsd_sinet.log_mel(mono)

    def compare(self, found: np.ndarray, expected: np.ndarray) -> None:
        """Compare log10 bands down to 60 dB below the largest, and all of them in linear power.

        The kit's features of silence are log10(1e-30); with the noise that the network is fed,
        they are about -19.
        """
        super().compare(*(np.where(expected > expected.max() - 6, x, 0) for x in (found, expected)))
        difference = np.abs(10.0**found - 10.0**expected)
        assert difference.max() < 1e-5 * 10.0 ** expected.max()

    def test_silence_depends_on_the_id_alone(self, network: Graph) -> None:
        silence = np.zeros((22050, 1), dtype=np.float32)
        once = network.embed(silence, "a")
        assert np.array_equal(once, network.embed(silence, "a"))
        assert not np.array_equal(once, network.embed(silence, "b"))

    def test_an_offset_leaves_what_essentia_leaves(self, network: Graph, path: Path) -> None:
        samples = np.full(44100, 0.1, dtype=np.float32)
        reference = essentia_standard().TensorflowPredictFSDSINet(
            graphFilename=str(path), output=network.layout.output
        )
        assert kit.relative(network.embed(samples[:, None]), reference(samples)) < 1e-6
