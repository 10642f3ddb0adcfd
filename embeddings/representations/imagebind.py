"""ImageBind's audio trunk: a vision transformer over the log mel energies of three short clips.

Girdhar et al., "ImageBind: One Embedding Space To Bind Them All", CVPR 2023. The checkpoint
imagebind_huge holds the encoders of all modalities; only those of audio are read.

Front end, from each channel at 16 kHz (`frontends.resample_sinc`): three clips of 2 s, at the
start, in the middle and at the end (a shorter file gives the same one three times). Each clip
without its mean goes through Kaldi's log mel filter bank (128 bands from 20 Hz to 8 kHz, 25 ms Hann
windows every 10 ms), is cut or padded with zeros to 204 windows, minus -4.268, divided by 9.138.

Network: patches of 16 bands by 16 windows every 10 to 768 numbers, a class token, learned
positions, twelve transformer blocks with a learned extra key and value; layer norm and a linear
layer of the class token give 1024 numbers, which are scaled to unit length times the temperature of
the checkpoint (20 as published). A file's vector is the mean of its three clips.

"as-published" repeats what the authors' loader does besides: of several channels the mean over all
is removed but only the first is heard, and each clip's mean is taken off the file's own samples, so
that a clip that overlaps an earlier one begins with samples already shifted. "as-intended" takes
the mean of the channels and leaves the file's samples as they are.
"""

from collections import OrderedDict
from fractions import Fraction

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from embeddings.representations.card import FIRST_CHANNEL, Card, Variation
from embeddings.representations.checkpoint import Tensors, load_strict, without_first_weights
from embeddings.representations.frontends import kaldi_fbank
from embeddings.representations.network import Network

CARD = Card(
    module=__name__,
    name="ImageBind",
    description="Six modalities bound to one space by images; its audio trunk.",
    modality="A&I&L&O",
    objective="Contrastive alignment",
    parameters="85M",
    training_data="AudioSet and others, 1.8M clips",
    test_data="no",
    resampler="sinc",
    frame_level=False,
    dim=1024,
    extractions=FIRST_CHANNEL,
    variations=(
        Variation(
            name="huge",
            address="https://dl.fbaipublicfiles.com/imagebind/imagebind_huge.pth",
            licence="CC BY-NC-SA 4.0",
            dim=1024,
        ),
    ),
    citation="Girdhar et al., ImageBind: one embedding space to bind them all, CVPR 2023",
)

SAMPLE_RATE: int | None = 16000
DIM = CARD.dim

_RATE = 16000
_CLIPS, _SECONDS = 3, 2
_BANDS, _WINDOWS = 128, 204
_MEAN, _DEVIATION = -4.268, 9.138
_WIDTH = 768
_BLOCKS = 12
_HEADS = 12
_PATCH, _STEP = 16, 10
_PATCHES = ((_BANDS - _PATCH) // _STEP + 1) * ((_WINDOWS - _PATCH) // _STEP + 1)
_LARGEST_SCALE = 100.0
_EPSILON = 1e-6
_OTHERS = r"modality_[a-z]+\.(vision|text|depth|thermal|imu)\..+"


def load(tensors: Tensors, device: str = "cpu", extraction: str = "as-published") -> Network:
    """Return ImageBind's audio trunk with the tensors of a published checkpoint.

    The tensors of other modalities are left out, where they are there.
    Raises InputError where a key of the audio trunk is missing or misshapen, or one is unknown.
    """
    with without_first_weights():
        module = _ImageBind()
    load_strict(module, tensors, ignore=[_OTHERS])
    return ImageBind(module, device, extraction)


class ImageBind(Network):
    """ImageBind's audio trunk with its weights; `embed` returns float32 [1024]."""

    def features(self, samples: np.ndarray, clip_id: str = "") -> torch.Tensor:
        """Return the normalised log mel energies of three clips, float32 [1, 3, 1, 128, 204]."""
        published = self.extraction == "as-published"
        channels = torch.from_numpy(np.array(samples.T, dtype=np.float32, order="C"))
        if not published:
            channels = channels.mean(dim=0, keepdim=True)
        clips = []
        for start in clip_starts(channels.shape[1]):
            clip = channels[:, start : start + _SECONDS * _RATE]
            if not published:
                clip = clip.clone()
            clip -= clip.mean()
            energies = kaldi_fbank(clip[0], _RATE, bins=_BANDS, window="hanning")[:_WINDOWS]
            energies = functional.pad(energies, (0, 0, 0, _WINDOWS - len(energies)))
            clips.append((energies.T - _MEAN) / _DEVIATION)
        return torch.stack(clips)[None, :, None]

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return float32 [batch, 1024] for [batch, clips, 1, 128, 204]."""
        return self.module(features.flatten(0, 1)).unflatten(0, features.shape[:2]).mean(dim=1)


def clip_starts(frames: int) -> list[int]:
    """Return where the three clips of `frames` samples at 16 kHz begin, in samples.

    The last may begin one sample early: the authors' code cuts off the fraction of a product that
    begins with the length in seconds, rounded to a float.
    """
    latest = Fraction(max(frames / _RATE - _SECONDS, 0.0))
    return [int(latest * index / (_CLIPS - 1) * _RATE) for index in range(_CLIPS)]


class _ImageBind(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.modality_preprocessors = nn.ModuleDict({"audio": _Tokens()})
        blocks = nn.Sequential(*(_Block() for _ in range(_BLOCKS)))
        trunk = nn.Sequential(OrderedDict(blocks=blocks))
        self.modality_trunks = nn.ModuleDict({"audio": trunk})
        head = (nn.LayerNorm(_WIDTH, _EPSILON), nn.Identity(), nn.Linear(_WIDTH, DIM, bias=False))
        self.modality_heads = nn.ModuleDict({"audio": nn.Sequential(*head)})
        self.modality_postprocessors = nn.ModuleDict(
            {"audio": nn.Sequential(nn.Identity(), _UnitLength())}
        )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        # Attention is faster with the tokens, not the clips, as the first axis.
        tokens = self.modality_preprocessors["audio"](clips).transpose(0, 1).contiguous()
        found = self.modality_heads["audio"](self.modality_trunks["audio"](tokens)[0])
        return self.modality_postprocessors["audio"](found)


class _Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.empty(1, 1, _WIDTH))
        positions = nn.Parameter(torch.empty(1, 1 + _PATCHES, _WIDTH))
        self.pos_embedding_helper = nn.ParameterDict({"pos_embed": positions})
        self.rgbt_stem = nn.ModuleDict(
            {
                "proj": nn.Conv2d(1, _WIDTH, _PATCH, stride=_STEP, bias=False),
                "norm_layer": nn.LayerNorm(_WIDTH),
            }
        )

    def forward(self, clips: torch.Tensor) -> torch.Tensor:
        patches = self.rgbt_stem["proj"](clips).flatten(2).transpose(1, 2)
        patches = self.rgbt_stem["norm_layer"](patches)
        first = self.cls_token.expand(len(clips), -1, -1)
        return torch.cat([first, patches], dim=1) + self.pos_embedding_helper["pos_embed"]


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm_1 = nn.LayerNorm(_WIDTH, _EPSILON)
        self.attn = nn.MultiheadAttention(_WIDTH, _HEADS, add_bias_kv=True)
        self.norm_2 = nn.LayerNorm(_WIDTH, _EPSILON)
        wide, narrow = nn.Linear(_WIDTH, 4 * _WIDTH), nn.Linear(4 * _WIDTH, _WIDTH)
        self.mlp = nn.Sequential(OrderedDict(fc1=wide, act=nn.GELU(), fc2=narrow))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        query = self.norm_1(tokens)
        tokens = tokens + self.attn(query, query, query, need_weights=False)[0]
        return tokens + self.mlp(self.norm_2(tokens))


class _UnitLength(nn.Module):
    """Unit length, times a learned scale."""

    def __init__(self) -> None:
        super().__init__()
        self.log_logit_scale = nn.Parameter(torch.empty(()))

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        scale = self.log_logit_scale.exp().clamp_max(_LARGEST_SCALE)
        return functional.normalize(vectors, dim=-1) * scale
