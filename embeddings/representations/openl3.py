"""OpenL3: a network that was trained to tell whether a sound and a picture are of one video.

Published by Cramer et al., "Look, Listen, and Learn More: Design Choices for Deep Audio
Embeddings", ICASSP 2019; the graph is Essentia's openl3-env-mel256-emb512-3.pb (trained on
environmental videos, 256 mel bands, 512 numbers).

Front end: 48 kHz, patches of 1 s every second, centred on second 0, 1, 2 and so on, so the first
half of the first patch is silence. Within a patch: frames of 2048 samples (43 ms) every 242 (5 ms),
199 of them, Hann window, 256 mel bands (Slaney, 0 to 24000 Hz, triangles of unit area) of the
magnitude spectrum, 10 log10 of at least 1e-10, in dB below the patch's maximum, not below -80. A
silent patch is 0 dB throughout.

"as-published" has 6 dB of gain before the front end, "as-intended" has none; see `graphs`. The
front end undoes a gain, so what is left of the difference is the clipping.
"""

import numpy as np

from embeddings.representations.card import ESSENTIA_GAIN, Card, essentia_graph
from embeddings.representations.graphs import Graph, Layout, cut_frames, essentia_standard

CARD = Card(
    module=__name__,
    name="OpenL3",
    description="A network that learned which sound belongs to which image.",
    modality="A&I",
    objective="Audiovisual correspondence",
    parameters="5M",
    training_data="AudioSet's environmental videos, 296K",
    test_data="no",
    kind="graph",
    frame_level=True,
    dim=512,
    extractions=ESSENTIA_GAIN,
    variations=(
        essentia_graph("feature-extractors/openl3/openl3-", "env-mel256-emb512-3", dim=512),
        essentia_graph("feature-extractors/openl3/openl3-", "env-mel128-emb512-3", dim=512),
        essentia_graph("feature-extractors/openl3/openl3-", "env-mel256-emb6144-3", dim=6144),
    ),
    packages=(("essentia", "essentia-tensorflow"),),
    code_licence="AGPL-3.0 (Essentia)",
    citation="Cramer et al., Look, listen, and learn more, ICASSP 2019",
)

SAMPLE_RATE = 48000
DIM = CARD.dim

_BANDS = 256
_FRAME, _HOP, _FRAMES = 2048, 242, 199
_FLOOR = np.float32(1e-10)
_RANGE_DB = 80


class OpenL3(Graph):
    """OpenL3 with its graph loaded."""

    layout = Layout(
        file="openl3-env-mel256-emb512-3.pb",
        input="melspectrogram",
        output="embeddings",
        patch=(_BANDS, _FRAMES, 1),
        dim=DIM,
        sample_rate=SAMPLE_RATE,
    )

    def patches(self, mono: np.ndarray, clip_id: str) -> np.ndarray:
        """Return mel patches in dB, float32 [patches, 256 bands, 199 frames, 1]; see `Graph`."""
        seconds = cut_frames(mono, SAMPLE_RATE, SAMPLE_RATE)
        return np.array([mel_db(second).T for second in seconds])[..., None]


load = OpenL3


def mel_db(second: np.ndarray) -> np.ndarray:
    """Return the mel bands of float32 [48000] below their maximum, in dB: float32 [199, 256]."""
    standard = essentia_standard()
    window = standard.Windowing(type="hann", size=_FRAME, normalized=False)
    spectrum = standard.Spectrum(size=_FRAME)
    mel = standard.MelBands(
        sampleRate=SAMPLE_RATE,
        inputSize=_FRAME // 2 + 1,
        numberBands=_BANDS,
        lowFrequencyBound=0,
        highFrequencyBound=SAMPLE_RATE / 2,
        warpingFormula="slaneyMel",
        weighting="linear",
        normalize="unit_tri",
        type="magnitude",
        log=False,
    )
    # Frames less than half inside the second are left out: those after the 199th.
    frames = cut_frames(second, _FRAME, _HOP)[:_FRAMES]
    bands = np.array([mel(spectrum(window(frame))) for frame in frames])
    decibels = 10 * np.log10(np.maximum(_FLOOR, bands))
    decibels -= decibels.max()
    return np.maximum(decibels, -_RANGE_DB)
