"""FSD-SINet: a VGG-like network made insensitive to shifts in time and pitch, trained on FSD50K.

Published by Fonseca, Ferraro and Serra, "Improving sound event classification by increasing shift
invariance in convolutional neural networks", arXiv:2107.00623; the graph is Essentia's
fsd-sinet-vgg42-tlpf-1.pb.

Front end: 22050 Hz, the clip without its mean, divided by its peak plus 0.005; frames of 660
samples (30 ms) every 220 (10 ms), Hamming window, 96 mel bands (Slaney, 50 to 10500 Hz) of the
power spectrum, log10. A patch is 101 frames (1 s), a new one begins every 50 frames; what is left
of less than a patch is dropped. Each patch gives 512 numbers, maxima over time just before the
classes.

"as-published" has 6 dB of gain before the front end, "as-intended" has none; see `graphs`. The
front end undoes a gain, so what is left of the difference is the clipping.
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
    name="FSD-SINet",
    description="A shift-invariant VGG that tags the classes of FSD50K.",
    modality="A",
    objective="Classification",
    parameters="5M",
    training_data="FSD50K's development set, 51K clips in all",
    test_data="the development set of FSD50K: the same classes, other clips",
    kind="graph",
    frame_level=True,
    dim=512,
    extractions=ESSENTIA_GAIN,
    variations=(
        essentia_graph("audio-event-recognition/fsd-sinet/fsd-sinet-", "vgg42-tlpf-1", dim=512),
        essentia_graph("audio-event-recognition/fsd-sinet/fsd-sinet-", "vgg41-tlpf-1", dim=256),
        essentia_graph("audio-event-recognition/fsd-sinet/fsd-sinet-", "vgg42-aps-1", dim=512),
        essentia_graph("audio-event-recognition/fsd-sinet/fsd-sinet-", "vgg42-tlpf_aps-1", dim=512),
    ),
    packages=(("essentia", "essentia-tensorflow"),),
    code_licence="AGPL-3.0 (Essentia)",
    citation=(
        "Fonseca, Ferraro, Serra: Improving sound event classification by increasing shift "
        "invariance in CNNs, 2021"
    ),
)

SAMPLE_RATE = 22050
DIM = CARD.dim

_FRAME, _HOP = 660, 220
_PATCH, _PATCH_HOP = 101, 50
_HEADROOM = np.float32(0.005)


class FSDSINet(Graph):
    """FSD-SINet with its graph loaded."""

    layout = Layout(
        file="fsd-sinet-vgg42-tlpf-1.pb",
        input="x",
        output="model/global_max_pooling1d/Max",
        patch=(_PATCH, 96, 1),
        dim=DIM,
        sample_rate=SAMPLE_RATE,
    )

    def patches(self, mono: np.ndarray, clip_id: str) -> np.ndarray:
        """Return log mel patches, float32 [patches, 101 frames, 96 bands, 1]; see `Graph`."""
        bands = log_mel(normalise(mono), clip_id)
        return cut_patches(bands, _PATCH, _PATCH_HOP)[..., None]


load = FSDSINet


def normalise(samples: np.ndarray) -> np.ndarray:
    """Return float32 [frames] without its mean, divided by its peak plus 0.005."""
    # Summed one by one in float32, as Essentia does: what rounding leaves of an offset is all that
    # there is in silence, and comes out of the logarithm.
    total = np.cumsum(samples, dtype=np.float32)[-1]
    centred = samples - total / np.float32(len(samples))
    return centred / (np.abs(centred).max() + _HEADROOM)


def log_mel(samples: np.ndarray, clip_id: str = "") -> np.ndarray:
    """Return the log mel bands of float32 [frames] at 22050 Hz, float32 [frames, 96 bands]."""
    bands = essentia_standard().TensorflowInputFSDSINet()
    frames = noisy_frames(samples, _FRAME, _HOP, clip_id)
    return np.array([bands(frame) for frame in frames])
