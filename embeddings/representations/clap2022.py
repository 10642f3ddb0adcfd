"""CLAP 2022's audio encoder: a convolutional network (Cnn14) and a projection, one vector a clip.

Elizalde et al., "CLAP: Learning Audio Concepts from Natural Language Supervision", ICASSP 2023
(Microsoft's first CLAP). Its Cnn14 is that of Kong et al., "PANNs", IEEE/ACM TASLP 2020. The vector
is the projection's, 1024 numbers, not normalised; the text encoder is left out.

Front end, at 44100 Hz: exactly 5 s. A clip of up to 5 s is repeated until it fills them, of a
longer one 5 s are cut out at random, by the clip's own seed. Power spectrogram (centred 1024-sample
Hann windows every 320 samples), 64 mel filters from 50 to 14000 Hz (Slaney's scale and norm),
10 log10 with a floor of -100 dB: 690 windows x 64 filters.

- `as-published`: several channels are heard one after the other, as a single longer clip.
- `as-intended`: the mean of the channels. The seeded random cut is the same in both: it is how the
  encoder's authors treat long clips.
"""

import numpy as np
import torch
from torch import nn

from embeddings.representations.card import CHANNELS, Card, Variation
from embeddings.representations.checkpoint import Tensors, load_strict, without_first_weights
from embeddings.representations.frontends import power_spectrogram
from embeddings.representations.msclap import Projection, fixed_length
from embeddings.representations.network import Network

CARD = Card(
    module=__name__,
    name="CLAP2022",
    description="Sound and its caption brought together; Cnn14 hears the sound.",
    modality="A&L",
    objective="Contrastive alignment",
    parameters="81M",
    training_data="FSD50K, ClothoV2, AudioCaps, MACS: 128K pairs",
    test_data="36K clips of FSD50K's development set, captioned by their titles and descriptions",
    frame_level=False,
    dim=1024,
    extractions=CHANNELS,
    variations=(
        Variation(
            name="2022",
            address="https://huggingface.co/microsoft/msclap/resolve/main/CLAP_weights_2022.pth",
            licence="MS-PL",
            dim=1024,
        ),
    ),
    packages=(
        ("torch", "torch"),
        ("librosa", "librosa"),
    ),
    citation=(
        "Elizalde et al., CLAP: learning audio concepts from natural language supervision, ICASSP"
        " 2023"
    ),
)

SAMPLE_RATE: int | None = 44100
DIM = CARD.dim

_RATE = 44100
_SECONDS = 5
_WINDOW, _HOP = 1024, 320
_BINS, _LOWEST, _HIGHEST = 64, 50, 14000
_FLOOR = 1e-10
_CHANNELS = (1, 64, 128, 256, 512, 1024, 2048)

_NOT_AUDIO = (  # the text encoder, the classifier, the front end's constants
    r"caption_encoder\..+",
    r"logit_scale",
    r"audio_encoder\.base\.fc_audioset\.(weight|bias)",
    r"audio_encoder\.base\.spectrogram_extractor\.stft\.conv_(real|imag)\.weight",
    r"audio_encoder\.base\.logmel_extractor\.melW",
)


class Clap2022(Network):
    """CLAP 2022's audio encoder with its weights; `embed` returns float32 [1024]."""

    def __init__(self, module: nn.Module, device: str, extraction: str) -> None:
        super().__init__(module, device, extraction)
        self.filters = _mel_filters()

    def features(self, samples: np.ndarray, clip_id: str) -> torch.Tensor:
        """Return the log mel spectrogram in dB of 5 s of a clip, [1, 1, 690 windows, 64 bands]."""
        heard = fixed_length(samples, _SECONDS, clip_id, self.extraction)
        power = power_spectrogram(heard, _WINDOW, _HOP)
        mel = power.T @ self.filters
        return (10 * mel.clamp_min(_FLOOR).log10())[None, None]


def load(tensors: Tensors, device: str = "cpu", extraction: str = "as-published") -> Clap2022:
    """Return CLAP 2022's audio encoder with the tensors of a published checkpoint.

    The text encoder's tensors are left out, where they are there.
    Raises InputError where a key of the audio encoder is missing or misshapen, or one is unknown.
    """
    with without_first_weights():
        whole = nn.ModuleDict({"audio_encoder": _AudioEncoder()})
    load_strict(whole, tensors, ignore=_NOT_AUDIO)
    return Clap2022(whole["audio_encoder"], device, extraction)


def _mel_filters() -> torch.Tensor:
    """Return the mel filters over the spectrogram's bins, float32 [513, 64]."""
    from librosa.filters import mel

    made = mel(sr=_RATE, n_fft=_WINDOW, n_mels=_BINS, fmin=_LOWEST, fmax=_HIGHEST)
    return torch.from_numpy(made.T.copy())


class _AudioEncoder(nn.Module):
    """[batch, 1, windows, 64 filters] in dB -> [batch, 1024]."""

    def __init__(self) -> None:
        super().__init__()
        self.base = _Cnn14()
        self.projection = Projection(_CHANNELS[-1], DIM)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.projection(self.base(features))


class _Cnn14(nn.Module):
    """[batch, 1, windows, 64 filters] in dB -> [batch, 2048]."""

    def __init__(self) -> None:
        super().__init__()
        self.bn0 = nn.BatchNorm2d(_BINS)
        for number in range(1, len(_CHANNELS)):
            block = _ConvBlock(_CHANNELS[number - 1], _CHANNELS[number])
            self.add_module(f"conv_block{number}", block)
        self.fc1 = nn.Linear(_CHANNELS[-1], _CHANNELS[-1])

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        x = self.bn0(features.transpose(1, 3)).transpose(1, 3)
        for number in range(1, len(_CHANNELS)):
            x = self.get_submodule(f"conv_block{number}")(x)
            if number < len(_CHANNELS) - 1:
                x = nn.functional.avg_pool2d(x, 2)
        over_time = x.mean(dim=3)
        return self.fc1(over_time.amax(dim=2) + over_time.mean(dim=2)).relu()


class _ConvBlock(nn.Module):
    """Twice: 3 x 3 convolution, batch norm, ReLU."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.bn2 = nn.BatchNorm2d(channels_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
