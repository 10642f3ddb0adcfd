"""LAION-CLAP's audio encoder: HTS-AT and a projection, one vector a clip.

Wu et al., "Large-Scale Contrastive Language-Audio Pretraining with Feature Fusion and
Keyword-to-Caption Augmentation", ICASSP 2023. The vector has 512 numbers and length 1; the text
encoder is left out.

Front end, at 48000 Hz: the mean of the channels, clipped to [-1, 1] and rounded to 16 bits (toward
zero). A clip of up to 10 s is repeated as often as it fits whole, then filled up with silence.
Power spectrogram (centred 1024-sample Hann windows every 480 samples), 64 mel filters from 50 to
14000 Hz, 10 log10 with a floor of -100 dB; 10 s are 1001 windows. The checkpoint says which network
it is of, and that is what is built:

- The tiny HTS-AT with feature fusion (the "fusion" checkpoints), with filters on HTK's scale, not
  normalised. Of a clip of more than 10 s it hears four spectrograms of 1001 windows and fuses them:
  the whole clip shrunk (bilinear interpolation, without smoothing first), and one 10-s chunk each
  out of its first, middle and last third, chosen at random by the clip's own seed. Less than a
  window longer (up to 479 samples): the spectrogram still has 1001 windows, and is taken as it is.
- The base HTS-AT without fusion (music_speech_audioset_epoch_15_esc_89.98), with filters on
  Slaney's scale, of equal area. Of a clip of more than 10 s it hears 10 s from a place chosen at
  random by the clip's own seed. Its key names and shapes, and its vectors under made weights, were
  compared with laion_clap 1.1.7; the published file itself was not.

`as-published` and `as-intended` are the same: random chunks are how its authors treat long clips.
`laion_clap_package` does the same by the authors' own package.
"""

import numpy as np
import torch
from torch import nn

from embeddings.representations import htsat
from embeddings.representations.card import AS_PUBLISHED, TRANSFORMERS, Card, Variation
from embeddings.representations.checkpoint import Tensors, load_strict, without_first_weights
from embeddings.representations.network import Network, mono, seed_of

CARD = Card(
    module=__name__,
    name="LAION-CLAP",
    description="Sound and its caption brought together, with features of several lengths fused.",
    modality="A&L",
    objective="Contrastive alignment",
    parameters="31M",
    training_data="LAION-Audio-630K and others, 2.5M pairs",
    test_data=(
        "by its authors' training script all of FSD50K, the evaluation set too, captioned by labels"
    ),
    frame_level=False,
    dim=512,
    extractions=AS_PUBLISHED,
    variations=(
        Variation(
            name="630k-fusion-best",
            address="https://huggingface.co/lukewys/laion_clap/resolve/main/630k-fusion-best.pt",
            licence="CC0-1.0",
            dim=512,
        ),
        Variation(
            name="630k-audioset-fusion-best",
            address="https://huggingface.co/lukewys/laion_clap/resolve/main/630k-audioset-fusion-best.pt",
            licence="CC0-1.0",
            dim=512,
        ),
        Variation(
            name="music_speech_audioset_epoch_15_esc_89.98",
            address="https://huggingface.co/lukewys/laion_clap/resolve/main/music_speech_audioset_epoch_15_esc_89.98.pt",
            licence="CC0-1.0",
            dim=512,
        ),
    ),
    backends={
        "transformers": "this project's front end and loader, with the network of transformers",
        "laion-clap": "the authors' package, which wants torchvision, torchaudio and a network",
    },
    packages=TRANSFORMERS,
    code_licence="MIT (this project), Apache-2.0 (transformers)",
    citation="Wu et al., Large-scale contrastive language-audio pretraining, ICASSP 2023",
)

SAMPLE_RATE: int | None = 48000
DIM = CARD.dim

_RATE = 48000
_LENGTH = 10 * _RATE
_HOP = 480
_WINDOWS = _LENGTH // _HOP + 1
_FULL_SCALE = 32767
_BASE_WIDTH = 128

_NOT_AUDIO = (
    r"(text_branch|text_projection|text_transform|audio_transform)\..*",
    r"logit_scale.*",
)


class LaionClap(Network):
    """LAION-CLAP's audio encoder with its weights loaded.

    Attributes
    ----------
    base : whether the network is the base size without fusion, not the tiny one with it
    """

    def __init__(self, module: nn.Module, device: str, extraction: str, *, base: bool) -> None:
        super().__init__(module, device, extraction)
        self.base = base

    def features(self, samples: np.ndarray, clip_id: str) -> torch.Tensor:
        """Return log mel spectrograms in dB, [1, 1 or 4, 1001 windows, 64 filters].

        Four of a clip of more than 10 s, to be fused: the whole, and three chunks. Without fusion
        it is always one.
        """
        heard = (mono(samples).clamp(-1, 1) * _FULL_SCALE).trunc() / _FULL_SCALE
        if len(heard) < _LENGTH:
            heard = heard.repeat(_LENGTH // len(heard))
            heard = nn.functional.pad(heard, (0, _LENGTH - len(heard)))
        if self.base:
            random = np.random.RandomState(seed_of(clip_id))
            at = random.randint(len(heard) - _LENGTH + 1) if len(heard) > _LENGTH else 0
            heard = heard[at : at + _LENGTH]
            return htsat.log_mel(heard, _HOP, htsat.mel_filters(_RATE, "slaney"))[None, None]
        mel = htsat.log_mel(heard, _HOP, htsat.mel_filters(_RATE, "htk"))[None, None]
        if mel.shape[2] == _WINDOWS:
            return mel
        whole = nn.functional.interpolate(mel, size=(_WINDOWS, mel.shape[3]), mode="bilinear")
        starts = _chunk_starts(mel.shape[2], seed_of(clip_id))
        return torch.cat([whole, *(mel[:, :, at : at + _WINDOWS] for at in starts)], dim=1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return float32 [batch, 512], each of length 1."""
        return nn.functional.normalize(self.module(features), dim=-1)


def load(tensors: Tensors, device: str = "cpu", extraction: str = "as-published") -> LaionClap:
    """Return LAION-CLAP's audio encoder with the tensors of a published checkpoint.

    The text encoder's tensors are left out, where they are there.
    Raises InputError where a key of the audio encoder is missing or misshapen, or one is unknown.
    """
    base = is_base(tensors)
    with without_first_weights():
        encoder = _AudioEncoder(base)
    ignore = _NOT_AUDIO + htsat.IGNORED
    load_strict(encoder, tensors, prefix=htsat.wrapping(tensors), ignore=ignore)
    return LaionClap(encoder, device, extraction, base=base)


def is_base(tensors: Tensors) -> bool:
    """Return whether a checkpoint is of the base HTS-AT without fusion, by its first layer."""
    first = tensors.get(f"{htsat.wrapping(tensors)}audio_branch.patch_embed.proj.bias")
    return first is not None and first.shape == (_BASE_WIDTH,)


def _chunk_starts(windows: int, seed: int) -> list[int]:
    """Return where the three chunks of a long clip begin, one in each third, in windows."""
    random = np.random.RandomState(seed)
    thirds = np.array_split(np.arange(windows - _WINDOWS + 1), 3)
    return [int(random.choice(third if len(third) else [0])) for third in thirds]


class _AudioEncoder(nn.Module):
    """[batch, 1 or 4, 1001 windows, 64 filters] in dB -> [batch, 512]."""

    def __init__(self, base: bool) -> None:
        super().__init__()
        self.audio_branch = htsat.HTSAT(fusion=not base, base=base)
        self.audio_projection = nn.Sequential(
            nn.Linear(self.audio_branch.dim, DIM), nn.ReLU(), nn.Linear(DIM, DIM)
        )

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.audio_projection(self.audio_branch(features))
