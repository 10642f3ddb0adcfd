"""CLAP 2023's audio encoder against the reference implementation, under made weights."""

from typing import Any

import numpy as np
import pytest

from tests.embeddings.representations import kit

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from embeddings.representations import clap2023, htsat  # noqa: E402

NAME = "clap2023"
RATE = 44100


@pytest.fixture(scope="module")
def tensors() -> dict[str, Any]:
    return kit.checkpoint(NAME)


@pytest.fixture(scope="module")
def network(tensors: dict[str, Any]) -> Any:
    return clap2023.load(tensors)


def test_the_network_alone_is_the_reference(network: Any) -> None:
    for tag, given, expected in kit.net_only(NAME):
        found = network.forward(torch.from_numpy(given)).numpy()
        assert kit.relative(found, expected) < 1e-5, tag


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_front_end_is_the_reference(network: Any, kind: str) -> None:
    """In linear power, as decibels of nearly empty bands are rounding noise."""
    reference = kit.reference(NAME, kind, "direct")
    found = network.features(kit.waveform(kind, RATE), "")[0, 0].numpy()
    assert found.shape == (965, 64)
    found = found[:: int(reference["features_row_stride"])]
    assert kit.relative(10 ** (found / 10), 10 ** (reference["features"] / 10)) < 1e-5


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_whole_path_is_the_reference(network: Any, kind: str) -> None:
    found = network.embed(kit.waveform(kind, RATE))
    assert kit.relative(found, kit.reference(NAME, kind, "direct")["embedding"]) < 1e-4
    samples, rate = kit.wav44(kind)
    assert rate == RATE
    expected = kit.reference(NAME, kind, "wav44")["embedding"]
    assert kit.relative(network.embed(samples), expected) < 1e-4


@pytest.mark.parametrize("rate", [32000, 48000])
def test_the_slaney_filters_are_librosas(rate: int) -> None:
    filters = pytest.importorskip("librosa.filters", reason="librosa is not installed")
    expected = filters.mel(sr=rate, n_fft=1024, n_mels=64, fmin=50, fmax=14000)
    assert kit.relative(htsat.mel_filters(rate, "slaney").numpy(), expected) < 1e-6


def test_constants_and_other_branches_of_a_real_file_are_left_out(
    tensors: dict[str, Any], network: Any
) -> None:
    """All zeros here, so that the result would change if one of them were used."""
    kept = kit.constants(NAME)
    assert kept
    others = {"caption_encoder.base.wte.weight": torch.zeros(2), "logit_scale": torch.zeros(())}
    loaded = clap2023.load(tensors | kept | others)
    samples = kit.noise(1)
    assert np.array_equal(loaded.embed(samples), network.embed(samples))


@pytest.mark.parametrize(
    "key",
    [
        "base.htsat.layers.2.blocks.5.attn.qkv.weight",
        "base.htsat.bn0.running_var",
        "projection.layer_norm.bias",
    ],
)
def test_a_missing_or_misshapen_key_is_named(tensors: dict[str, Any], key: str) -> None:
    kit.check_key(clap2023.load, tensors, key, "audio_encoder.")


def test_an_extra_key_is_named(tensors: dict[str, Any]) -> None:
    key = "base.htsat.layers.3.blocks.2.norm1.weight"
    kit.check_unknown(clap2023.load, tensors, key, "audio_encoder.")


@pytest.mark.parametrize("extraction", ["as-published", "as-intended"])
@pytest.mark.parametrize(
    "samples",
    [kit.noise(0.3), np.zeros((RATE, 1), np.float32), kit.noise(35), kit.noise(3, channels=2)],
)
def test_any_clip_gives_a_finite_vector(network: Any, extraction: str, samples: np.ndarray) -> None:
    one = clap2023.Clap2023(network.module, "cpu", extraction)
    found = one.embed(samples, "a")
    assert found.shape == (clap2023.DIM,)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.array_equal(found, one.embed(samples, "a"))


def test_the_cut_of_a_long_clip_depends_on_its_id_alone(network: Any) -> None:
    samples = kit.noise(8)
    assert torch.equal(network.features(samples, "a"), network.features(samples, "a"))
    assert not torch.equal(network.features(samples, "a"), network.features(samples, "b"))


def test_a_clip_of_exactly_seven_seconds_is_not_cut(network: Any) -> None:
    samples = kit.noise(7)
    assert torch.equal(network.features(samples, "a"), network.features(samples, "b"))


def test_stereo_is_heard_in_sequence_as_published_and_mixed_as_intended(network: Any) -> None:
    stereo = kit.noise(3, channels=2)
    sequence = np.concatenate([stereo[:, :1], stereo[:, 1:]])
    assert torch.equal(network.features(stereo, ""), network.features(sequence, ""))
    intended = clap2023.Clap2023(network.module, "cpu", "as-intended")
    mixed = stereo.mean(axis=1, keepdims=True)
    assert torch.equal(intended.features(stereo, ""), network.features(mixed, ""))
