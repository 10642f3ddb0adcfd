"""The loudness of sounds."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile

from embeddings.audio.decoding import decode
from embeddings.audio.measuring import measure
from embeddings.audio.meter import integrated_loudness, within_full_scale
from tests.support.sounds.sound_kinds import sound
from tests.support.sounds.tone import RATE, tone

FIVE_ONE = ("FL", "FR", "FC", "LFE", "BL", "BR")


def test_loudness_of_the_standard_tone() -> None:
    # BS.1770-4: 0 dBFS at 997 Hz in one front channel reads -3.01 LKFS; meters may err by 0.1.
    assert integrated_loudness(tone(3), RATE)[0] == pytest.approx(-3.01, abs=0.1)
    assert integrated_loudness(tone(3, channels=2), RATE)[0] == pytest.approx(0.0, abs=0.1)


def test_loudness_of_a_short_sound_is_measured_looped() -> None:
    loudness, note = integrated_loudness(tone(0.1), RATE)
    assert loudness == pytest.approx(-3.01, abs=0.1)
    assert note == "shorter than 0.4 s: measured looped"


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 192_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_usual_rates_read_what_they_always_did(rate: int, channels: int) -> None:
    noise = np.random.default_rng(rate).normal(0, 0.1, (rate, channels)).astype(np.float32)
    before = pyloudnorm.Meter(rate).integrated_loudness(noise.astype(np.float64))
    assert integrated_loudness(noise, rate) == (round(before, 2), "")


@pytest.mark.parametrize("rate", [1000, 2000, 2999, 6000, 500_000, 2_822_400])
def test_a_tone_is_as_loud_at_any_rate(rate: int) -> None:
    seconds = 0.5
    right = integrated_loudness(sound(48000, peak=0.3, seconds=seconds), 48000)[0]
    if rate < 2400:  # which hold an eighth of the rate
        times = np.arange(24000) / 48000
        right = integrated_loudness(0.3 * np.sin(2 * np.pi * rate / 8 * times)[:, None], 48000)[0]
    loudness, note = integrated_loudness(sound(rate, peak=0.3, seconds=seconds), rate)
    assert loudness == pytest.approx(right, abs=0.06)
    assert note == ""


def test_a_rate_of_no_sound_needs_no_memory() -> None:
    loudness, note = integrated_loudness(sound(2**31 - 1, peak=0.3, seconds=1e-6), 2**31 - 1)
    assert loudness is None or loudness < 0
    assert note


@pytest.mark.parametrize(
    ("layout", "lfe"), [(FIVE_ONE, 3), (("FL", "FC", "FR", "SL", "SR", "LFE"), 5)]
)
def test_surrounds_weigh_more_and_the_lfe_nothing(layout: tuple[str, ...], lfe: int) -> None:
    read = []
    for channel in range(6):
        samples = np.zeros((RATE, 6), np.float32)
        samples[:, channel] = tone(1)[:, 0]
        read.append(integrated_loudness(samples, RATE, layout))
    assert read.pop(lfe) == (None, "silent but for its LFE channel")
    levels = [loudness for loudness, _ in read]
    assert levels == pytest.approx([-3.01] * 3 + [-3.01 + 10 * np.log10(1.41)] * 2, abs=0.1)
    together = integrated_loudness(tone(1, channels=6), RATE, layout)[0]
    assert together == pytest.approx(-3.01 + 10 * np.log10(3 + 2 * 1.41), abs=0.1)


def test_what_has_no_loudness_says_why() -> None:
    assert integrated_loudness(np.zeros((RATE, 1), np.float32), RATE) == (None, "silent")
    quiet = integrated_loudness(1e-6 * tone(1), RATE)
    assert quiet == (None, "quieter than the gate of -70 LUFS")
    low = integrated_loudness(sound(10, seconds=5), 10)
    assert low == (None, "sampled at 10 Hz: holds nothing that ears hear")
    start = "loudness is defined for 5.1 and less, not for"
    many = integrated_loudness(tone(1, channels=6), RATE)
    assert many == (None, f"{start} 6 channels of no known layout")
    seven = integrated_loudness(tone(1, channels=8), RATE, (*FIVE_ONE, "SL", "SR"))
    assert seven == (None, f"{start} 8 channels")


@pytest.mark.parametrize("peak", [2.5, 32767, 3e29, 3e38])
def test_what_is_far_above_full_scale_is_measured_lowered_to_it(
    tmp_path: Path, peak: float
) -> None:
    path = tmp_path / "huge.wav"
    soundfile.write(path, sound(RATE, peak=peak), RATE, subtype="FLOAT")
    found = measure(path)
    right = integrated_loudness(sound(RATE, peak=1.0), RATE)[0]
    assert found.loudness_lufs == pytest.approx(right, abs=0.01)
    assert (
        found.loudness_note == f"passes full scale by {20 * np.log10(peak):.1f} dB: lowered to it"
    )
    assert max(found.envelope) == 1


def test_what_codecs_overshoot_stays() -> None:
    samples = np.array([[1.9], [-2.0]], np.float32)
    assert within_full_scale(samples)[0] is samples


@pytest.mark.parametrize(
    ("form", "coding", "rate", "channels"),
    [
        ("WAV", "PCM_16", 2000, 1),
        ("WAV", "PCM_16", 4000, 2),
        ("WAV", "PCM_16", 500_000, 1),
        ("WAVEX", "PCM_16", 48000, 6),
        ("FLAC", "PCM_16", 44100, 4),
        ("OGG", "VORBIS", 44100, 6),
    ],
)
def test_ffmpeg_reads_the_same(
    tmp_path: Path, form: str, coding: str, rate: int, channels: int
) -> None:
    if not (ffmpeg := shutil.which("ffmpeg")):
        pytest.skip("ffmpeg is not installed")
    path = tmp_path / "a.wav"
    noise = np.random.default_rng(rate).normal(0, 0.1, (rate, channels))
    soundfile.write(path, np.tile(noise, (2, 1)), rate, format=form, subtype=coding)
    command = [
        ffmpeg,
        "-nostats",
        "-i",
        str(path),
        "-af",
        "aresample=48000,ebur128",
        "-f",
        "null",
        "-",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    theirs = float(re.findall(r"I: +(-[\d.]+) LUFS", said)[-1])
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    ours = integrated_loudness(samples, rate, decode(path).layout)[0]
    assert ours == pytest.approx(theirs, abs=0.25)  # their filters are others above 1 kHz
