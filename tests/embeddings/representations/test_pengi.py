"""Pengi's audio encoder against the reference implementation, under made weights."""

from typing import Any

import numpy as np
import pytest

from tests.embeddings.representations import kit

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from embeddings.representations import clap2023, pengi  # noqa: E402

NAME = "pengi"
RATE = 44100


@pytest.fixture(scope="module")
def tensors() -> dict[str, Any]:
    return kit.checkpoint(NAME)


@pytest.fixture(scope="module")
def network(tensors: dict[str, Any]) -> Any:
    return pengi.load(tensors)


def test_the_network_alone_is_the_reference(network: Any) -> None:
    for tag, given, expected in kit.net_only(NAME):
        found = network.forward(torch.from_numpy(given)).numpy()
        assert kit.relative(found, expected) < 1e-5, tag


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_whole_path_is_the_reference(network: Any, kind: str) -> None:
    """The features in linear power, as decibels of nearly empty bands are rounding noise."""
    samples = kit.waveform(kind, RATE)
    reference = kit.reference(NAME, kind, "direct")
    features = network.features(samples, "")[0, 0, :: int(reference["features_row_stride"])].numpy()
    assert kit.relative(10 ** (features / 10), 10 ** (reference["features"] / 10)) < 1e-5
    assert kit.relative(network.embed(samples), reference["embedding"]) < 1e-4
    samples, rate = kit.wav44(kind)
    assert rate == RATE
    expected = kit.reference(NAME, kind, "wav44")["embedding"]
    assert kit.relative(network.embed(samples), expected) < 1e-4


def test_it_is_clap_2023_with_length_one(tensors: dict[str, Any], network: Any) -> None:
    samples = kit.noise(1)
    expected = clap2023.load(tensors).embed(samples)
    assert np.linalg.norm(expected) > 2
    found = network.embed(samples)
    assert np.allclose(found, expected / np.linalg.norm(expected), atol=1e-7)


def test_keys_may_begin_with_module(tensors: dict[str, Any], network: Any) -> None:
    wrapped = {f"module.{name}": value for name, value in tensors.items()}
    others = {"module.caption_decoder.gpt.weight": torch.zeros(2)}
    samples = kit.noise(1)
    assert np.array_equal(pengi.load(wrapped | others).embed(samples), network.embed(samples))


@pytest.mark.parametrize("wrapping", ["", "module."])
def test_a_missing_a_misshapen_or_an_extra_key_is_named(
    tensors: dict[str, Any], wrapping: str
) -> None:
    there = {f"{wrapping}{name}": value for name, value in tensors.items()}
    key = "base.htsat.layers.0.blocks.1.attn.qkv.bias"
    kit.check_key(pengi.load, there, key, f"{wrapping}audio_encoder.")
    kit.check_unknown(pengi.load, there, f"{key}2", f"{wrapping}audio_encoder.")


@pytest.mark.parametrize("extraction", ["as-published", "as-intended"])
@pytest.mark.parametrize(
    "samples",
    [kit.noise(0.3), np.zeros((RATE, 1), np.float32), kit.noise(35), kit.noise(3, channels=2)],
)
def test_any_clip_gives_a_finite_vector_of_length_one(
    network: Any, extraction: str, samples: np.ndarray
) -> None:
    one = pengi.Pengi(network.module, "cpu", extraction)
    found = one.embed(samples, "a")
    assert found.shape == (pengi.DIM,)
    assert found.dtype == np.float32
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(found, one.embed(samples, "a"))
