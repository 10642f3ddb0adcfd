"""The copies that raters hear: one loudness, no tags, decoded once, whole or not at all."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from embeddings.audio.decoding import read_audio
from embeddings.audio.meter import integrated_loudness
from embeddings.errors import InputError
from embeddings.files import whole_file
from embeddings.listening import copies as stored_copies
from embeddings.listening import levels
from embeddings.listening.copies import Delivered, make_copies, write_sound
from embeddings.listening.levels import (
    SILENCE_DBTP,
    Level,
    Measured,
    plan_levels,
    rounded_peak,
    true_peak,
)
from embeddings.listening.soundcheck import write_check_sounds
from tests.support.loudness import left, read_loudness

RATE = 44100


def sine(seconds: float = 1.0, peak: float = 0.25, rate: int = RATE) -> np.ndarray:
    """A sine of 997 Hz, float [frames]: at full scale it reads -3.01 LUFS in one channel."""
    return peak * np.sin(2 * np.pi * 997 * np.arange(round(seconds * rate)) / rate)


def clicks(peak: float = 0.9) -> np.ndarray:
    """A click every 0.02 s, float [2 s of frames]: high peaks and little loudness."""
    sound = np.zeros(2 * RATE)
    sound[:: RATE // 50] = peak
    return sound


def write(path: Path, samples: np.ndarray, rate: int = RATE, subtype: str | None = None) -> Path:
    """Write a sound and return where."""
    soundfile.write(path, samples, rate, subtype=subtype)
    return path


def copies(sources: dict[str, Path], folder: Path, **options: Any) -> Delivered:
    """Make levelled FLAC copies, unless told otherwise."""
    terms = {"level": True, "loudness": -23.0, "format": "flac", "workers": 2, **options}
    return make_copies(sources, folder, **terms)


def test_true_peak_finds_the_peak_between_the_samples() -> None:
    # A quarter of the rate, 45 degrees off: every sample is at 0.707 of the sine's own peak.
    sound = np.sin(2 * np.pi * np.arange(4000) / 4 + np.pi / 4)[:, None]
    sound *= np.hanning(4000)[:, None]
    assert 20 * np.log10(np.abs(sound).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak(sound) == pytest.approx(0.0, abs=0.1)
    assert 0 < rounded_peak(sound) - true_peak(sound) < 0.0111
    assert true_peak(np.zeros((9, 1))) == rounded_peak(np.zeros((9, 1))) == SILENCE_DBTP


def test_true_peak_is_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    sounds = [np.random.default_rng(take).normal(size=(999, 2)) for take in range(20)]
    sounds += [np.hanning(999)[:, None]]  # cut anywhere, it would overshoot there
    whole = [true_peak(sound) for sound in sounds]
    monkeypatch.setattr(levels, "_BLOCK", 100)
    assert [true_peak(sound) for sound in sounds] == whole


def test_the_wanted_level_is_taken_where_no_peak_forbids_it() -> None:
    common, planned = plan_levels(
        {"loud": Measured(-10.0, 0.0, ""), "soft": Measured(-40.0, -30.0, "")}, -23.0
    )
    assert common == -23.0
    assert planned == [Level("loud", -10.0, 0.0, -13.0, ""), Level("soft", -40.0, -30.0, 17.0, "")]


def test_all_are_lowered_for_the_peakiest() -> None:
    common, planned = plan_levels(
        {"plain": Measured(-20.0, -6.0, ""), "peaky": Measured(-30.0, -2.5, "")}, -23.0
    )
    assert common == -28.5  # "peaky" may be raised by 1.5 dB
    assert [(one.gain_db, one.note) for one in planned] == [(-8.5, ""), (1.5, "")]


def test_all_are_lowered_by_12_db_at_most_and_the_rest_is_listed() -> None:
    common, planned = plan_levels(
        {"plain": Measured(-20.0, -6.0, ""), "clicks": Measured(-44.0, -0.5, "")}, -23.0
    )
    assert common == -35.0
    assert planned[1] == Level(
        "clicks", -44.0, -0.5, -0.5, "falls short by 9.5 dB, peaking at -1.0 dBTP"
    )
    assert planned[0].note == ""


def test_what_has_no_loudness_is_never_raised_and_does_not_count() -> None:
    common, planned = plan_levels(
        {
            "silence": Measured(None, SILENCE_DBTP, "silent"),
            "surround": Measured(None, 0.2, "too many channels"),
        },
        -23.0,
    )
    assert common == -23.0
    assert [(one.gain_db, one.note) for one in planned] == [
        (0.0, "silent: copied as it is, peaking at -120.0 dBTP"),
        (-1.2, "too many channels: lowered by 1.2 dB to peak at -1.0 dBTP"),
    ]


@pytest.mark.usefixtures("serial")
def test_a_gate_that_moves_with_the_level_is_followed(tmp_path: Path) -> None:
    # Its second half passes the gate of -70 LUFS as it is, and not when it is lowered by 12 dB.
    sound = np.concatenate([sine(5, 0.00316), sine(5, 0.00126)])
    before, _ = integrated_loudness(sound[:, None], RATE)
    lowered, _ = integrated_loudness(sound[:, None] * 10 ** (-12 / 20), RATE)
    assert before is not None
    assert lowered is not None
    assert abs(lowered - (before - 12)) > 0.5
    source = write(tmp_path / "a.wav", sound, subtype="PCM_24")
    made = copies({"a": source}, tmp_path / "to", loudness=round(before - 12, 2))
    assert read_loudness(tmp_path / "to", made.files["a"]) == pytest.approx(before - 12, abs=0.06)
    assert made.levels[0].gain_db < -12.5
    assert made.levels[0].note == ""


@pytest.mark.usefixtures("serial")
@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_copies_have_one_loudness_and_no_peak_above_the_ceiling(
    tmp_path: Path, format: str
) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal(RATE)
    sources = {
        "loud": write(tmp_path / "loud.wav", sine(peak=0.9)),
        "short": write(tmp_path / "short.wav", sine(0.1)),
        "noise": write(tmp_path / "noise.ogg", noise),
        "clicks": write(tmp_path / "clicks.flac", clicks()),
        "silence": write(tmp_path / "silence.wav", np.zeros(RATE)),
    }
    folder = tmp_path / "copies"
    made = copies(sources, folder, format=format, loudness=-20.0)
    assert list(made.files) == list(made.seconds) == [one.clip for one in made.levels]
    assert sorted(path.name for path in folder.iterdir()) == sorted(made.files.values())
    assert made.seconds == {"loud": 1, "short": 0.1, "noise": 1, "clicks": 2, "silence": 1}
    assert made.common_level is not None
    assert -32.0 < made.common_level < -20.0
    for one in made.levels[:4]:
        short = float(one.note.split()[3]) if one.note else 0.0
        assert short <= (1.0 if (format, one.clip) == ("mp3", "clicks") else 0.0)
        assert read_loudness(folder, made.files[one.clip]) == pytest.approx(
            made.common_level - short, abs=0.1
        )
        assert true_peak(read_audio(folder / made.files[one.clip])[0]) <= -1.0
    assert made.levels[4].note.startswith("silent: copied as it is")
    assert not read_audio(folder / made.files["silence"])[0].any()


@pytest.mark.usefixtures("serial")
def test_an_mp3_is_measured_as_it_comes_out_of_the_codec(tmp_path: Path) -> None:
    sources = {"a": write(tmp_path / "a.wav", clicks())}
    flac = copies(sources, tmp_path / "flac")
    mp3 = copies(sources, tmp_path / "mp3", format="mp3")
    assert mp3.levels[0].peak_dbtp > flac.levels[0].peak_dbtp + 1


@pytest.mark.usefixtures("serial")
@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_a_copy_that_passes_the_ceiling_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    monkeypatch.setattr(stored_copies, "rounded_peak", lambda samples: true_peak(samples) - 1.5)
    source = write(tmp_path / "a.wav", clicks())
    made = copies({"a": source}, tmp_path / "to", format=format, loudness=-20.0)
    assert true_peak(read_audio(tmp_path / "to" / made.files["a"])[0]) <= -1.0
    assert made.common_level is not None
    short = made.common_level - read_loudness(tmp_path / "to", made.files["a"])
    assert short > 1.4
    assert made.levels[0].note.startswith(f"falls short by {short:.1f} dB")


@pytest.mark.usefixtures("serial")
def test_mono_beside_stereo_is_copied_to_both_sides(tmp_path: Path) -> None:
    both = np.stack([sine(), sine()], axis=1)
    mono = write(tmp_path / "mono.wav", sine())
    stereo = write(tmp_path / "stereo.wav", both)
    made = copies({"mono": mono, "stereo": stereo}, tmp_path / "to")
    heard = [read_audio(tmp_path / "to" / name)[0] for name in made.files.values()]
    assert np.array_equal(*heard)  # one sound, whether it was stored once or twice
    assert made.channels == 2
    assert [one.loudness_lufs for one in made.levels] == pytest.approx([-12.05] * 2, abs=0.1)
    assert [one.gain_db for one in made.levels] == pytest.approx([-10.95] * 2, abs=0.1)
    alone = copies({"mono": mono}, tmp_path / "alone")
    assert alone.channels == 1
    assert read_audio(tmp_path / "alone" / alone.files["mono"])[0].shape == (RATE, 1)


@pytest.mark.usefixtures("serial")
def test_unlevelled_copies_are_the_same_samples(tmp_path: Path) -> None:
    stereo = np.stack([sine(), 0.5 * sine()], axis=1)
    sources = {
        "mono": write(tmp_path / "mono.wav", sine(peak=1.0), 22050),
        "stereo": write(tmp_path / "stereo.flac", stereo),
    }
    made = copies(sources, tmp_path / "to", level=False)
    assert (made.common_level, made.levels) == (None, [])
    for clip, source in sources.items():
        copy, rate = soundfile.read(tmp_path / "to" / made.files[clip], dtype="int16")
        original, original_rate = soundfile.read(source, dtype="int16")
        assert rate == original_rate
        assert np.array_equal(copy, original)


@pytest.mark.usefixtures("serial")
def test_what_passes_full_scale_is_lowered_and_not_cut_off(tmp_path: Path) -> None:
    source = write(tmp_path / "hot.wav", sine(peak=2.0), subtype="FLOAT")
    made = copies({"hot": source}, tmp_path / "to", level=False)
    assert made.levels == [Level("hot", None, 6.03, -6.03, "passes full scale: lowered by 6.0 dB")]
    copy, _ = read_audio(tmp_path / "to" / made.files["hot"])
    assert np.abs(copy[:, 0] - sine(peak=2.0) * 10 ** (-6.03 / 20)).max() < 1e-4


@pytest.mark.usefixtures("serial")
@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_no_copy_has_a_tag_or_a_name(tmp_path: Path, format: str) -> None:
    sources = {}
    for suffix in (".wav", ".flac", ".ogg", ".mp3"):
        path = sources[f"SECRET{suffix}"] = tmp_path / f"SECRET-NAME{suffix}"
        with soundfile.SoundFile(path, "w", RATE, 1) as file:
            for tag in ("title", "artist", "comment", "album", "copyright"):
                setattr(file, tag, f"SECRET-{tag}")
            file.write(sine(0.5))
        assert b"SECRET-title" in path.read_bytes()
    made = copies(sources, tmp_path / "to", format=format)
    for name in made.files.values():
        assert b"SECRET" not in (tmp_path / "to" / name).read_bytes()
        assert len(name) == 32 + 1 + len(format)
        assert not set(name.removesuffix(f".{format}")) - set("0123456789abcdef")
    assert len(set(made.files.values())) == len(sources)


@pytest.mark.usefixtures("serial")
@pytest.mark.parametrize("format", ["flac", "mp3"])
def test_the_same_sound_gives_the_same_bytes(tmp_path: Path, format: str) -> None:
    sources = {"a": write(tmp_path / "a.ogg", sine(0.5))}
    one, two = (copies(sources, tmp_path / take, format=format) for take in ("one", "two"))
    assert one.files != two.files
    bytes_of = [(tmp_path / "one" / one.files["a"]), (tmp_path / "two" / two.files["a"])]
    assert bytes_of[0].read_bytes() == bytes_of[1].read_bytes()


@pytest.mark.usefixtures("serial")
@pytest.mark.parametrize(
    ("rate", "becomes"), [(96000, 48000), (88200, 44100), (37800, 44100), (6000, 8000)]
)
def test_mp3_gets_a_rate_that_it_has(tmp_path: Path, rate: int, becomes: int) -> None:
    source = write(tmp_path / "a.wav", sine(rate=rate), rate)
    made = copies({"a": source}, tmp_path / "to", format="mp3")
    copy, copied_rate = read_audio(tmp_path / "to" / made.files["a"])
    assert copied_rate == becomes
    assert len(copy) == pytest.approx(becomes, abs=2304)
    spectrum = np.abs(np.fft.rfft(copy[:, 0], becomes))
    assert np.argmax(spectrum) == 997


def test_the_work_is_done_in_other_processes(tmp_path: Path) -> None:
    sources = {f"clip {take}": write(tmp_path / f"{take}.wav", sine(0.5)) for take in range(4)}
    made = copies(sources, tmp_path / "to")
    assert list(made.files) == [one.clip for one in made.levels] == list(sources)
    assert len(left(tmp_path / "to")) == 4


@pytest.mark.usefixtures("serial")
def test_a_clip_that_cannot_be_decoded_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("this is no sound")
    good = write(tmp_path / "good.wav", sine())
    sources = {"good": good, "bad": tmp_path / "text.wav", "gone": tmp_path / "gone.wav"}
    for level in (True, False):
        with pytest.raises(InputError) as caught:
            copies(sources, tmp_path / "to", level=level)
        message = str(caught.value)
        assert message.startswith(
            "The study cannot be opened: no copy of the clip 'bad' can be made: "
            f"{tmp_path / 'text.wav'}: the audio cannot be read"
        )
        assert message.endswith(" (Clips that fail: 2.)")
        assert left(tmp_path / "to") == []


@pytest.mark.parametrize(
    ("format", "channels", "rate", "reason"),
    [
        ("flac", 9, RATE, "FLAC has at most 8 channels, not 9."),
        ("flac", 1, 700000, "FLAC has at most 655350 Hz, not 700000 Hz."),
        ("mp3", 3, RATE, "MP3 has at most 2 channels, not 3."),
    ],
)
def test_what_a_format_cannot_hold_is_said(
    tmp_path: Path, format: str, channels: int, rate: int, reason: str
) -> None:
    with pytest.raises(InputError, match=f"^{reason}$"):
        write_sound(tmp_path / "a", np.zeros((RATE, channels)), rate, format)
    assert left(tmp_path) == []


@pytest.mark.usefixtures("serial")
def test_an_unknown_format_is_said(tmp_path: Path) -> None:
    for make in (
        lambda: copies({}, tmp_path / "to", format="ogg"),
        lambda: write_check_sounds(tmp_path / "to", "ogg", -23.0, 1),
    ):
        with pytest.raises(InputError, match="must be flac, mp3 or opus, not 'ogg'"):
            make()
    assert not (tmp_path / "to").exists()


@pytest.mark.usefixtures("serial")
@pytest.mark.parametrize("format", ["flac", "mp3"])
@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_a_copy_that_does_not_give_its_sound_back_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, kept: float
) -> None:
    real, coded = soundfile.write, []

    def spoilt(file: Any, *args: Any, **terms: Any) -> None:
        real(file, *args, **terms)
        coded.append(file)
        if len(coded) == 2:
            file.truncate(int(kept * len(file.getvalue())))

    source = write(tmp_path / "a.wav", sine(2))
    monkeypatch.setattr(soundfile, "write", spoilt)
    with pytest.raises(InputError, match=rf"the clip 'b' .* the {format.upper()} "):
        copies({"a": source, "b": source}, tmp_path / "to", format=format)
    assert left(tmp_path / "to") == []


@pytest.mark.usefixtures("serial")
def test_a_flac_of_other_samples_stops_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, real = write(tmp_path / "a.wav", sine()), soundfile.write

    def softer(file: Any, samples: np.ndarray, *args: Any, **terms: Any) -> None:
        real(file, samples // 2, *args, **terms)

    monkeypatch.setattr(soundfile, "write", softer)
    with pytest.raises(InputError, match="the FLAC gives back other samples than were written"):
        copies({"a": source}, tmp_path / "to")
    assert left(tmp_path / "to") == []


@pytest.mark.usefixtures("serial")
def test_a_full_disk_stops_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {clip: write(tmp_path / f"{clip}.wav", sine()) for clip in "ab"}
    room = iter([True, False])

    def disk(path: Path) -> Any:
        if next(room):
            return whole_file(path)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stored_copies, "whole_file", disk)
    with pytest.raises(InputError, match=r"'b' .* cannot be written \(No space left on device\)"):
        copies(sources, tmp_path / "to")
    assert left(tmp_path / "to") == []
