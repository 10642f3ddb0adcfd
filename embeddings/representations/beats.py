"""BEATs: a transformer over spectrogram patches, pre-trained with acoustic tokenizers.

Chen et al., "BEATs: Audio Pre-Training with Acoustic Tokenizers", ICML 2023. The network is that of
the checkpoint BEATs_iter3_plus_AS2M (base size, not fine-tuned), whose file is {"cfg", "model"}.

Front end, from mono at 16 kHz (soxr, high quality): samples times 2^15, Kaldi's log mel filter bank
(128 bands from 20 Hz to 8 kHz, 25 ms Povey windows every 10 ms), minus 15.41663, divided by
2 * 6.55582. A clip is neither cropped nor padded, of any length; only what is too short for one
patch (175 ms), which the authors' code refuses, gets silence at its end.

Network: patches of 16 windows by 16 bands to 512 numbers, layer norm, a projection to 768; a
grouped convolution over the patches adds their position; twelve transformer layers with deep norm
(residuals times 24^(1/4), layer norm behind them). Attention gets a bias by the distance of two
patches in one of 320 buckets, gated for each query. A clip gives one vector a patch: eight for
every 16 windows, in the order of time, within it of frequency.

"as-published" and "as-intended" are the same: the paper extracted as the authors meant it.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from embeddings.representations.card import AS_PUBLISHED, Card, Variation
from embeddings.representations.checkpoint import Tensors, load_strict, without_first_weights
from embeddings.representations.frontends import kaldi_fbank
from embeddings.representations.network import Network, mono

CARD = Card(
    module=__name__,
    name="BEATs",
    description="A transformer that learned to predict its own acoustic tokens from masked sound.",
    modality="A",
    objective="Classification",
    parameters="90M",
    training_data="AudioSet, 1.8M clips",
    test_data="no",
    frame_level=True,
    dim=768,
    extractions=AS_PUBLISHED,
    variations=(
        Variation(
            name="iter3_plus_AS2M",
            address="https://huggingface.co/lpepino/beats_ckpts/resolve/main/BEATs_iter3_plus_AS2M.pt",
            licence="MIT",
            dim=768,
            note=(
                "a mirror: the authors' own links (github.com/microsoft/unilm, beats) no longer "
                "answer"
            ),
        ),
    ),
    citation="Chen et al., BEATs: audio pre-training with acoustic tokenizers, ICML 2023",
)

SAMPLE_RATE: int | None = 16000
DIM = CARD.dim

_MEAN, _DEVIATION = 15.41663, 6.55582
_PATCH = 16
_SHORTEST = 400 + (_PATCH - 1) * 160
_PATCH_DIM = 512
_LAYERS = 12
_HEADS = 12
_INNER = 3072
_BUCKETS, _MAX_DISTANCE = 320, 800
_POSITION_WIDTH, _POSITION_GROUPS = 128, 16
_ALPHA = (2 * _LAYERS) ** 0.25


def load(tensors: Tensors, device: str = "cpu", extraction: str = "as-published") -> Network:
    """Return BEATs with the tensors of a published checkpoint.

    Raises InputError where a key is missing or misshapen, or one is unknown.
    """
    with without_first_weights():
        module = _Beats()
    load_strict(module, tensors)
    return Beats(module, device, extraction)


class Beats(Network):
    """BEATs with its weights; `embed` returns float32 [patches, 768]."""

    def features(self, samples: np.ndarray, clip_id: str = "") -> torch.Tensor:
        """Return the normalised log mel energies of a clip, float32 [1, windows, 128]."""
        signal = mono(samples) * 2.0**15
        signal = functional.pad(signal, (0, max(0, _SHORTEST - len(signal))))
        energies = kaldi_fbank(signal, 16000, bins=128, window="povey")
        return ((energies - _MEAN) / (2 * _DEVIATION))[None]


class _Beats(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patch_embedding = nn.Conv2d(1, _PATCH_DIM, _PATCH, stride=_PATCH, bias=False)
        self.layer_norm = nn.LayerNorm(_PATCH_DIM)
        self.post_extract_proj = nn.Linear(_PATCH_DIM, DIM)
        self.encoder = _Encoder()

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        patches = self.patch_embedding(features[:, None]).flatten(2).transpose(1, 2)
        return self.encoder(self.post_extract_proj(self.layer_norm(patches)))


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pos_conv = nn.Sequential(_PositionConvolution(), nn.GELU())
        self.layer_norm = nn.LayerNorm(DIM)
        # One table for all layers, under twelve published names: the last one to be loaded counts.
        table = nn.Embedding(_BUCKETS, _HEADS)
        self.layers = nn.ModuleList(_Layer(table) for _ in range(_LAYERS))

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        position = self.pos_conv(patches.transpose(1, 2)).transpose(1, 2)
        found = self.layer_norm(patches + position)
        table = self.layers[0].get_submodule("self_attn.relative_attention_bias")
        bias = table(_buckets(found.shape[1]).to(found.device)).permute(2, 0, 1).contiguous()
        for layer in self.layers:
            found = layer(found, bias)
        return found


class _PositionConvolution(nn.Module):
    """A grouped convolution whose weight is a direction and, for each tap, a magnitude."""

    def __init__(self) -> None:
        super().__init__()
        self.weight_g = nn.Parameter(torch.empty(1, 1, _POSITION_WIDTH))
        self.weight_v = nn.Parameter(torch.empty(DIM, DIM // _POSITION_GROUPS, _POSITION_WIDTH))
        self.bias = nn.Parameter(torch.empty(DIM))

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        norm = self.weight_v.norm(dim=(0, 1), keepdim=True)
        weight = self.weight_v * (self.weight_g / norm)
        half = _POSITION_WIDTH // 2
        found = functional.conv1d(patches, weight, self.bias, padding=half, groups=_POSITION_GROUPS)
        return found[..., :-1]


class _Layer(nn.Module):
    def __init__(self, table: nn.Embedding) -> None:
        super().__init__()
        self.self_attn = _GatedAttention(table)
        self.self_attn_layer_norm = nn.LayerNorm(DIM)
        self.fc1 = nn.Linear(DIM, _INNER)
        self.fc2 = nn.Linear(_INNER, DIM)
        self.final_layer_norm = nn.LayerNorm(DIM)

    def forward(self, patches: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        found = self.self_attn_layer_norm(patches * _ALPHA + self.self_attn(patches, bias))
        inner = self.fc2(functional.gelu(self.fc1(found)))
        return self.final_layer_norm(found * _ALPHA + inner)


class _GatedAttention(nn.Module):
    """Attention with a bias [heads, patches, patches] that each query scales for itself."""

    def __init__(self, table: nn.Embedding) -> None:
        super().__init__()
        self.q_proj, self.k_proj = nn.Linear(DIM, DIM), nn.Linear(DIM, DIM)
        self.v_proj, self.out_proj = nn.Linear(DIM, DIM), nn.Linear(DIM, DIM)
        self.relative_attention_bias = table
        self.grep_linear = nn.Linear(DIM // _HEADS, 8)
        self.grep_a = nn.Parameter(torch.empty(1, _HEADS, 1, 1))

    def forward(self, patches: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        query, key, value = (
            projection(patches).unflatten(2, (_HEADS, -1)).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        gates = self.grep_linear(query).unflatten(3, (2, 4)).sum(dim=4).sigmoid()
        update, reset = gates[..., :1], gates[..., 1:]
        scale = update * (reset * self.grep_a - 1.0) + 2.0
        found = functional.scaled_dot_product_attention(query, key, value, attn_mask=scale * bias)
        return self.out_proj(found.transpose(1, 2).flatten(2))


def _buckets(count: int) -> torch.Tensor:
    """Return the bucket of every key's distance from every query, int64 [count, count].

    Half of the buckets are for keys behind the query, half for those after it. Of each half the
    first half are single distances, the others grow with the logarithm up to the largest.
    """
    places = torch.arange(count)
    offsets = places[None] - places[:, None]
    half, exact = _BUCKETS // 2, _BUCKETS // 4
    distances = offsets.abs()
    growth = torch.log(distances.clamp_min(1).float() / exact) / math.log(_MAX_DISTANCE / exact)
    far = (exact + (growth * (half - exact)).long()).clamp_max(half - 1)
    return torch.where(distances < exact, distances, far) + half * (offsets > 0)
