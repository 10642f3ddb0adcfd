"""CLAP 2022's audio encoder against the reference implementation, under made weights."""

from typing import Any

import numpy as np
import pytest

from tests.embeddings.representations import kit

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("librosa", reason="librosa is not installed")

from embeddings.representations import clap2022  # noqa: E402

NAME = "clap2022"
KEY = "audio_encoder.base.conv_block6.bn2.running_var"
UNKNOWN = "audio_encoder.base.conv_block7.conv1.weight", "image_encoder.weight"


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, Any]:
    return kit.checkpoint(NAME)


@pytest.fixture(scope="module")
def network(checkpoint: dict[str, Any]) -> Any:
    return clap2022.load(checkpoint)


@pytest.fixture(scope="module")
def intended(checkpoint: dict[str, Any]) -> Any:
    return clap2022.load(checkpoint, extraction="as-intended")


def power(features: np.ndarray) -> np.ndarray:
    return 10 ** (features.astype(np.float64) / 10)


def test_the_network_alone_is_the_reference(network: Any) -> None:
    for _, given, expected in kit.net_only(NAME):
        with torch.inference_mode():
            found = network.forward(torch.from_numpy(given)).numpy()
        assert kit.relative(found, expected) <= 1e-5


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_front_end_is_the_reference(network: Any, kind: str) -> None:
    """In linear power: decibels of nearly empty filters are rounding noise.

    The one clip of more than 5 s shows that the cut begins where the reference's does.
    """
    reference = kit.reference(NAME, kind, "direct")
    found = network.features(kit.waveform(kind, 44100), "")
    assert (found.shape, found.dtype) == ((1, 1, 690, 64), torch.float32)
    assert kit.relative(power(found[0, 0].numpy()), power(reference["features"])) <= 1e-5
    assert found.min() >= -100


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_embedding_is_the_reference(network: Any, kind: str) -> None:
    found = network.embed(kit.waveform(kind, 44100))
    assert kit.relative(found, kit.reference(NAME, kind, "direct")["embedding"]) <= 1e-4


@pytest.mark.parametrize("kind", kit.KINDS)
def test_a_file_is_the_reference(network: Any, kind: str) -> None:
    samples, rate = kit.wav44(kind)
    assert rate == clap2022.SAMPLE_RATE
    found = network.embed(samples)
    assert kit.relative(found, kit.reference(NAME, kind, "wav44")["embedding"]) <= 1e-4


def test_the_cut_is_the_clip_s_own(network: Any) -> None:
    samples = kit.noise(10.0)
    first, again, other = (network.features(samples, clip).numpy() for clip in ("a", "a", "b"))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_five_seconds_are_neither_cut_nor_repeated(network: Any) -> None:
    samples = kit.noise(5.0)
    expected = network.features(samples, "a")
    np.testing.assert_array_equal(network.features(samples, "b"), expected)
    longer = np.concatenate([samples, samples[:1]])  # a single place to begin
    np.testing.assert_array_equal(network.features(longer, "b"), expected)


def test_as_published_hears_channels_one_after_the_other(network: Any) -> None:
    stereo = kit.noise(2.0, channels=2)
    found = network.features(stereo, "")
    expected = network.features(np.concatenate([stereo[:, :1], stereo[:, 1:]]), "")
    np.testing.assert_array_equal(found, expected)


def test_as_intended_hears_the_mean_of_the_channels(network: Any, intended: Any) -> None:
    stereo = kit.noise(6.0, channels=2)
    expected = network.features(stereo.mean(axis=1, keepdims=True), "a")
    np.testing.assert_array_equal(intended.features(stereo, "a"), expected)


@pytest.mark.parametrize("extraction", ["as-published", "as-intended"])
@pytest.mark.parametrize(
    "samples",
    [
        kit.noise(0.3),
        np.zeros((44100, 1), np.float32),
        kit.noise(35.0),
        kit.noise(35.0, channels=2),
    ],
    ids=["0.3 s", "silence", "35 s", "35 s, stereo"],
)
def test_any_sane_clip_has_an_embedding(
    network: Any, intended: Any, extraction: str, samples: np.ndarray
) -> None:
    chosen = network if extraction == "as-published" else intended
    found = chosen.embed(samples, "a.wav")
    assert (found.shape, found.dtype) == ((clap2022.DIM,), np.float32)
    assert np.isfinite(found).all()


def test_the_same_clip_has_the_same_embedding(network: Any) -> None:
    samples = kit.noise(10.0)
    np.testing.assert_array_equal(network.embed(samples, "a"), network.embed(samples, "a"))


def test_a_whole_published_file_loads(checkpoint: dict[str, Any], network: Any) -> None:
    """With the front end's constants, the counters of training and the text encoder."""
    constants = kit.constants(NAME)
    assert constants
    text = {
        "caption_encoder.base.pooler.dense.bias": torch.zeros(768),
        "logit_scale": torch.ones(()),
    }
    samples = kit.waveform("click0p3s", 44100)
    whole = clap2022.load(checkpoint | constants | text)
    np.testing.assert_array_equal(whole.embed(samples), network.embed(samples))


def test_a_missing_or_misshapen_key_is_named(checkpoint: dict[str, Any]) -> None:
    kit.check_key(clap2022.load, checkpoint, KEY)


@pytest.mark.parametrize("key", UNKNOWN)
def test_an_unknown_key_is_named(checkpoint: dict[str, Any], key: str) -> None:
    kit.check_unknown(clap2022.load, checkpoint, key)
