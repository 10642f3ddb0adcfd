"""YAMNet: a MobileNet that was trained to name the 521 sound classes of AudioSet.

Published by Plakal and Ellis in TensorFlow's model garden, 2019; the network is that of Howard et
al., "MobileNets", arXiv:1704.04861. The graph is Essentia's audioset-yamnet-1.pb.

Front end: that of VGGish, down to the patches of 96 frames every 93. Each patch gives 1024 numbers,
the network's last layer before its classes.

"as-published" has 6 dB of gain before the front end, "as-intended" has none; see `graphs`.
"""

from embeddings.representations import vggish
from embeddings.representations.card import ESSENTIA_GAIN, Card, essentia_graph
from embeddings.representations.graphs import Layout

CARD = Card(
    module=__name__,
    name="YAMNet",
    description="A small MobileNet that tags AudioSet's 521 sound events.",
    modality="A",
    objective="Classification",
    parameters="4M",
    training_data="AudioSet, 2M clips",
    test_data="no",
    kind="graph",
    frame_level=True,
    dim=1024,
    extractions=ESSENTIA_GAIN,
    variations=(essentia_graph("audio-event-recognition/yamnet/", "audioset-yamnet-1", dim=1024),),
    packages=(("essentia", "essentia-tensorflow"),),
    code_licence="AGPL-3.0 (Essentia)",
    citation="Plakal and Ellis, YAMNet, TensorFlow Models, 2020",
)

SAMPLE_RATE = vggish.SAMPLE_RATE
DIM = CARD.dim


class YAMNet(vggish.VGGish):
    """YAMNet with its graph loaded: VGGish's front end before another network."""

    layout = Layout(
        file="audioset-yamnet-1.pb",
        input="melspectrogram",
        output="embeddings",
        patch=vggish.VGGish.layout.patch,
        dim=DIM,
        sample_rate=SAMPLE_RATE,
        squeeze=True,
    )


load = YAMNet
