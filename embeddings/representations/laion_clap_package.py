"""LAION-CLAP by laion_clap, its authors' own package: what `--backend laion-clap` computes.

The package wants a torchvision and a torchaudio that fit the installed PyTorch, and a network when
it is first used: it downloads tokenizers and the text encoder's RoBERTa, which are not needed here.
The module `laion_clap` needs none of that, and its vectors of clips of up to 10 s differ in the
last bits alone. Those of longer clips do not: since torchvision 0.17 the package smooths the whole
clip before it shrinks it, which the paper's torchvision did not.

The package rounds samples to 16 bits itself, and draws a long clip's chunks from numpy's global
random numbers. They are seeded by the clip's id for each call, so the chunks are the same.
"""

import importlib
import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from embeddings.audio.decoding import read_audio
from embeddings.errors import InputError
from embeddings.packages import lack_of
from embeddings.representations.checkpoint import read_checkpoint
from embeddings.representations.laion_clap import is_base
from embeddings.representations.network import seed_of
from embeddings.representations.runner import resampled

PACKAGE = "laion-clap"

_RATE = 48000


@dataclass(frozen=True, slots=True)
class Packaged:
    """LAION-CLAP by its authors' package; the network is loaded when first used.

    Attributes
    ----------
    weights : a published checkpoint
    device : where the network runs, as PyTorch names it
    """

    weights: Path
    device: str = "cpu"

    def __call__(self, path: Path, clip_id: str) -> np.ndarray:
        """Return the vector of one clip, float32 [512], of length 1."""
        samples, rate = read_audio(path)
        return self.embed(resampled(samples, rate, _RATE), clip_id)

    def embed(self, samples: np.ndarray, clip_id: str = "") -> np.ndarray:
        """Return the vector, float32 [512], of float32 [frames, channels] at 48000 Hz."""
        network = _loaded(self)
        heard = samples.mean(axis=1, dtype=np.float32)
        with _seeded(seed_of(clip_id)), torch.inference_mode():
            vectors = network.get_audio_embedding_from_data(x=[heard], use_tensor=False)
        return np.asarray(vectors, dtype=np.float32)[0]

    def check(self) -> None:
        """Build and load the network, and let it go again; InputError where that cannot be."""
        _loaded(self)
        _loaded.cache_clear()


@lru_cache(maxsize=1)
def _loaded(packaged: Packaged) -> Any:
    # The package executes what is in a checkpoint: it gets only what can be read without.
    base = is_base(read_checkpoint(packaged.weights))
    if packaged.device == "cpu":
        torch.set_num_threads(1)  # processes share the cores
    if lack := lack_of("laion_clap", PACKAGE):
        raise InputError(
            f"The backend {PACKAGE} needs the package {PACKAGE}, which {lack}; the default "
            "backend, transformers, does without."
        )
    try:
        package = importlib.import_module("laion_clap")
        network = package.CLAP_Module(
            enable_fusion=not base,
            device=packaged.device,
            amodel="HTSAT-base" if base else "HTSAT-tiny",
        )
    except Exception as error:  # torchvision alone fails in several ways where it does not fit
        raise InputError(
            f"The backend {PACKAGE} cannot be used here: {_reason(error)}. Its package wants "
            "torchvision and torchaudio that fit the installed PyTorch, and a network for its "
            "tokenizers; the default backend, transformers, needs none of these."
        ) from error
    try:
        with redirect_stdout(io.StringIO()):  # it prints what it does
            network.load_ckpt(str(packaged.weights), verbose=False)
    except Exception as error:
        raise InputError(
            f"{packaged.weights}: {PACKAGE} cannot load it: {_reason(error)}."
        ) from error
    return network


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed numpy's global random numbers for a while, and put them back as they were."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300].rstrip('.')}"
