"""Wav2CLIP: a ResNet-18 on a spectrogram, taught by CLIP's image encoder; one vector a clip.

Wu, Seetharaman, Kumar and Bello, "Wav2CLIP: Learning Robust Audio Representations from CLIP",
ICASSP 2022. The vector is that of the small network behind the ResNet, which leads to CLIP's space:
512 numbers, not normalised.

Front end, at 44100 Hz: the mean of the channels, of which the first 30 s are heard; the power
spectrogram (centred 512-sample Hann windows every 353 samples, 8 ms, reflected at the ends),
257 bins from 0 to 22050 Hz. The network itself takes ln(power + 1e-7) and makes its mean over the
clip 0 and its standard deviation 1, so that a clip's level hardly matters; digital silence becomes
zeros, where the published code divides one rounding error by another. A clip of up to half a
window, where there is nothing to reflect, gets zeros after its end.

`as-published` and `as-intended` are the same: the paper's extraction does what the published
package does. The package names no sample rate; its authors' training code reads audio at 16000 Hz.
"""

import numpy as np
import torch
from torch import nn

from embeddings.representations.card import AS_PUBLISHED, Card, Variation
from embeddings.representations.checkpoint import Tensors, load_strict, without_first_weights
from embeddings.representations.frontends import power_spectrogram
from embeddings.representations.network import Network, mono

CARD = Card(
    module=__name__,
    name="Wav2CLIP",
    description="A ResNet that learned to place sound where CLIP places the picture.",
    modality="A&I&L",
    objective="Contrastive alignment",
    parameters="12M",
    training_data="VGGSound, 200K clips",
    test_data="no",
    frame_level=False,
    dim=512,
    extractions=AS_PUBLISHED,
    variations=(
        Variation(
            name="Wav2CLIP",
            address="https://github.com/descriptinc/lyrebird-wav2clip/releases/download/v0.1.0-alpha/Wav2CLIP.pt",
            licence="MIT",
            dim=512,
        ),
    ),
    citation="Wu et al., Wav2CLIP: learning robust audio representations from CLIP, ICASSP 2022",
)

SAMPLE_RATE: int | None = 44100
DIM = CARD.dim

_LONGEST = 30 * 44100
_WINDOW, _HOP = 512, 353
_SHORTEST = _WINDOW // 2 + 1
_NO_POWER = 1e-7
_NO_DEVIATION = 1e-9
_CHANNELS = (64, 128, 256, 512)

_NOT_AUDIO = (  # all but the two parts that are used, and the front end's window
    r"(?!audio_encoder\.|audio_transform\.).+",
    r"audio_encoder\.spectrogram\.window",
)


class Wav2Clip(Network):
    """Wav2CLIP's audio encoder with its weights; `embed` returns float32 [512]."""

    def features(self, samples: np.ndarray, clip_id: str) -> torch.Tensor:
        """Return the power spectrogram of the first 30 s of a clip, [1, 257 bins, windows]."""
        heard = mono(samples[:_LONGEST])
        padded = nn.functional.pad(heard, (0, max(0, _SHORTEST - len(heard))))
        return power_spectrogram(padded, _WINDOW, _HOP)[None]


def load(tensors: Tensors, device: str = "cpu", extraction: str = "as-published") -> Wav2Clip:
    """Return Wav2CLIP's audio encoder with the tensors of a published checkpoint.

    Tensors of training, outside `audio_encoder` and `audio_transform`, are left out.
    Raises InputError where a key of these two is missing, misshapen or unknown.
    """
    with without_first_weights():
        module = _Wav2Clip()
    load_strict(module, tensors, ignore=_NOT_AUDIO)
    return Wav2Clip(module, device, extraction)


class _Wav2Clip(nn.Module):
    """[batch, 257 bins, windows] -> [batch, 512]."""

    def __init__(self) -> None:
        super().__init__()
        self.audio_encoder = _ResNet18()
        # the third stands for a dropout, so that the last keeps its published number
        layers = nn.Linear(DIM, DIM), nn.ReLU(), nn.Identity(), nn.Linear(DIM, DIM)
        self.audio_transform = nn.ModuleDict({"sequential": nn.Sequential(*layers)})

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        level = (features + _NO_POWER).log()
        deviation, mean = torch.std_mean(level, dim=(1, 2), keepdim=True)
        image = ((level - mean) / (deviation + _NO_DEVIATION))[:, None]
        return self.audio_transform["sequential"](self.audio_encoder(image))


class _ResNet18(nn.Module):
    """[batch, 1, bins, windows] -> [batch, 512]."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, _CHANNELS[0], 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(_CHANNELS[0])
        self.layer1 = _stage(_CHANNELS[0], _CHANNELS[0], stride=1)
        self.layer2 = _stage(_CHANNELS[0], _CHANNELS[1], stride=2)
        self.layer3 = _stage(_CHANNELS[1], _CHANNELS[2], stride=2)
        self.layer4 = _stage(_CHANNELS[2], _CHANNELS[3], stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, stride=2, padding=1)
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
        return x.mean(dim=(2, 3))


def _stage(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        _Block(channels_in, channels_out, stride), _Block(channels_out, channels_out, 1)
    )


class _Block(nn.Module):
    """Two 3 x 3 convolutions, each with its batch norm, around which the input is led."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.downsample = nn.Sequential()
        if channels_in != channels_out:
            narrow = nn.Conv2d(channels_in, channels_out, 1, stride, bias=False)
            self.downsample = nn.Sequential(narrow, nn.BatchNorm2d(channels_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (inner + self.downsample(x)).relu()
