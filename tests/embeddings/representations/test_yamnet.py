"""YAMNet against the parity kit."""

import numpy as np
import pytest

from embeddings.representations import vggish, yamnet
from tests.embeddings.representations.graph_tests import GraphTests

pytestmark = pytest.mark.essentia


class TestYAMNet(GraphTests):
    name = "yamnet"
    module = yamnet
    kind = yamnet.YAMNet

    def bands(self, mono: np.ndarray) -> np.ndarray:
        return vggish.log_mel(mono)
