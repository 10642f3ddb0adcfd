"""Every representation through its one interface: any sane file, the same numbers every time."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from embeddings.collection.importing import import_collection
from embeddings.errors import InputError
from embeddings.extraction.extract import Task, extract_embedding
from embeddings.representations import CARDS, Card
from embeddings.representations.runner import Representation, loaded
from tests.embeddings.representations import conditioning, kit
from tests.support.chosen import chosen

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

RATE = 44100


def noise(seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """Return decaying noise, float32 [frames, channels]."""
    frames = round(seconds * rate)
    fading = np.exp(-2 * np.arange(frames) / frames)[:, None]
    return (0.3 * fading * np.random.default_rng(5).normal(size=(frames, channels))).astype("f4")


FILES: dict[str, Callable[[], tuple[np.ndarray, int]]] = {
    "short, 8 kHz": lambda: (noise(0.3, 8000), 8000),
    "silence": lambda: (np.zeros((2 * RATE, 1), dtype="f4"), RATE),
    "long, stereo, 96 kHz": lambda: (noise(21, 96000, channels=2), 96000),
}
"""What is odd about a file in as few as can hold it: of some networks each takes over a second."""

EVERY_FILE: dict[str, Callable[[], tuple[np.ndarray, int]]] = {
    "short": lambda: (noise(0.3), RATE),
    "silence": lambda: (np.zeros((2 * RATE, 1), dtype="f4"), RATE),
    "long": lambda: (noise(21), RATE),  # more than two windows of any network
    "stereo": lambda: (noise(1.5, channels=2), RATE),
    "8 kHz": lambda: (noise(1.5, 8000), 8000),
    "96 kHz": lambda: (noise(1.5, 96000), 96000),
}
"""The same, one at a time."""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Card], Path | None]:
    """Write a card's made checkpoint, once, and return its path."""
    folder = tmp_path_factory.mktemp("weights")

    def write(card: Card) -> Path | None:
        if not card.variations:
            return None
        path, name = folder / card.variations[0].file, card.module.rpartition(".")[2]
        if not path.exists() and card.kind == "torch":
            torch.save(kit.checkpoint(name), path)
        elif not path.exists():
            for file in kit.folder(name).glob("*.pb"):
                shutil.copy(file, path)
        return path

    return write


@pytest.mark.parametrize(
    "files",
    [FILES, pytest.param(EVERY_FILE, marks=pytest.mark.long)],
    ids=["all at once", "one at a time"],
)
@pytest.mark.parametrize("name", chosen(CARDS, "FSD-SINet", "Wav2CLIP", "CLAP2023", "YAMNet"))
def test_any_sane_file_gives_finite_vectors_and_the_same_again(
    name: str, files: dict[str, Any], weights: Callable[[Card], Path | None], tmp_path: Path
) -> None:
    card = CARDS[name]
    for module, package in card.packages:
        pytest.importorskip(module, reason=f"{package} is not installed")
    for extraction in card.extractions:
        embed = Representation(card.module, card.kind, card.resampler, extraction, weights(card))
        for kind, make in files.items():
            if kind.startswith("long") and extraction != next(iter(card.extractions)):
                continue
            samples, rate = make()
            path = tmp_path / f"{kind}.wav"
            soundfile.write(path, samples, rate)
            if card.name == "Freesound" and kind == "silence":
                with pytest.raises(InputError, match=r"silent|silence|refused"):
                    embed(path, kind)
                continue
            vectors = embed(path, kind)
            assert vectors.dtype == np.float32
            assert vectors.shape[-1] == (846 if extraction == "legacy-846" else card.dim)
            assert vectors.ndim == (2 if card.frame_level else 1)
            assert len(vectors) > 0
            assert np.isfinite(vectors).all()
            if kind.startswith(("short", "long")) and card.name != "Freesound":
                assert np.array_equal(embed(path, kind), vectors)


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


def chord(number: int, seconds: float, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """Return noise and a tone that tell clips apart, float32 [frames, channels]."""
    times = np.arange(round(seconds * rate)) / rate
    tone = 0.3 * np.sin(2 * np.pi * (200 + 150 * number) * times)[:, None]
    return (noise(seconds, rate, channels) * 0.2 * (1 + number) + tone).astype("f4")


TORCH = [name for name, card in CARDS.items() if card.kind == "torch"]


def rounding(embed: Representation, job: tuple[str, Path]) -> float:
    """Return how far a network's float32 result of a clip may be from what is exact."""
    network, (clip_id, path) = loaded(embed), job
    features = embed._features(network, path, clip_id)
    return conditioning.rounded(conditioning.exact(network.module), features)[1]


SHAPES = [(0.6, 44100, 1), (0.3, 8000, 2), (0.6, 44100, 1)]
"""Of a batch's clips: seconds, rate, channels."""
MORE_SHAPES = [(0.6, 44100, 1), (0.3, 44100, 2), (0.6, 44100, 1), (0.6, 8000, 1), (0.3, 44100, 1)]


@pytest.mark.parametrize(
    "shapes", [SHAPES, pytest.param(MORE_SHAPES, marks=pytest.mark.long)], ids=["three", "five"]
)
@pytest.mark.parametrize("name", chosen(TORCH, "Wav2CLIP", "AudioCLIP", "LAION-CLAP"))
def test_a_batch_gives_what_its_clips_give_alone(
    name: str, shapes: list[Any], weights: Callable[[Card], Path | None], tmp_path: Path
) -> None:
    """Of clips of two lengths, and one that is broken: 1e-6 is the most that was measured.

    But for AudioCLIP, which is ill-conditioned under made weights: it says itself by how much two
    results in float32 may differ.
    """
    card = CARDS[name]
    extraction = next(iter(card.extractions))
    embed = Representation(card.module, card.kind, card.resampler, extraction, weights(card))
    jobs = []
    for number, (seconds, rate, channels) in enumerate(shapes):
        path = tmp_path / f"{number}.wav"
        soundfile.write(path, chord(number, seconds, rate, channels), rate)
        jobs.append((path.name, path))
    alone = [embed(path, clip_id) for clip_id, path in jobs]
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    jobs.insert(1, ("broken.wav", tmp_path / "broken.wav"))
    together = embed.together(jobs)
    assert together.pop(1) is None
    near = 2 * rounding(embed, jobs[0]) if card.name == "AudioCLIP" else 1e-5
    for one, other in zip(together, alone, strict=True):
        assert one is not None
        assert kit.relative(one, other) <= near
    assert kit.relative(alone[0], alone[2]) > 2 * near


@pytest.mark.parametrize(
    ("name", "of_two_workers"),
    [
        ("Wav2CLIP", (3,)),
        # two workers load a network of their own, which takes longest
        pytest.param("Wav2CLIP", (1, 7), marks=pytest.mark.long),
        pytest.param("CLAP2023", (3,), marks=pytest.mark.long),
        pytest.param("BEATs", (3,), marks=pytest.mark.long),
    ],
)
def test_neither_batches_nor_workers_change_an_embedding(
    name: str,
    of_two_workers: tuple[int, ...],
    weights: Callable[[Card], Path | None],
    tmp_path: Path,
) -> None:
    card = CARDS[name]
    embed = Representation(card.module, card.kind, card.resampler, "as-published", weights(card))
    source = tmp_path / "source"
    (source / "audio").mkdir(parents=True)
    rows = ["fname,labels"]
    for number, seconds in enumerate([0.3, 0.5, 0.5, 0.8, 0.3, 0.5, 0.8, 0.2, 0.5]):
        rows.append(f"clip{number},Sound")
        soundfile.write(source / "audio" / f"clip{number}.wav", chord(number, seconds), RATE)
    (source / "clips.csv").write_text("\n".join(rows))
    collection, _ = import_collection(tmp_path / "data", "some", source, "csv")
    (source / "audio" / "clip5.wav").write_bytes(b"RIFF")
    alone = {
        clip.id: embed(collection.audio_path(clip), clip.id)
        for clip in collection.clips
        if clip.id != "clip5"
    }
    task = Task(card.name, card.embedding, card.dim, embed, {})
    runs = [(batch, 0) for batch in (1, 3, 7)] + [(batch, 2) for batch in of_two_workers]
    for batch, workers in runs:
        embedding = extract_embedding(collection, task, workers=workers, batch=batch, again=True)
        assert list(embedding.meta["failed"]) == ["clip5"]
        assert "clip5.wav: the audio cannot be read" in embedding.meta["failed"]["clip5"]
        for number, (clip_id, expected) in enumerate(alone.items()):
            assert embedding.rows[number] == collection.index[clip_id]
            assert kit.relative(embedding.of_clip(number), expected) <= 1e-5


def test_no_first_weights_are_drawn_where_a_checkpoint_sets_them() -> None:
    torch = pytest.importorskip("torch")
    from embeddings.representations.checkpoint import without_first_weights

    torch.manual_seed(1)
    before = torch.get_rng_state()
    with without_first_weights():
        torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Linear(4, 5))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.nn.Linear(4, 5).weight.std() > 0  # elsewhere they are drawn as ever
    assert not torch.equal(torch.get_rng_state(), before)
