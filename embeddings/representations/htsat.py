"""HTS-AT, the audio transformer of LAION-CLAP, CLAP 2023 and Pengi, and its mel spectrogram.

Chen et al., "HTS-AT: A Hierarchical Token-Semantic Audio Transformer for Sound Classification and
Detection", ICASSP 2022. The network itself is that of transformers (`ClapAudioModel`); here it
takes and gives its weights by the names of the published checkpoints.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch
from torch import nn

from embeddings.representations.frontends import power_spectrogram

IGNORED = (
    r".*\.(num_batches_tracked|relative_position_index|attn_mask)",
    r".*\.(spectrogram_extractor|logmel_extractor)\..*",
    r".*\.(tscam_conv|head)\..*",
)
"""Published names, as regular expressions, of constants and of the classifier that is not used."""

DIM = 768

_BASE = {"patch_embeds_hidden_size": 128, "depths": [2, 2, 12, 2]}
_FFT = 1024
_BINS = 64
_LOW, _HIGH = 50.0, 14000.0
_FLOOR = 1e-10

_PUBLISHED = (  # name in transformers, published name; in this order
    ("attention.output.dense", "attn.proj"),
    ("attention.self.query", "attn.qkv"),
    ("attention.self.key", "attn.qkv"),
    ("attention.self.value", "attn.qkv"),
    ("attention.self", "attn"),
    ("intermediate.dense", "mlp.fc1"),
    ("output.dense", "mlp.fc2"),
    ("layernorm_before", "norm1"),
    ("layernorm_after", "norm2"),
    ("batch_norm", "bn0"),
)
_CONSTANTS = ("num_batches_tracked", "relative_position_index")


class HTSAT(nn.Module):
    """HTS-AT up to the mean of its final tokens, under the published names.

    Its `state_dict` has the published names and shapes without the constants of `IGNORED`, and
    that is what `load_state_dict` takes.

    Parameters
    ----------
    fusion : build LAION-CLAP's fusion ("aff_2d") of a long clip's parts
    base : the base size, which is wider and deeper, not the tiny one

    Attributes
    ----------
    dim : numbers in its vector, 768 (`DIM`) or 1024 of the base size
    """

    def __init__(self, *, fusion: bool = False, base: bool = False) -> None:
        from transformers import ClapAudioConfig, ClapAudioModel

        super().__init__()
        facts: dict[str, Any] = {"enable_fusion": True, "fusion_type": "aff_2d"} if fusion else {}
        facts |= _BASE if base else {}
        self.dim = 1024 if base else DIM
        self.encoder = ClapAudioModel(ClapAudioConfig(**facts)).audio_encoder
        self._constants: dict[str, torch.Tensor] = {}
        self._own: dict[str, list[str]] = {}
        for name, tensor in self.encoder.state_dict().items():
            if name.endswith(_CONSTANTS):
                self._constants[name] = tensor
            else:
                self._own.setdefault(_published(name), []).append(name)
        self.register_state_dict_post_hook(_to_published)
        self.register_load_state_dict_pre_hook(_from_published)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return float32 [batch, dim] for dB [batch, channels, windows, 64 mel bins].

        One channel is a spectrogram (up to 1024 windows); four, which take fusion, are LAION-CLAP's
        of a long clip: the whole of it and three parts.
        """
        longer = torch.full((len(features),), features.shape[1] > 1, device=features.device)
        return self.encoder(input_features=features, is_longer=longer).pooler_output


def log_mel(samples: torch.Tensor, hop: int, filters: torch.Tensor) -> torch.Tensor:
    """Return mel power in dB, float32 [windows, 64], no less than -100 dB.

    Centred Hann windows of 1024 samples every `hop`; `filters` are of `mel_filters`.
    """
    power = filters @ power_spectrogram(samples, _FFT, hop)
    return 10 * power.clamp_min(_FLOOR).log10().T


@cache
def mel_filters(rate: int, scale: str) -> torch.Tensor:
    """Return 64 triangular filters from 50 to 14000 Hz for 1024 samples at `rate` Hz, [64, 513].

    On the "htk" mel scale with peaks of 1, or on the "slaney" scale (linear up to 1 kHz) with
    areas of 1.
    """
    frequencies = torch.arange(_FFT // 2 + 1, dtype=torch.float64) * rate / _FFT
    limits = torch.tensor([_LOW, _HIGH], dtype=torch.float64)
    low, high = (_to_htk(limits) if scale == "htk" else _to_slaney(limits)).tolist()
    mels = torch.linspace(low, high, _BINS + 2, dtype=torch.float64)
    corners = _from_htk(mels) if scale == "htk" else _from_slaney(mels)
    left, centre, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising = (frequencies - left) / (centre - left)
    falling = (right - frequencies) / (right - centre)
    filters = torch.minimum(rising, falling).clamp_min(0)
    if scale == "slaney":
        filters = filters * 2 / (right - left)
    return filters.to(torch.float32)


def wrapping(tensors: Mapping[str, torch.Tensor]) -> str:
    """Return "module." where a checkpoint was saved from a model wrapped for training, else ""."""
    return "module." if any(name.startswith("module.") for name in tensors) else ""


def _published(name: str) -> str:
    for own, published in _PUBLISHED:
        name = name.replace(own, published)
    return name


def _to_published(
    module: nn.Module, state: dict[str, torch.Tensor], prefix: str, metadata: object
) -> None:
    """Rename the tensors of an HTSAT in `state`, join query, key and value, drop constants."""
    assert isinstance(module, HTSAT)
    for name in module._constants:
        del state[f"{prefix}encoder.{name}"]
    for published, names in module._own.items():
        state[prefix + published] = torch.cat(
            [state.pop(f"{prefix}encoder.{own}") for own in names]
        )


def _from_published(
    module: nn.Module, state: dict[str, torch.Tensor], prefix: str, *_rest: object
) -> None:
    """Undo `_to_published`, with the module's own constants."""
    assert isinstance(module, HTSAT)
    for name, tensor in module._constants.items():
        state[f"{prefix}encoder.{name}"] = tensor
    for published, names in module._own.items():
        parts = state.pop(prefix + published).chunk(len(names))
        state |= {f"{prefix}encoder.{own}": part for own, part in zip(names, parts, strict=True)}


def _to_htk(frequency: torch.Tensor) -> torch.Tensor:
    return 2595 * torch.log10(1 + frequency / 700)


def _from_htk(mel: torch.Tensor) -> torch.Tensor:
    return 700 * (10 ** (mel / 2595) - 1)


_SLANEY_STEP = 200 / 3  # Hz a mel below 1 kHz
_SLANEY_LOG = 27 / torch.log(torch.tensor(6.4, dtype=torch.float64))  # mels a factor e above it
_SLANEY_BREAK = 15.0  # 1 kHz


def _to_slaney(frequency: torch.Tensor) -> torch.Tensor:
    above = _SLANEY_BREAK + (frequency / 1000).log() * _SLANEY_LOG
    return torch.where(frequency < 1000, frequency / _SLANEY_STEP, above)


def _from_slaney(mel: torch.Tensor) -> torch.Tensor:
    above = 1000 * ((mel - _SLANEY_BREAK) / _SLANEY_LOG).exp()
    return torch.where(mel < _SLANEY_BREAK, mel * _SLANEY_STEP, above)
