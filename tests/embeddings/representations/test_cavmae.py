"""CAV-MAE's audio branch against the reference implementation, under made weights."""

import json
from typing import Any

import numpy as np
import pytest

from tests.embeddings.representations import kit

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from embeddings.representations import cavmae  # noqa: E402

NAME = "cavmae"
PADDING = np.float32(5.081 / 4.4849)
KEY = "module.blocks_u.0.norm1_a.bias"
BLOCK = {
    **{f"norm{number}{of}": (512,) for number in (1, 2) for of in ("", "_a", "_v")},
    "attn.qkv": (1536, 512),
    "attn.proj": (512, 512),
    "mlp.fc1": (2048, 512),
    "mlp.fc2": (512, 2048),
}
LAYERS = {
    "decoder_embed": (512, 768),
    "decoder_norm": (512,),
    "decoder_pred_a": (256, 512),
    "decoder_pred_v": (768, 512),
    **{f"decoder_blocks.{at}.{name}": shape for at in range(8) for name, shape in BLOCK.items()},
}
TOKENS = {
    "mask_token": 1,
    "decoder_modality_a": 1,
    "decoder_modality_v": 1,
    "decoder_pos_embed_a": 512,
    "decoder_pos_embed_v": 196,
}
UNKNOWN = "module.blocks_a.11.norm1.weight", "module.blocks_v.0.norm3.bias", "blocks_a.0.norm1.bias"


@pytest.fixture(scope="module")
def checkpoint() -> dict[str, Any]:
    return kit.checkpoint(NAME)


@pytest.fixture(scope="module")
def network(checkpoint: dict[str, Any]) -> Any:
    return cavmae.load(checkpoint)


@pytest.fixture(scope="module")
def intended(checkpoint: dict[str, Any]) -> Any:
    return cavmae.load(checkpoint, extraction="as-intended")


def power(features: np.ndarray) -> np.ndarray:
    return np.exp(features.astype(np.float64) * 4.4849 - 5.081)


def test_the_network_alone_is_the_reference(network: Any) -> None:
    for _, given, expected in kit.net_only(NAME):
        with torch.inference_mode():
            patches = network.forward(torch.from_numpy(given))[0].numpy()
        found = np.stack([patches.mean(axis=0), patches[0], patches[1], patches[511]])
        assert kit.relative(found, expected) <= 1e-5


@pytest.mark.parametrize("kind", kit.KINDS)
def test_the_front_end_is_the_reference(network: Any, kind: str) -> None:
    """In linear power: log energies of nearly empty filters are rounding noise."""
    reference = kit.reference(NAME, kind, "direct")
    found = network.features(kit.waveform(kind, 44100), "")
    assert (found.shape, found.dtype) == ((1, 1024, 128), torch.float32)
    rows = found[0].numpy()[:: int(reference["features_row_stride"])]
    stored = len(reference["features"])
    assert kit.relative(power(rows[:stored]), power(reference["features"])) <= 1e-5
    np.testing.assert_allclose(rows[stored:], PADDING, rtol=1e-6)


@pytest.mark.parametrize("kind", kit.KINDS)
def test_every_patch_is_the_reference(network: Any, kind: str) -> None:
    reference = kit.reference(NAME, kind, "direct")
    found = network.embed(kit.waveform(kind, 44100))
    assert found.shape == (reference["n_frames"], cavmae.DIM)
    assert kit.relative(found[:4], reference["frames_first4"]) <= 1e-4
    assert kit.relative(found[-2:], reference["frames_last2"]) <= 1e-4
    assert kit.relative(found.mean(axis=0), reference["embedding"]) <= 1e-4


@pytest.mark.parametrize("kind", kit.KINDS)
def test_a_file_is_the_reference(network: Any, kind: str) -> None:
    """No resampling on the way: the file's own rate is the front end's."""
    samples, rate = kit.wav44(kind)
    found = network.embed(samples, rate=rate).mean(axis=0)
    assert kit.relative(found, kit.reference(NAME, kind, "wav44")["embedding"]) <= 1e-4


def test_the_file_s_rate_reaches_the_front_end(network: Any) -> None:
    samples = kit.noise(1.0, rate=16000)
    for rate, windows in ((16000, 98), (44100, 34)):
        heard = np.abs(network.features(samples, "", rate=rate)[0].numpy() - PADDING) > 1e-4
        assert heard.any(axis=1).sum() == windows


def test_as_published_hears_the_first_channel(network: Any) -> None:
    stereo = kit.noise(2.0, channels=2) + np.float32([0.1, -0.2])
    found, expected = (network.features(x, "").numpy() for x in (stereo, stereo[:, :1]))
    assert kit.relative(power(found), power(expected)) <= 1e-5


def test_as_intended_hears_the_mean_at_16_khz(network: Any, intended: Any) -> None:
    soxr = pytest.importorskip("soxr", reason="soxr is not installed")
    stereo = kit.noise(3.0, channels=2)
    resampled = soxr.resample(stereo.mean(axis=1), 44100, 16000, quality="HQ")[:, None]
    found = intended.features(stereo, "", rate=44100)
    expected = network.features(resampled, "", rate=16000)
    assert kit.relative(power(found.numpy()), power(expected.numpy())) <= 1e-5


CLIPS = {
    "0.3 s": kit.noise(0.3),
    "silence": np.zeros((44100, 1), np.float32),
    "35 s, stereo": kit.noise(35.0, channels=2),
}


@pytest.mark.parametrize(
    ("extraction", "clip"),
    [
        ("as-published", "silence"),
        ("as-published", "35 s, stereo"),
        ("as-intended", "0.3 s"),
        # the network takes more than a second for each
        pytest.param("as-published", "0.3 s", marks=pytest.mark.long),
        pytest.param("as-intended", "silence", marks=pytest.mark.long),
        pytest.param("as-intended", "35 s, stereo", marks=pytest.mark.long),
    ],
)
def test_any_sane_clip_has_an_embedding(
    network: Any, intended: Any, extraction: str, clip: str
) -> None:
    chosen = network if extraction == "as-published" else intended
    found = chosen.embed(CLIPS[clip], "a.wav", rate=44100)
    assert (found.shape, found.dtype) == ((512, 768), np.float32)
    assert np.isfinite(found).all()


def test_the_same_clip_has_the_same_embedding(network: Any) -> None:
    samples = kit.noise(2.0)
    np.testing.assert_array_equal(network.embed(samples, "a"), network.embed(samples, "a"))


def test_the_audio_branch_alone_is_enough(checkpoint: dict[str, Any], network: Any) -> None:
    keys = json.loads((kit.folder(NAME) / "keys.json").read_text())
    audio = {key: value for key, value in checkpoint.items() if keys[key]["used_by_audio"]}
    assert len(audio) < len(checkpoint)
    samples = kit.waveform("click0p3s", 44100)
    np.testing.assert_array_equal(cavmae.load(audio).embed(samples), network.embed(samples))


@pytest.fixture(scope="module")
def pretrained(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """The keys of audio_model.21, as CAVMAE has them; NaN in what the audio branch leaves out."""
    shapes = {f"{name}.weight": shape for name, shape in LAYERS.items()}
    shapes |= {f"{name}.bias": shape[:1] for name, shape in LAYERS.items()}
    shapes |= {name: (1, count, 512) for name, count in TOKENS.items()}
    keys = json.loads((kit.folder(NAME) / "keys.json").read_text())
    return {
        name: tensor if keys[name]["used_by_audio"] else torch.full_like(tensor, torch.nan)
        for name, tensor in checkpoint.items()
        if "mlp_head" not in name
    } | {f"module.{name}": torch.full(shape, torch.nan) for name, shape in shapes.items()}


def test_the_pretrained_checkpoint_holds_the_same_branch(
    pretrained: dict[str, Any], network: Any
) -> None:
    assert len(pretrained) == 647  # in the authors' class CAVMAE
    samples = kit.waveform("sweep1s", 44100)
    np.testing.assert_array_equal(cavmae.load(pretrained).embed(samples), network.embed(samples))


def test_the_pretrained_checkpoint_is_read_strictly(pretrained: dict[str, Any]) -> None:
    for key in ("module.pos_embed_a", "module.blocks_a.10.mlp.fc2.bias"):
        kit.check_key(cavmae.load, pretrained, key)
    for key in ("module.decoder_blocks.0.norm3.bias", "module.decoder_pos_embed", "mask_token"):
        kit.check_unknown(cavmae.load, pretrained, key)


def test_a_missing_or_misshapen_key_is_named(checkpoint: dict[str, Any]) -> None:
    kit.check_key(cavmae.load, checkpoint, KEY)


@pytest.mark.parametrize("key", UNKNOWN)
def test_an_unknown_key_is_named(checkpoint: dict[str, Any], key: str) -> None:
    kit.check_unknown(cavmae.load, checkpoint, key)
