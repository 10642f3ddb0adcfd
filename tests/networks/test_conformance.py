"""Every representation through its one interface: any sane file, the same numbers every time."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.errors import InputError
from embeddings.representations import CARDS, Card
from embeddings.representations.runner import Representation
from tests.networks import kit

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

KITS = {
    "VGGish": "vggish",
    "YAMNet": "yamnet",
    "FSD-SINet": "fsd_sinet",
    "BEATs": "beats",
    "OpenL3": "openl3",
    "CAV-MAE": "cavmae",
    "CLAP2022": "clap2022",
    "LAION-CLAP": "laion_clap",
    "CLAP2023": "clap2023",
    "Pengi": "pengi",
    "AudioCLIP": "audioclip",
    "Wav2CLIP": "wav2clip",
    "ImageBind": "imagebind",
}
RATE = 44100


def noise(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """Return decaying noise, float32 [frames, channels]."""
    frames = round(seconds * rate)
    fading = np.exp(-2 * np.arange(frames) / frames)[:, None]
    return (0.3 * fading * np.random.default_rng(5).normal(size=(frames, channels))).astype("f4")


FILES: dict[str, Callable[[], tuple[np.ndarray, int]]] = {
    "short": lambda: (noise(0.3), RATE),
    "silence": lambda: (np.zeros((2 * RATE, 1), dtype="f4"), RATE),
    "long": lambda: (noise(35), RATE),
    "stereo": lambda: (noise(1.5, channels=2), RATE),
    "8 kHz": lambda: (noise(1.5, 8000), 8000),
    "96 kHz": lambda: (noise(1.5, 96000), 96000),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Card], Path | None]:
    """Write a card's made checkpoint, once, and return its path."""
    folder = tmp_path_factory.mktemp("weights")

    def write(card: Card) -> Path | None:
        if not card.variations:
            return None
        path = folder / card.variations[0].file
        if not path.exists() and card.kind == "torch":
            torch.save(kit.checkpoint(KITS[card.name]), path)
        elif not path.exists():
            for file in kit.folder(KITS[card.name]).glob("*.pb"):
                shutil.copy(file, path)
        return path

    return write


@pytest.mark.parametrize("card", CARDS.values(), ids=lambda card: card.name)
def test_any_sane_file_gives_finite_vectors_and_the_same_again(
    card: Card, weights: Callable[[Card], Path | None], tmp_path: Path
) -> None:
    if card.kind != "torch":
        pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")
    for extraction in card.extractions:
        embed = Representation(card.module, card.kind, card.resampler, extraction, weights(card))
        for name, make in FILES.items():
            if name == "long" and extraction != next(iter(card.extractions)):
                continue
            samples, rate = make()
            path = tmp_path / f"{name}.wav"
            soundfile.write(path, samples, rate)
            if card.kind == "extractor" and name == "silence":
                with pytest.raises(InputError, match=r"silent|silence|refused"):
                    embed(path, name)
                continue
            vectors = embed(path, name)
            assert vectors.dtype == np.float32
            assert vectors.shape[-1] == (846 if extraction == "legacy-846" else card.dim)
            assert vectors.ndim == (2 if card.frame_level else 1)
            assert len(vectors) > 0
            assert np.isfinite(vectors).all()
            if name in ("short", "long") and card.name != "Freesound":
                assert np.array_equal(embed(path, name), vectors)


@pytest.mark.parametrize("name", ["CLAP2022", "CLAP2023", "LAION-CLAP", "Pengi"])
def test_what_is_random_depends_on_the_clip_alone(
    name: str, weights: Callable[[Card], Path | None], tmp_path: Path
) -> None:
    card = CARDS[name]
    embed = Representation(card.module, card.kind, card.resampler, "as-published", weights(card))
    rng = np.random.default_rng(6)
    soundfile.write(tmp_path / "long.wav", 0.2 * rng.normal(size=20 * RATE), RATE)
    one = embed(tmp_path / "long.wav", "one")
    assert np.array_equal(embed(tmp_path / "long.wav", "one"), one)
    assert not np.array_equal(embed(tmp_path / "long.wav", "two"), one)
