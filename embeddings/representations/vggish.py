"""VGGish: a VGG-like network that was trained to tell the topics of videos by their sound.

Published by Hershey et al., "CNN Architectures for Large-Scale Audio Classification", ICASSP 2017;
the graph is Essentia's audioset-vggish-3.pb.

Front end: 16 kHz, frames of 400 samples (25 ms) every 160 (10 ms), Hann window, FFT of 512, 64 mel
bands (HTK, 125 to 7500 Hz) of the magnitude spectrum, ln(bands + 0.01). A patch is 96 frames
(0.96 s), a new one begins every 93 frames; what is left of less than a patch is dropped. Each
patch gives 128 numbers.

"as-published" has 6 dB of gain before the front end, "as-intended" has none; see `graphs`.
"""

import numpy as np

from embeddings.representations.card import ESSENTIA_GAIN, Card, essentia_graph
from embeddings.representations.graphs import (
    Graph,
    Layout,
    cut_patches,
    essentia_standard,
    noisy_frames,
)

CARD = Card(
    module=__name__,
    name="VGGish",
    description="A VGG-like network that tags a large set of videos by their sound.",
    modality="A",
    objective="Classification",
    parameters="62M",
    training_data="YouTube-8M, 80M clips",
    test_data="no",
    kind="graph",
    frame_level=True,
    dim=128,
    extractions=ESSENTIA_GAIN,
    variations=(essentia_graph("feature-extractors/vggish/", "audioset-vggish-3", dim=128),),
    packages=(("essentia", "essentia-tensorflow"),),
    code_licence="AGPL-3.0 (Essentia)",
    citation="Hershey et al., CNN architectures for large-scale audio classification, ICASSP 2017",
)

SAMPLE_RATE = 16000
DIM = CARD.dim

_FRAME, _HOP = 400, 160
_PATCH, _PATCH_HOP = 96, 93


class VGGish(Graph):
    """VGGish with its graph loaded."""

    layout = Layout(
        file="audioset-vggish-3.pb",
        input="model/Placeholder",
        output="model/vggish/embeddings",
        patch=(1, _PATCH, 64),
        dim=DIM,
        sample_rate=SAMPLE_RATE,
        squeeze=True,
    )

    def patches(self, mono: np.ndarray, clip_id: str) -> np.ndarray:
        """Return log mel patches, float32 [patches, 1, 96 frames, 64 bands]; see `Graph`."""
        return cut_patches(log_mel(mono, clip_id), _PATCH, _PATCH_HOP)[:, None]


load = VGGish


def log_mel(samples: np.ndarray, clip_id: str = "") -> np.ndarray:
    """Return the log mel bands of float32 [frames] at 16 kHz, float32 [frames, 64 bands]."""
    bands = essentia_standard().TensorflowInputVGGish()
    frames = noisy_frames(samples, _FRAME, _HOP, clip_id)
    return np.array([bands(frame) for frame in frames])
