"""Wav2CLIP's audio encoder against the reference implementation, under made weights."""

from typing import Any

import numpy as np
import pytest

from tests.embeddings.representations import kit

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from embeddings.representations import wav2clip  # noqa: E402

NAME = "wav2clip"
KEYS = (
    "audio_encoder.bn1.running_mean",
    "audio_encoder.layer4.0.downsample.0.weight",
    "audio_transform.sequential.3.bias",
)
UNKNOWN = "audio_encoder.layer2.2.conv1.weight", "audio_transform.sequential.6.weight"


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, Any]:
    return kit.checkpoint(NAME)


@pytest.fixture(scope="module")
def network(checkpoint: dict[str, Any]) -> Any:
    return wav2clip.load(checkpoint)


def test_the_network_alone_is_the_reference(network: Any) -> None:
    for _, given, expected in kit.net_only(NAME):
        with torch.inference_mode():
            found = network.forward(torch.from_numpy(np.abs(given))).numpy()
        assert kit.relative(found, expected) <= 1e-5


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_front_end_is_the_reference(network: Any, kind: str) -> None:
    reference = kit.reference(NAME, kind, "direct")
    found = network.features(kit.waveform(kind, 44100), "")
    assert (found.shape[:2], found.dtype) == ((1, 257), torch.float32)
    rows = found[0].T[:: int(reference["features_row_stride"])].numpy()
    assert kit.relative(rows, reference["features"]) <= 1e-5


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_embedding_is_the_reference(network: Any, kind: str) -> None:
    found = network.embed(kit.waveform(kind, 44100))
    assert kit.relative(found, kit.reference(NAME, kind, "direct")["embedding"]) <= 1e-4


@pytest.mark.parametrize("kind", kit.KINDS)
def test_a_file_is_the_reference(network: Any, kind: str) -> None:
    samples, rate = kit.wav44(kind)
    assert rate == wav2clip.SAMPLE_RATE
    found = network.embed(samples)
    assert kit.relative(found, kit.reference(NAME, kind, "wav44")["embedding"]) <= 1e-4


def test_what_is_heard_is_the_mean_of_the_channels_for_thirty_seconds(network: Any) -> None:
    stereo = kit.noise(35.0, channels=2)
    expected = network.features(stereo[: 30 * 44100].mean(axis=1, keepdims=True), "")
    assert expected.shape == (1, 257, 3748)
    np.testing.assert_array_equal(network.features(stereo, "a"), expected)


def test_clips_of_a_batch_do_not_touch_each_other(network: Any) -> None:
    clips = [kit.waveform("sweep1s", 44100), 0.01 * kit.noise(1.0)]
    both = torch.cat([network.features(clip, "") for clip in clips])
    with torch.inference_mode():
        found = network.forward(both).numpy()
    for row, clip in zip(found, clips, strict=True):
        assert kit.relative(row, network.embed(clip)) <= 1e-5


@pytest.mark.parametrize("extraction", ["as-published", "as-intended"])
def test_as_published_and_as_intended_are_the_same(
    checkpoint: dict[str, Any], network: Any, extraction: str
) -> None:
    samples = kit.noise(1.0)
    found = wav2clip.load(checkpoint, extraction=extraction).embed(samples)
    np.testing.assert_array_equal(found, network.embed(samples))


@pytest.mark.parametrize(
    "samples",
    [
        kit.noise(0.005),
        kit.noise(0.3),
        np.zeros((44100, 1), np.float32),
        kit.noise(35.0, channels=2),
    ],
    ids=["5 ms", "0.3 s", "silence", "35 s, stereo"],
)
def test_any_sane_clip_has_an_embedding(network: Any, samples: np.ndarray) -> None:
    found = network.embed(samples, "a.wav")
    assert (found.shape, found.dtype) == ((wav2clip.DIM,), np.float32)
    assert np.isfinite(found).all()


def test_the_same_clip_has_the_same_embedding(network: Any) -> None:
    samples = kit.waveform("sweep1s", 44100)
    np.testing.assert_array_equal(network.embed(samples, "a"), network.embed(samples, "a"))


def test_a_whole_published_file_loads(checkpoint: dict[str, Any], network: Any) -> None:
    """With the front end's window, the counters of training and what only training used."""
    constants = kit.constants(NAME)
    assert len(constants) == 21
    training = {"image_transform.sequential.0.bias": torch.zeros(512)}
    samples = kit.waveform("click0p3s", 44100)
    whole = wav2clip.load(checkpoint | constants | training)
    np.testing.assert_array_equal(whole.embed(samples), network.embed(samples))


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_or_misshapen_key_is_named(checkpoint: dict[str, Any], key: str) -> None:
    kit.check_key(wav2clip.load, checkpoint, key)


@pytest.mark.parametrize("key", UNKNOWN)
def test_an_unknown_key_is_named(checkpoint: dict[str, Any], key: str) -> None:
    kit.check_unknown(wav2clip.load, checkpoint, key)
