"""Which loudspeaker a channel is for, and what two ears get of many."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio.decoding import decode
from embeddings.audio.speakers import mixed_down
from tests.support.sounds.tone import RATE

FIVE_ONE = ("FL", "FR", "FC", "LFE", "BL", "BR")


def write(path: Path, channels: int, form: str, mask: int | None = None) -> Path:
    """Write silence of so many channels; `mask` is put in the place of what the file says."""
    soundfile.write(path, np.zeros((64, channels)), RATE, format=form)
    if mask is not None:
        content = bytearray(path.read_bytes())
        content[40:44] = mask.to_bytes(4, "little")
        path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("form", "mask", "layout"),
    [
        ("WAV", None, FIVE_ONE),
        ("FLAC", None, FIVE_ONE),
        ("AIFF", None, FIVE_ONE),
        ("OGG", None, ("FL", "FC", "FR", "BL", "BR", "LFE")),
        ("WAVEX", None, FIVE_ONE),
        ("WAVEX", 0b11000001111, ("FL", "FR", "FC", "LFE", "SL", "SR")),
        ("WAVEX", 0, FIVE_ONE),  # it names none
        ("WAVEX", 0b111, FIVE_ONE),  # it names too few
    ],
)
def test_six_channels_are_those_of_the_file(
    tmp_path: Path, form: str, mask: int | None, layout: tuple[str, ...]
) -> None:
    assert decode(write(tmp_path / "a.wav", 6, form, mask)).layout == layout


def test_nothing_is_guessed_of_four_eight_or_sixteen(tmp_path: Path) -> None:
    for channels in (4, 7, 8, 9, 16):
        assert decode(write(tmp_path / "a.wav", channels, "WAV")).layout == ()
    assert decode(write(tmp_path / "b.wav", 8, "WAVEX", 0x63F)).layout[-2:] == ("SL", "SR")
    assert decode(write(tmp_path / "c.flac", 8, "FLAC")).layout[-2:] == ("SL", "SR")
    assert decode(write(tmp_path / "d.flac", 4, "FLAC")).layout == ("FL", "FR", "BL", "BR")
    assert decode(write(tmp_path / "e.wav", 2, "WAVEX")).layout == ()


def test_a_mix_is_that_of_the_rule() -> None:
    samples = np.eye(6, dtype=np.float32)  # one channel sounds in each frame
    mix, note = mixed_down(samples, FIVE_ONE)
    half = 0.5**0.5
    right = [[1, 0], [0, 1], [half, half], [0, 0], [half, 0], [0, half]]
    assert mix == pytest.approx(np.array(right), abs=1e-7)
    assert mix.dtype == np.float32
    assert note == "6 channels: mixed to stereo by ITU-R BS.775"
    side, _ = mixed_down(samples, ("FL", "FC", "FR", "SL", "SR", "LFE"))
    assert side == pytest.approx(np.array([right[at] for at in (0, 2, 1, 4, 5, 3)]), abs=1e-7)


@pytest.mark.parametrize("layout", [(), (*FIVE_ONE, *("TC",) * 10)])
def test_what_has_no_known_layout_is_mixed_to_its_mean(layout: tuple[str, ...]) -> None:
    samples = np.random.default_rng(1).normal(size=(50, 16)).astype(np.float32)
    mix, note = mixed_down(samples, layout)
    assert mix == pytest.approx(samples.mean(axis=1, keepdims=True), abs=1e-6)
    assert note == "16 channels of no known layout: mixed to mono"


@pytest.mark.parametrize("channels", [1, 2])
def test_one_channel_or_two_stay_as_they_are(channels: int) -> None:
    samples = np.ones((5, channels), np.float32)
    assert mixed_down(samples)[0] is samples


def test_a_layout_is_that_of_the_reader(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="PyAV is not installed (requirements-formats.txt)")
    loud = np.linspace(0.1, 0.6, 6)
    tone = np.sin(np.arange(RATE) * 2 * np.pi * 400 / RATE)
    soundfile.write(tmp_path / "one.ogg", tone[:, None] * loud, RATE)
    one = (tmp_path / "one.ogg").read_bytes()
    (tmp_path / "two.ogg").write_bytes(one + one)  # which libsndfile reads half of
    heard = {}
    for name in ("one", "two"):
        sound = decode(tmp_path / f"{name}.ogg")
        assert sound.by_ffmpeg == (name == "two")
        levels = np.sqrt((sound.samples**2).mean(axis=0))
        assert sound.suspicion == ("2 sounds are chained in it" if name == "two" else "")
        heard[name] = dict(zip(sound.layout, levels, strict=True))
        del heard[name]["LFE"]  # of which Vorbis leaves the lowest alone
    assert list(heard["one"]) != list(heard["two"])  # Vorbis has an order of its own
    assert heard["one"] == pytest.approx(heard["two"], rel=0.02)
