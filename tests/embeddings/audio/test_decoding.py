"""Reading sounds."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio import decoding, ffmpeg, gathering
from embeddings.audio.decoding import decode, read_audio
from embeddings.audio.flac_frames import flac_length
from embeddings.audio.lengths import Length
from embeddings.errors import InputError
from tests.support.sounds.tone import RATE, tone


@pytest.mark.parametrize(
    "suffix", [".wav", ".flac", ".ogg", ".mp3", ".aiff", ".au", ".caf", ".w64"]
)
def test_every_format_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    soundfile.write(path, 0.5 * tone(1), RATE)
    samples, rate = read_audio(path)
    assert rate == RATE
    assert len(samples) / rate == pytest.approx(1, abs=0.06)  # MP3 pads


def broken_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Make one file of each kind that cannot be used, with what is said of it."""
    (folder / "text.wav").write_text("this is no sound")
    (folder / "nothing.ogg").write_bytes(b"")
    soundfile.write(folder / "empty.wav", np.zeros((0, 1)), RATE)
    samples = tone(0.1)
    samples[7] = np.nan
    soundfile.write(folder / "nan.wav", samples, RATE, subtype="FLOAT")
    return {
        "missing": (folder / "missing.wav", "there is no such file"),
        "text": (folder / "text.wav", "the audio cannot be read"),
        "nothing": (folder / "nothing.ogg", "the file is empty (0 bytes)"),
        "empty": (folder / "empty.wav", "the audio is empty"),
        "nan": (folder / "nan.wav", "sample 7 is not a finite number"),
    }


@pytest.mark.parametrize("kind", ["missing", "text", "nothing", "empty", "nan"])
def test_broken_audio_is_one_sentence_with_the_file(tmp_path: Path, kind: str) -> None:
    path, reason = broken_files(tmp_path)[kind]
    with pytest.raises(InputError) as caught:
        read_audio(path)
    assert str(caught.value).startswith(f"{path}: {reason}")
    assert "\n" not in str(caught.value)


def test_a_very_long_file_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, tone(2), RATE)
    monkeypatch.setattr(decoding, "LONGEST_SECONDS", 1.0)
    with pytest.raises(InputError, match="is 2 s long; a clip may have at most 1 s"):
        read_audio(path)


def no_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "is_there", lambda: False)


CLEAN = [
    ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "FLOAT"), ("WAV", "DOUBLE"),
    ("WAV", "ULAW"), ("WAV", "IMA_ADPCM"), ("WAV", "MS_ADPCM"), ("WAVEX", "PCM_16"),
    ("RF64", "PCM_16"), ("W64", "PCM_16"), ("AIFF", "PCM_16"), ("AU", "PCM_16"), ("CAF", "PCM_16"),
    ("CAF", "ALAC_16"), ("NIST", "PCM_16"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"),
    ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "subtype"), CLEAN)
@pytest.mark.parametrize(("rate", "channels"), [(48000, 1), (16000, 2)])
def test_clean_files_are_libsndfiles_to_the_bit(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    subtype: str,
    rate: int,
    channels: int,
) -> None:
    """So vectors of them stay what they were; and nothing is suspicious."""
    no_pyav(monkeypatch)
    path = tmp_path / "a"
    rng = np.random.default_rng(rate)
    made = np.clip(0.3 * tone(0.5, channels) + rng.normal(0, 0.02, (RATE // 2, channels)), -1, 1)
    soundfile.write(path, made, rate, format=form, subtype=subtype)
    found = decode(path)
    with soundfile.SoundFile(
        path
    ) as file:  # soundfile.read seeks first: of MP3 the last bits differ
        samples, own_rate = file.read(dtype="float32", always_2d=True), file.samplerate
    assert found.samples.tobytes() == samples.tobytes()
    assert (found.rate, found.frames) == (own_rate, len(samples))
    assert (found.suspicion, found.by_ffmpeg) == ("", False)


@pytest.mark.parametrize("subtype", ["GSM610", "G721_32"])
def test_codecs_that_cannot_seek_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subtype: str
) -> None:
    no_pyav(monkeypatch)
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(1), 8000, subtype=subtype)
    assert decode(path).frames == RATE


def short_files(folder: Path) -> dict[str, Path]:
    """Make files of which libsndfile reads less than they hold."""
    made = {}
    for form in ("WAV", "FLAC", "OGG", "MP3"):
        soundfile.write(folder / form, 0.3 * tone(1), RATE, format=form)
        made[form] = (folder / form).read_bytes()
    wav, flac = made["WAV"], made["FLAC"]
    size = wav.index(b"data") + 4
    contents = {
        "joined.mp3": 2 * made["MP3"],
        "chained.ogg": 2 * made["OGG"],
        "sizeless.wav": wav[:size] + bytes(4) + wav[size + 4 :],
        "unknown.flac": flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:],
        "less.flac": flac[:22] + (1000).to_bytes(4) + flac[26:],
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return {name: folder / name for name in contents}


SHORT = {
    "joined.mp3": "only 1.000 s of its 2.0",
    "chained.ogg": "only 1.000 s of its 2.000 s",
    "sizeless.wav": "the audio is empty",
    "unknown.flac": "its header does not say how long it is",
    "less.flac": "only 0.0",
}


@pytest.mark.parametrize("name", SHORT)
def test_what_is_read_short_is_refused_where_pyav_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    no_pyav(monkeypatch)
    path = short_files(tmp_path)[name]
    with pytest.raises(InputError) as caught:
        read_audio(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path}: ")
    assert SHORT[name] in sentence
    assert sentence.endswith("not installed (pip install -r requirements-formats.txt).")


def test_a_format_that_pyav_alone_reads_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_pyav(monkeypatch)
    path = tmp_path / "a.m4a"
    path.write_bytes(b"\0\0\0\x20ftypM4A \0\0\2\0" + b"moov" + bytes(99))
    with pytest.raises(InputError, match="MP4 is read by PyAV, which is not installed") as caught:
        read_audio(path)
    assert "requirements-formats.txt" in str(caught.value)


def test_a_beginning_comes_with_the_length_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(3), RATE)
    found = decode(path, most_seconds=0.5)
    assert (len(found.samples), found.frames) == (RATE // 2, 3 * RATE)
    assert found.samples.tobytes() == read_audio(path)[0][: RATE // 2].tobytes()
    whole = decode(path, most_seconds=5)
    assert len(whole.samples) == whole.frames == 3 * RATE


def test_a_long_file_is_refused_while_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where its header does not say how long it is; and so is one of too many values."""
    pytest.importorskip("av", reason="PyAV is not installed")
    path = short_files(tmp_path)["unknown.flac"]
    monkeypatch.setattr(decoding, "LONGEST_SECONDS", 0.5)
    with pytest.raises(InputError, match="is more than 1 s long; a clip may have at most 0 s"):
        read_audio(path)
    assert len(decode(path, most_seconds=0.25).samples) == RATE // 4
    monkeypatch.setattr(decoding, "LONGEST_SECONDS", 1800.0)
    monkeypatch.setattr(gathering, "MOST_VALUES", RATE // 2)
    with pytest.raises(InputError, match="values or more"):
        read_audio(path)


def test_an_error_of_a_library_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: Path) -> None:
        raise KeyError("something of its own")

    no_pyav(monkeypatch)
    monkeypatch.setattr(soundfile, "SoundFile", broken)
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF")
    with pytest.raises(
        InputError, match=r"a\.wav: the audio cannot be read .*something of its own"
    ):
        read_audio(path)


def test_a_reason_travels_from_another_process() -> None:
    error = decoding.UnreadableAudio("a: no.", "no")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.reason) == ("a: no.", "no")


@pytest.mark.parametrize("kind", ["noise", "tone"])
def test_the_last_frame_of_a_flac_is_found_in_any_content(tmp_path: Path, kind: str) -> None:
    """Noise holds bytes that look like a frame's header, about once in a thousand files."""
    rng = np.random.default_rng(5)
    for number in range(60):
        frames = int(rng.integers(1, 30000))
        made = rng.uniform(-1, 1, frames) if kind == "noise" else tone(frames / RATE)[:, 0]
        path = tmp_path / "a.flac"
        soundfile.write(path, made, RATE, subtype=("PCM_16", "PCM_24", "PCM_S8")[number % 3])
        content = path.read_bytes()
        assert flac_length(content).held == frames / RATE
        unknown = content[:21] + bytes([content[21] & 0xF0]) + bytes(4) + content[26:]
        assert flac_length(unknown) == Length(held=frames / RATE, slack=0.5 / RATE)


def test_bytes_that_look_like_a_header_are_no_last_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, 0.3 * tone(1), RATE)
    content = path.read_bytes()
    head = bytes([0xFF, 0xF8, 0xC9, 0x08, 0x7F])  # frame 127 of 4096 samples
    polynomial = 0x07
    check = 0
    for byte in head:
        check ^= byte
        for _ in range(8):
            check = (check << 1 ^ polynomial if check & 0x80 else check << 1) & 0xFF
    assert flac_length(content + head + bytes([check])).held == 1.0
