"""LAION-CLAP's audio encoder against the reference implementation, under made weights."""

import json
import re
from typing import Any

import numpy as np
import pytest

from embeddings.errors import InputError
from embeddings.representations.runner import resampled
from tests.networks import kit

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("soxr", reason="soxr is not installed")

from embeddings.representations import laion_clap  # noqa: E402

NAME = "laion_clap"
RATE = 48000


@pytest.fixture(scope="module")
def tensors() -> dict[str, Any]:
    return kit.checkpoint(NAME)


@pytest.fixture(scope="module")
def network(tensors: dict[str, Any]) -> Any:
    return laion_clap.load(tensors)


def noise(seconds: float, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(5)
    return rng.uniform(-0.5, 0.5, (round(seconds * RATE), channels)).astype(np.float32)


def power(decibels: np.ndarray) -> np.ndarray:
    return 10 ** (decibels / 10)


def test_the_network_alone_is_the_reference(network: Any) -> None:
    for tag, given, expected in kit.net_only(NAME):
        heard = given[:, :1] if tag == "short" else given
        found = network.forward(torch.from_numpy(heard)).numpy()
        assert kit.relative(found, expected) < 1e-5, tag


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_front_end_is_the_reference(network: Any, kind: str) -> None:
    """In linear power, as decibels of nearly empty bands are rounding noise."""
    reference = kit.reference(NAME, kind, "direct")
    found = network.features(kit.waveform(kind, RATE), "")[0].numpy()
    assert found.shape == (4 if reference["longer"] else 1, 1001, 64)
    whole = found[0, :: int(reference["features_row_stride"])]
    # mix10p5s reaches 5.8e-5 (the kit allows 1e-3): the whole clip is shrunk in decibels between
    # windows, at places in float32 that two versions of PyTorch round differently.
    limit = 1e-4 if kind == "mix10p5s" else 1e-5
    assert kit.relative(power(whole), power(reference["features"])) < limit


def test_the_chunks_of_a_long_clip_are_the_references(network: Any) -> None:
    reference = kit.reference(NAME, "mix10p5s", "direct")
    found = network.features(kit.waveform("mix10p5s", RATE), "")[0].numpy()
    ends = np.stack([found[1:, 0], found[1:, -1]])
    assert kit.relative(power(ends), power(reference["mel_chunk_first_last_rows"])) < 1e-4
    assert laion_clap._chunk_starts(1051, 0) == reference["chunk_starts"].tolist()


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_whole_path_is_the_reference(network: Any, kind: str) -> None:
    found = network.embed(kit.waveform(kind, RATE))
    assert kit.relative(found, kit.reference(NAME, kind, "direct")["embedding"]) < 1e-4
    samples, rate = kit.wav44(kind)
    # With a zero at the end, as librosa leaves it: 48001 samples for 1 s, which fit into 10 s nine
    # times instead of ten.
    expected = kit.reference(NAME, kind, "wav44")["embedding"]
    assert kit.relative(network.embed(resampled(samples, rate, RATE)), expected) < 1e-4


def test_constants_and_other_branches_of_a_real_file_are_left_out(
    tensors: dict[str, Any], network: Any
) -> None:
    """All zeros here, so that the result would change if one of them were used."""
    keys = json.loads((kit.folder(NAME) / "keys.json").read_text())
    kept = {
        key: torch.zeros(facts["shape"])
        for key, facts in keys.get("keys", keys).items()
        if facts["kept"]
    }
    assert kept
    others = {
        f"module.{name}": torch.zeros(2)
        for name in (
            "text_branch.embeddings.position_ids",
            "text_projection.0.weight",
            "text_transform.sequential.0.weight",
            "audio_transform.sequential.3.bias",
            "logit_scale_a",
            "logit_scale_t",
        )
    }
    samples = noise(1)
    expected = network.embed(samples)
    everything = tensors | kept | others
    assert np.array_equal(laion_clap.load(everything).embed(samples), expected)
    unwrapped = {name.removeprefix("module."): value for name, value in everything.items()}
    assert np.array_equal(laion_clap.load(unwrapped).embed(samples), expected)


@pytest.mark.parametrize(
    "key",
    [
        "audio_branch.layers.1.blocks.0.attn.qkv.weight",
        "audio_branch.patch_embed.fusion_model.local_att.1.running_mean",
        "audio_projection.2.bias",
    ],
)
def test_a_missing_or_misshapen_key_is_named(tensors: dict[str, Any], key: str) -> None:
    whole = f"module.{key}"
    without = {name: value for name, value in tensors.items() if name != whole}
    with pytest.raises(InputError, match=f"misses keys: {re.escape(key)}"):
        laion_clap.load(without)
    with pytest.raises(InputError, match=f"misshapen keys: {re.escape(key)}"):
        laion_clap.load(tensors | {whole: tensors[whole][:-1]})


@pytest.mark.parametrize("key", ["audio_branch.layers.4.downsample.norm.bias", "video_branch.a"])
def test_an_extra_key_is_named(tensors: dict[str, Any], key: str) -> None:
    with pytest.raises(InputError, match=f"unknown keys: {re.escape(key)}"):
        laion_clap.load(tensors | {f"module.{key}": torch.zeros(2)})


@pytest.mark.parametrize(
    "samples", [noise(0.3), np.zeros((RATE, 1), np.float32), noise(35), noise(12, channels=2)]
)
def test_any_clip_gives_a_finite_vector_of_length_one(network: Any, samples: np.ndarray) -> None:
    found = network.embed(samples, "a")
    assert found.shape == (laion_clap.DIM,)
    assert found.dtype == np.float32
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(found, network.embed(samples, "a"))


def test_the_chunks_of_a_long_clip_depend_on_its_id_alone(network: Any) -> None:
    samples = noise(20)
    found, other = network.features(samples, "a")[0], network.features(samples, "b")[0]
    assert torch.equal(found, network.features(samples, "a")[0])
    assert torch.equal(found[0], other[0])
    assert not torch.equal(found[1:], other[1:])


@pytest.mark.parametrize(("extra", "heard"), [(0, 1), (1, 1), (479, 1), (480, 4)])
def test_a_clip_is_long_from_one_more_window_on(network: Any, extra: int, heard: int) -> None:
    samples = np.resize(noise(10), (480000 + extra, 1))
    assert network.features(samples, "").shape == (1, heard, 1001, 64)


def test_stereo_is_mixed_and_overload_is_clipped(network: Any) -> None:
    stereo = noise(3, channels=2)
    mixed = stereo.mean(axis=1, keepdims=True)
    assert torch.equal(network.features(stereo, ""), network.features(mixed, ""))
    loud = np.sign(mixed) * 3
    assert torch.equal(network.features(loud, ""), network.features(loud / 3, ""))
