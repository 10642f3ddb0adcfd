"""CAV-MAE's audio branch: an audio spectrogram transformer, one vector per spectrogram patch.

Gong et al., "Contrastive Audio-Visual Masked Autoencoder", ICLR 2023. Its published checkpoints
hold an audio and a visual branch; this is the audio one: 11 transformer blocks of its own, then the
one joint block with the norms it keeps for audio. It is the same network under the same names in
both checkpoints: as_46.6, fine-tuned to classify sounds, and audio_model.21, pre-trained only
(CAV-MAE-Scale++), which has a decoder instead of the classifier. For both, names, shapes and the
audio output under made weights were compared with the authors' code (CAVMAEFT and CAVMAE of
github.com/YuanGongND/cav-mae), which loads its files strictly; the published files themselves were
not at hand.

Front end: the signal less its mean; Kaldi's log mel energies (25-ms Hann windows every 10 ms, 128
filters from 20 Hz to half the rate); the first 1024 windows (10.24 s), zeros after a shorter clip's
end; (x + 5.081) / 4.4849. Patches of 16 filters x 16 windows: 8 x 64 = 512 vectors a clip, the
lowest filters' 64 patches first; a short clip's padding has its patches too.

- `as-published`: as the paper's extraction ran it. The spectrogram is taken at the file's own rate,
  although the weights were learned at 16 kHz; of several channels the first is heard, less the mean
  over all of them.
- `as-intended`: the mean of the channels, its first 30 s, resampled to 16 kHz (soxr, HQ).
"""

import numpy as np
import torch
from torch import nn

from embeddings.representations.card import Card, Variation
from embeddings.representations.checkpoint import Tensors, load_strict, without_first_weights
from embeddings.representations.frontends import kaldi_fbank
from embeddings.representations.network import Network, mono

CARD = Card(
    module=__name__,
    name="CAV-MAE",
    description="A masked autoencoder of sound and image together; its audio branch.",
    modality="A&I",
    objective="Audiovisual correspondence",
    parameters="85M",
    training_data="AudioSet, 1.8M clips",
    test_data="no",
    frame_level=True,
    dim=768,
    extractions={
        "as-published": "the file's own sample rate, whatever it is; the whole clip",
        "as-intended": "resampled to 16 kHz",
    },
    variations=(
        Variation(
            name="as_46.6",
            address="https://www.dropbox.com/s/itfw7p0ueq7z9og/as_46.6.pth?dl=1",
            licence="BSD-2-Clause",
            dim=768,
        ),
        Variation(
            name="audio_model.21",
            address="https://www.dropbox.com/s/l5t5geufdy3qvnv/audio_model.21.pth?dl=1",
            licence="BSD-2-Clause",
            dim=768,
        ),
    ),
    citation="Gong et al., Contrastive audio-visual masked autoencoder, ICLR 2023",
)

SAMPLE_RATE: int | None = None
DIM = CARD.dim

_RATE_INTENDED = 16000
_SECONDS_INTENDED = 30
_WINDOWS, _BINS, _PATCH = 1024, 128, 16
_MEAN, _SCALE = -5.081, 4.4849
_BLOCKS, _HEADS = 11, 12

_PART = r"(norm[12](_[av])?|attn\.(qkv|proj)|mlp\.fc[12])\.(weight|bias)"
_NOT_AUDIO = (  # published, and without a part in the audio branch's output
    rf"module\.blocks_v\.\d+\.{_PART}",
    r"module\.blocks_a\.\d+\.norm[12]_[av]\.(weight|bias)",
    r"module\.blocks_u\.\d+\.norm[12](_v)?\.(weight|bias)",
    r"module\.(norm|norm_v|mlp_head\.[01]|patch_embed_v\.proj)\.(weight|bias)",
    r"module\.(pos_embed|modality)_v",
    # the decoder of audio_model.21
    rf"module\.decoder_blocks\.\d+\.{_PART}",
    r"module\.decoder_(embed|norm|pred_[av])\.(weight|bias)",
    r"module\.(mask_token|decoder_modality_[av]|decoder_pos_embed_[av])",
)


class CavMae(Network):
    """CAV-MAE's audio branch with its weights; `embed` returns float32 [512 patches, 768]."""

    def features(self, samples: np.ndarray, clip_id: str, *, rate: int = 44100) -> torch.Tensor:
        """Return the normalised log mel energies of one clip, [1, 1024 windows, 128 filters].

        `rate` is the file's own, in Hz.
        """
        if self.extraction == "as-intended":
            channels, rate = _at_16_khz(samples, rate), _RATE_INTENDED
        else:
            channels = torch.from_numpy(samples.T.copy())
        heard = (channels - channels.mean())[0]
        energies = kaldi_fbank(heard, rate, bins=_BINS)[:_WINDOWS]
        padded = nn.functional.pad(energies, (0, 0, 0, _WINDOWS - len(energies)))
        return ((padded - _MEAN) / _SCALE)[None]

    def embed(self, samples: np.ndarray, clip_id: str = "", *, rate: int = 44100) -> np.ndarray:
        """Return every patch's vector, float32 [512, 768]; see `features`."""
        with torch.inference_mode():
            return self.vectors([self.features(samples, clip_id, rate=rate)])[0]


def load(tensors: Tensors, device: str = "cpu", extraction: str = "as-published") -> CavMae:
    """Return CAV-MAE's audio branch with the tensors of a published checkpoint.

    The tensors of the visual branch, of the classifier and of the decoder are left out, where they
    are there.
    Raises InputError where a key of the audio branch is missing or misshapen, or one is unknown.
    """
    with without_first_weights():
        branch = _AudioBranch()
    # the published names begin with "module.", as their authors' DataParallel left them
    load_strict(nn.ModuleDict({"module": branch}), tensors, ignore=_NOT_AUDIO)
    return CavMae(branch, device, extraction)


def _at_16_khz(samples: np.ndarray, rate: int) -> torch.Tensor:
    """Return the mean of the channels over the first 30 s, at 16 kHz, [1, frames]."""
    import soxr

    heard = mono(samples[: _SECONDS_INTENDED * rate]).numpy()
    return torch.from_numpy(soxr.resample(heard, rate, _RATE_INTENDED, quality="HQ"))[None]


class _AudioBranch(nn.Module):
    """[batch, 1024 windows, 128 filters] -> [batch, 512 patches, 768]."""

    def __init__(self) -> None:
        super().__init__()
        patches = (_BINS // _PATCH) * (_WINDOWS // _PATCH)
        self.patch_embed_a = nn.ModuleDict({"proj": nn.Conv2d(1, DIM, _PATCH, stride=_PATCH)})
        self.pos_embed_a = nn.Parameter(torch.zeros(1, patches, DIM))
        self.modality_a = nn.Parameter(torch.zeros(1, 1, DIM))
        self.blocks_a = nn.ModuleList(_Block() for _ in range(_BLOCKS))
        self.blocks_u = nn.ModuleList([_Block("_a")])
        self.norm_a = nn.LayerNorm(DIM)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        image = features.transpose(1, 2).unsqueeze(1)
        x = self.patch_embed_a["proj"](image).flatten(2).transpose(1, 2)
        x = x + self.pos_embed_a + self.modality_a
        for block in (*self.blocks_a, *self.blocks_u):
            x = block(x)
        return self.norm_a(x)


class _Block(nn.Module):
    """A pre-norm transformer block; its norms' published names end in the modality, if any."""

    def __init__(self, modality: str = "") -> None:
        super().__init__()
        self.norms = f"norm1{modality}", f"norm2{modality}"
        for name in self.norms:
            self.add_module(name, nn.LayerNorm(DIM))
        self.attn = _Attention()
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(DIM, 4 * DIM), "fc2": nn.Linear(4 * DIM, DIM)})

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        norm1, norm2 = (self.get_submodule(name) for name in self.norms)
        x = x + self.attn(norm1(x))
        return x + self.mlp["fc2"](nn.functional.gelu(self.mlp["fc1"](norm2(x))))


class _Attention(nn.Module):
    """Self-attention whose queries, keys and values come from one projection."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(DIM, 3 * DIM)
        self.proj = nn.Linear(DIM, DIM)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        split = self.qkv(x).unflatten(2, (3, _HEADS, DIM // _HEADS))
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(queries, keys, values)
        return self.proj(mixed.transpose(1, 2).flatten(2))
