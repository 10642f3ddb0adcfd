"""ImageBind's audio trunk: the parity kit's reference outputs, strict loading, any clip."""

from typing import Any

import numpy as np
import pytest

from embeddings.errors import InputError
from tests.embeddings.representations import kit

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from embeddings.representations import imagebind  # noqa: E402
from embeddings.representations.runner import resampled  # noqa: E402

RATE = 16000


@pytest.fixture(scope="module")
def tensors() -> dict[str, Any]:
    return kit.checkpoint("imagebind")


@pytest.fixture(scope="module")
def network(tensors: dict[str, Any]) -> Any:
    return imagebind.load(tensors)


@pytest.fixture(scope="module")
def intended(tensors: dict[str, Any]) -> Any:
    return imagebind.load(tensors, extraction="as-intended")


def noise(seconds: float, channels: int = 1, level: float = 0.1) -> np.ndarray:
    made = np.random.default_rng(1).standard_normal((round(seconds * RATE), channels))
    return (level * made).astype(np.float32)


def test_network_alone(network: Any) -> None:
    for tag, given, expected in kit.net_only("imagebind"):
        found = network.forward(torch.from_numpy(given)).numpy()
        assert kit.relative(found, expected) < 1e-5, tag


@pytest.mark.parametrize("kind", kit.KINDS)
def test_features(network: Any, kind: str) -> None:
    stored = kit.reference("imagebind", kind, "direct")
    clips = network.features(kit.waveform(kind, RATE), "")[0, :, 0].numpy()
    rows = clips.transpose(0, 2, 1).reshape(-1, 128)[:: int(stored["features_row_stride"])]
    found, expected = rows.astype(np.float64) * 9.138, stored["features"].astype(np.float64) * 9.138
    top = expected.max()
    assert np.abs(np.exp(found - top) - np.exp(expected - top)).max() < 1e-5
    loud = expected > top - np.log(1e6)
    assert np.abs(found - expected)[loud].max() * 10 / np.log(10) < 0.01  # decibels


@pytest.mark.parametrize("kind", kit.KINDS)
def test_embedding(network: Any, kind: str) -> None:
    stored = kit.reference("imagebind", kind, "direct")
    assert kit.relative(network.embed(kit.waveform(kind, RATE)), stored["embedding"]) < 1e-4


@pytest.mark.parametrize("kind", kit.KINDS)
def test_embedding_of_a_file(network: Any, kind: str) -> None:
    samples, rate = kit.wav44(kind)
    stored = kit.reference("imagebind", kind, "wav44")
    found = network.embed(resampled(samples, rate, RATE, "sinc"))
    assert kit.relative(found, stored["embedding"]) < 1e-4


@pytest.mark.parametrize("kind", kit.KINDS)
def test_clip_starts(kind: str) -> None:
    stored = kit.reference("imagebind", kind, "direct")
    starts = imagebind.clip_starts(len(kit.waveform(kind, RATE)))
    np.testing.assert_array_equal(np.array(starts) / RATE, stored["clip_timepoints"][:, 0])


def test_wrong_keys(tensors: dict[str, Any]) -> None:
    name = "modality_trunks.audio.blocks.3.attn.bias_k"
    fewer = {key: tensor for key, tensor in tensors.items() if key != name}
    with pytest.raises(InputError, match=rf"misses keys: {name}\."):
        imagebind.load(fewer)
    extra = "modality_heads.audio.3.weight"
    with pytest.raises(InputError, match=rf"unknown keys: {extra}\."):
        imagebind.load({**tensors, extra: torch.zeros(2)})
    with pytest.raises(InputError, match=rf"misshapen keys: {name} \(768,\) instead of"):
        imagebind.load({**tensors, name: torch.ones(768)})


def test_other_modalities_are_not_read(tensors: dict[str, Any]) -> None:
    others = (
        "modality_preprocessors.vision.cls_token",
        "modality_preprocessors.text.mask",
        "modality_preprocessors.depth.depth_stem.proj.weight",
        "modality_trunks.thermal.blocks.0.attn.in_proj_weight",
        "modality_heads.imu.3.weight",
        "modality_postprocessors.text.1.log_logit_scale",
    )
    imagebind.load({**tensors, **{name: torch.zeros(3) for name in others}})


CLIPS = [(0.02, 1, 0.1), (0.3, 1, 0.1), (1.0, 1, 0.0), (5.0, 2, 0.1), (35.0, 1, 0.1)]
"""Seconds, channels and level; the network takes more than a second for each."""


@pytest.mark.parametrize(
    ("which", "clip"),
    [
        ("network", (0.02, 1, 0.1)),
        ("network", (35.0, 2, 0.1)),
        ("intended", (1.0, 1, 0.0)),
        ("intended", (35.0, 1, 0.1)),
        *(
            pytest.param(which, clip, marks=pytest.mark.long)
            for which in ("network", "intended") for clip in CLIPS
        ),
    ],
)  # fmt: skip
def test_any_clip(
    request: pytest.FixtureRequest, which: str, clip: tuple[float, int, float]
) -> None:
    given = noise(*clip)
    before = given.copy()
    found = request.getfixturevalue(which).embed(given, "a")
    assert found.dtype == np.float32
    assert found.shape == (imagebind.DIM,)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(given, before)


def test_channels_and_repetition(network: Any, intended: Any) -> None:
    stereo = noise(2.0, channels=2)
    first = network.features(stereo[:, :1], "")
    np.testing.assert_allclose(network.features(stereo, ""), first, atol=1e-3)
    mean = intended.features(stereo.mean(axis=1, keepdims=True), "")
    np.testing.assert_array_equal(intended.features(stereo, ""), mean)
    assert float((first - mean).abs().max()) > 0.1
    np.testing.assert_array_equal(network.embed(stereo), network.embed(stereo))


def test_clips_that_overlap(network: Any, intended: Any) -> None:
    # Of 3 s the second clip is 0.5 to 2.5 s; its first 1.5 s have lost the first clip's mean, and
    # that step lies in the two windows that cover it.
    given = noise(3.0, level=0.01) + np.float32(0.3)
    difference = (network.features(given, "") - intended.features(given, "")).abs()[0, :, 0]
    assert float(difference[0].max()) == 0
    shifted = torch.nonzero(difference[1].amax(dim=0) > 0.05)[:, 0]
    assert shifted.tolist() == [148, 149]
