"""A worked example of a published network as a representation of one's own: aiSFX.

Ma and Lerch: Representation Learning for the Automatic Indexing of Sound Effects Libraries, ISMIR
2022. Its package brings the weights (CC BY 4.0); what is done to a sound is what its own
`inference.main` does, call by call::

    pip install --no-deps aisfx==0.1.2
    flask embeddings own COLLECTION aiSFX docs/examples/aisfx_embeddings.py
"""

import tempfile

import numpy as np
import soundfile
from aisfx import inference, preprocessing, utils
from torch.serialization import safe_globals

sample_rate = inference.SAMPLE_RATE
_HOP = 0.5  # of a window of 2.3 s, as in the paper
_COUNTS = [np.core.multiarray.scalar, np.dtype, type(np.dtype(np.int64))]  # of classes, in weights


class Model:
    """The network, and the sounds of one process on their way to it."""

    def __init__(self, device: str) -> None:
        with safe_globals(_COUNTS):  # PyTorch since 2.6 loads no other numbers of numpy's
            weights, data_sets = inference.load_weights(device)
        self.network = inference.load_bestModel(weights, data_sets, device)
        self.spectrogram = utils.spectrogram_selector("essentia")
        self.device = device

    def embed(self, samples: np.ndarray) -> np.ndarray:
        """Return float32 [windows, 512] of float32 [frames]; 1.2 s is the least that it takes."""
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:  # it reads nothing but files
            soundfile.write(file.name, samples, int(sample_rate), subtype="FLOAT")
            spectrogram = self.spectrogram(
                filename=file.name,
                sr=sample_rate,
                block_size=inference.SPEC_BLOCK_LENGTH,
                hop_size=inference.SPEC_HOP_LENGTH,
                n_mels=inference.MEL_BINS,
                f_min=inference.F_MIN,
                f_max=inference.F_MAX,
            )
        scaled = preprocessing.spectrogram_normalize(spectrogram)
        return inference.model_get_embedding(scaled, _HOP, True, self.network, self.device).numpy()


def load(weights: str | None, device: str) -> Model:
    """Return the network with the weights that are in its package."""
    return Model(device)
