"""AudioCLIP's audio network: a ResNeXt with attention on a learned spectrogram, one vector a clip.

Guzhov, Raue, Hees and Dengel, "AudioCLIP: Extending CLIP to Image, Text and Audio", ICASSP 2022;
the network itself is theirs of "ESResNe(X)t-fbsp: Learning Robust Time-Frequency Transformation of
Audio", IJCNN 2021. The vector has unit length. Two kinds of checkpoint are read:

- AudioCLIP, whose audio keys begin with "audio.": 1024 numbers in the space shared with images and
  text (their networks are left out);
- the audio network alone (ESRNXFBSP): 2048 numbers, before its classifier.

Front end, at 44100 Hz: the mean of the channels, of which the first 30 s are heard; mapped by
2 (x + 32768) / 65535 - 1, in float32; windows of 1654 samples (37.5 ms, Blackman-Harris) every 561
(12.7 ms), zeros around the whole so that the last is full and around each up to 2048; 1025
frequency B-spline wavelets, whose order, bandwidth and centre are learned; power in dB, -180 dB
where there is none. The lowest 1023 bins become an image of 3 bands x 341 bins x windows.

- `as-published`: as the paper's extraction ran it, audio in [-1, 1]. The mapping is made for 16-bit
  numbers and squeezes it to 3e-5 around 1.5e-5, in steps of 1 / 256 of full scale before that: weak
  parts of the spectrum are rounding noise, and differ between machines.
- `as-intended`: times 32768 first, as the authors' own data set does.
"""

import math

import numpy as np
import torch
from torch import nn

from embeddings.representations.card import Card, Variation
from embeddings.representations.checkpoint import Tensors, load_strict, without_first_weights
from embeddings.representations.network import Network, mono

CARD = Card(
    module=__name__,
    name="AudioCLIP",
    description="CLIP with a third branch for sound, on a learned spectrogram.",
    modality="A&I&L",
    objective="Contrastive alignment",
    parameters="30M",
    training_data="AudioSet, 1.8M clips",
    test_data="no",
    frame_level=False,
    dim=1024,
    extractions={
        "as-published": "audio in [-1, 1], which leaves its spectrogram close to rounding noise",
        "as-intended": "audio in the range of 16-bit integers, as in its own data sets",
    },
    variations=(
        Variation(
            name="Full-Training",
            address="https://github.com/AndreyGuzhov/AudioCLIP/releases/download/v0.1/AudioCLIP-Full-Training.pt",
            licence="MIT",
            dim=1024,
        ),
        Variation(
            name="Partial-Training",
            address="https://github.com/AndreyGuzhov/AudioCLIP/releases/download/v0.1/AudioCLIP-Partial-Training.pt",
            licence="MIT",
            dim=1024,
        ),
        Variation(
            name="ESRNXFBSP",
            address="https://github.com/AndreyGuzhov/AudioCLIP/releases/download/v0.1/ESRNXFBSP.pt",
            licence="MIT",
            dim=2048,
        ),
    ),
    citation="Guzhov et al., AudioCLIP: extending CLIP to image, text and audio, ICASSP 2022",
)

SAMPLE_RATE: int | None = 44100
DIM = CARD.dim  # of AudioCLIP
DIM_ALONE = 2048  # of the audio network alone

_LONGEST = 30 * 44100
_LOWEST_16_BIT, _RANGE_16_BIT = -32768.0, 65535.0
_WINDOW, _HOP, _PADDED = 1654, 561, 2048
_BANDS, _BINS_PER_BAND = 3, 341
_NO_POWER = 1e-18
_BLACKMAN_HARRIS = (0.35875, -0.48829, 0.14128, -0.01168)
_TINY = 1e-8
_GROUPS = 32


class AudioClip(Network):
    """AudioCLIP's audio network with its weights; `embed` returns float32 [1024] or [2048]."""

    def __init__(self, module: "_ESResNeXt", device: str, extraction: str) -> None:
        self.filters = module.fbsp.filters()
        self.window = _blackman_harris()
        super().__init__(module, device, extraction)

    def features(self, samples: np.ndarray, clip_id: str) -> torch.Tensor:
        """Return the power in dB of the first 30 s of a clip, [1, 3 bands, 341 bins, windows]."""
        heard = mono(samples[:_LONGEST])
        if self.extraction == "as-intended":
            heard = heard * -_LOWEST_16_BIT
        # in this order, which decides what float32 rounds away
        mapped = (heard - _LOWEST_16_BIT) * 2.0 / _RANGE_16_BIT - 1.0
        frames = nn.functional.pad(_framed(mapped) * self.window, _halves(_PADDED - _WINDOW))
        parts = frames @ self.filters.mT
        power = parts.square().sum(dim=0).T[: _BANDS * _BINS_PER_BAND]
        power = power.masked_fill(power <= 0, _NO_POWER)
        return (10 * power.log10()).reshape(1, _BANDS, _BINS_PER_BAND, -1)


def load(tensors: Tensors, device: str = "cpu", extraction: str = "as-published") -> AudioClip:
    """Return AudioCLIP's audio network with the tensors of a published checkpoint of either kind.

    CLIP's tensors, or the lone audio network's classifier, are left out, where they are there.
    Raises InputError where a key of the audio network is missing or misshapen, or one is unknown.
    """
    joint = any(name.startswith("audio.") for name in tensors)
    with without_first_weights():
        module = _ESResNeXt(projected=joint)
    prefix = "audio." if joint else ""
    left_out = ("window",) if joint else ("window", r"fc\.(weight|bias)")
    load_strict(module, tensors, prefix=prefix, ignore=left_out)
    return AudioClip(module, device, extraction)


def _framed(samples: torch.Tensor) -> torch.Tensor:
    """Return all windows of `samples` [frames], [windows, 1654], with zeros around the whole."""
    hops = max(0, math.ceil((len(samples) - _WINDOW) / _HOP))
    missing = hops * _HOP + _WINDOW - len(samples)
    return nn.functional.pad(samples, _halves(missing)).unfold(0, _WINDOW, _HOP)


def _halves(count: int) -> tuple[int, int]:
    return count // 2, count - count // 2


def _blackman_harris() -> torch.Tensor:
    """Return the periodic four-term Blackman-Harris window, float32 [1654]."""
    turns = 2 * math.pi / _WINDOW * torch.arange(_WINDOW, dtype=torch.float64)
    terms = [weight * torch.cos(k * turns) for k, weight in enumerate(_BLACKMAN_HARRIS)]
    return torch.stack(terms).sum(dim=0).to(torch.float32)


class _ESResNeXt(nn.Module):
    """[batch, 3 bands, 341 bins, windows] in dB -> [batch, 1024 or 2048], of unit length."""

    def __init__(self, *, projected: bool) -> None:
        super().__init__()
        self.fbsp = _FBSP(_PADDED // 2 + 1)
        self.conv1 = nn.Conv2d(_BANDS, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = _stage(64, 128, blocks=3, stride=1)
        self.layer2 = _stage(256, 256, blocks=4, stride=2)
        self.layer3 = _stage(512, 512, blocks=6, stride=2)
        self.layer4 = _stage(1024, 1024, blocks=3, stride=2)
        self.att1 = _Attention(64, 256, (3, 1))
        self.att2 = _Attention(256, 512, (1, 5))
        self.att3 = _Attention(512, 1024, (3, 1))
        self.att4 = _Attention(1024, 2048, (1, 5))
        self.att5 = _Attention(2048, 2048, (3, 5))
        self.fc = nn.Linear(DIM_ALONE, DIM) if projected else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, stride=2, padding=1)
        for stage, attention in (
            (self.layer1, self.att1),
            (self.layer2, self.att2),
            (self.layer3, self.att3),
            (self.layer4, self.att4),
        ):
            deeper = stage(x)
            x = deeper * attention(x, deeper.shape[2:])
        pooled = x.mean(dim=(2, 3), keepdim=True) * self.att5(x, (1, 1))
        return nn.functional.normalize(self.fc(pooled.flatten(1)), dim=-1)


class _FBSP(nn.Module):
    """Frequency B-spline wavelets of learned order `m`, bandwidth `fb` and centre `fc`, in bins.

    The published checkpoints have a `bias` without a value, which must stay so.
    """

    def __init__(self, bins: int) -> None:
        super().__init__()
        self.m = nn.Parameter(torch.zeros(bins))
        self.fb = nn.Parameter(torch.ones(bins))
        self.fc = nn.Parameter(torch.arange(bins, dtype=torch.float32))
        self.bias = nn.Parameter(torch.empty(0))

    def filters(self) -> torch.Tensor:
        """Return the real and the imaginary parts of the filters, float32 [2, bins, 2048]."""
        with torch.no_grad():
            times = math.pi * torch.linspace(-1.0, 1.0, _PADDED) + _TINY
            order, bandwidth, centre = (x[:, None] for x in (self.m, self.fb, self.fc))
            angles = bandwidth * times / (order + _TINY)
            sinc = torch.where(angles == 0, 1.0, angles.sin() / angles)
            # a negative number to a power that is no whole one is complex
            turned = order * torch.where(sinc < 0, math.pi, 0.0)
            window = torch.polar(sinc.square().pow(order / 2), turned)
            wave = torch.polar(torch.ones_like(angles), -(centre * times))
            complete = bandwidth.sqrt() * (window * wave) / math.sqrt(_PADDED)
            return torch.view_as_real(complete).permute(2, 0, 1).contiguous()


class _Attention(nn.Module):
    """Weights in (0, 1) for a stage's output of the given size, from that stage's input."""

    def __init__(self, channels_in: int, channels_out: int, kernel: tuple[int, int]) -> None:
        super().__init__()
        padding = kernel[0] // 2, kernel[1] // 2
        self.conv_depth = nn.Conv2d(
            channels_in, channels_in, kernel, padding=padding, groups=channels_in
        )
        self.conv_point = nn.Conv2d(channels_in, channels_out, 1)
        self.bn = nn.BatchNorm2d(channels_out)

    def forward(self, x: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
        strongest = nn.functional.adaptive_max_pool2d(x, size)
        return self.bn(self.conv_point(self.conv_depth(strongest))).sigmoid()


def _stage(channels_in: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        _Block(channels_in, width, stride, widened=True),
        *(_Block(2 * width, width, 1, widened=False) for _ in range(blocks - 1)),
    )


class _Block(nn.Module):
    """Grouped 3 x 3 convolution between two 1 x 1 ones, around which the input is led."""

    def __init__(self, channels_in: int, width: int, stride: int, *, widened: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, groups=_GROUPS, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 2 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(2 * width)
        self.downsample = nn.Sequential()
        if widened:
            widen = nn.Conv2d(channels_in, 2 * width, 1, stride, bias=False)
            self.downsample = nn.Sequential(widen, nn.BatchNorm2d(2 * width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        inner = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()
        return (self.bn3(self.conv3(inner)) + self.downsample(x)).relu()
