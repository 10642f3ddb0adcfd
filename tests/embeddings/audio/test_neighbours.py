"""Formats, codecs, rates, channels and damage: as long as FFmpeg decodes, or a named reason."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio.decoding import decode
from embeddings.errors import InputError
from tests.support.sounds.encoded import encode, ffmpeg_seconds, sound, vbr_without_tag

pytest.importorskip("av", reason="PyAV is not installed: pip install -r requirements-formats.txt")

WITHIN = 0.02
"""Seconds."""


def plain(form: str, subtype: str, rate: int, channels: int) -> Callable[[Path], Path]:
    """Return what writes a file by libsndfile."""

    def write(folder: Path) -> Path:
        path = folder / f"a.{form.lower()}"
        soundfile.write(path, sound(rate, channels), rate, format=form, subtype=subtype)
        return path

    return write


def coded(codec: str, container: str, suffix: str, rate: int, channels: int, **more: object) -> (
    Callable[[Path], Path]
):  # fmt: skip
    """Return what writes a file by FFmpeg."""
    return lambda folder: encode(folder / f"a{suffix}", codec, container, rate, channels, **more)


PLAIN = [
    (form, subtype, rate, channels)
    for form, subtypes in {
        "WAV": ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW",
                "IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32"),
        "RF64": ("PCM_16",),
        "W64": ("PCM_16", "IMA_ADPCM", "GSM610"),
        "AIFF": ("PCM_S8", "PCM_16", "PCM_24", "FLOAT", "ULAW"),
        "AU": ("PCM_16", "PCM_24", "FLOAT", "ULAW", "G721_32"),
        "CAF": ("PCM_16", "PCM_24", "FLOAT", "ALAW"),
        "VOC": ("PCM_U8", "PCM_16"),
        "NIST": ("PCM_16",),
        "FLAC": ("PCM_S8", "PCM_16", "PCM_24"),
        "OGG": ("VORBIS", "OPUS"),
        "MP3": ("MPEG_LAYER_III",),
    }.items()
    for subtype in subtypes
    for rate, channels in ((8000, 1), (48000, 2))
    if channels == 1 or subtype not in ("GSM610", "G721_32")
]  # fmt: skip

CODED = {
    "m4a aac": coded("aac", "ipod", ".m4a", 44100, 1),
    "m4a aac 8 kHz stereo": coded("aac", "ipod", ".m4a", 8000, 2),
    "m4a aac 5.1": coded("aac", "ipod", ".m4a", 48000, 6),
    "m4a alac": coded("alac", "ipod", ".m4a", 44100, 2),
    "mp4 aac": coded("aac", "mp4", ".mp4", 22050, 2),
    "mp4 in pieces": coded(
        "aac", "mp4", ".mp4", 48000, 1, options={"movflags": "frag_keyframe+empty_moov"}
    ),
    "mov pcm": coded("pcm_s16le", "mov", ".mov", 44100, 1),
    "3gp": coded("aac", "3gp", ".3gp", 16000, 1),
    "adts": coded("aac", "adts", ".aac", 44100, 2),
    "opus": coded("libopus", "ogg", ".opus", 48000, 1),
    "opus 16 kHz": coded("libopus", "ogg", ".opus", 16000, 2),
    "webm": coded("libopus", "webm", ".webm", 48000, 2),
    "mka flac": coded("flac", "matroska", ".mka", 44100, 1),
    "mka aac": coded("aac", "matroska", ".mka", 44100, 1),
    "wma 1": coded("wmav1", "asf", ".wma", 22050, 1, bit_rate=64000),
    "wma 2": coded("wmav2", "asf", ".wma", 44100, 2, bit_rate=128000),
    "flac in ogg": coded("flac", "ogg", ".ogg", 44100, 1),
    "mp2": coded("mp2", "mp2", ".mp2", 48000, 2),
    "mp3 128": coded("libmp3lame", "mp3", ".mp3", 44100, 2, bit_rate=128000),
    "mp3 8 kHz": coded("libmp3lame", "mp3", ".mp3", 8000, 1, bit_rate=16000),
    "mp3 vbr": coded("libmp3lame", "mp3", ".mp3", 44100, 1, quality=4),
    "mp3 vbr without tag": lambda folder: vbr_without_tag(folder / "a.mp3"),
    "mp3 vbr without tag 16 kHz": lambda folder: vbr_without_tag(folder / "a.mp3", rate=16000),
    "mp3 abr without tag": coded(
        "libmp3lame", "mp3", ".mp3", 48000, 2, quality=7, options={"write_xing": "0"}
    ),
    "mp3 cbr without tag": coded(
        "libmp3lame", "mp3", ".mp3", 22050, 2, bit_rate=64000, options={"write_xing": "0"}
    ),
    "mp3 in wav": coded("libmp3lame", "wav", ".wav", 44100, 1),
    "g726 in wav": coded("g726", "wav", ".wav", 8000, 1),
    "yamaha in wav": coded("adpcm_yamaha", "wav", ".wav", 44100, 1),
    "swf adpcm in wav": coded("adpcm_swf", "wav", ".wav", 22050, 1),
    "voc": coded("pcm_u8", "voc", ".voc", 22050, 1),
    "wavpack": coded("wavpack", "wv", ".wv", 44100, 2),
    "tta": coded("tta", "tta", ".tta", 44100, 1),
    "ac3 5.1": coded("ac3", "ac3", ".ac3", 48000, 6),
    "amr": coded("libopencore_amrnb", "amr", ".amr", 8000, 1),
    "avi": coded("libmp3lame", "avi", ".avi", 44100, 1),
}


def joined(*writers: Callable[[Path], Path]) -> Callable[[Path], Path]:
    """Return what writes several files behind each other into one."""

    def write(folder: Path) -> Path:
        content = b"".join(writer(folder).read_bytes() for writer in writers)
        path = writers[0](folder)
        path.write_bytes(content)
        return path

    return write


def changed(
    writer: Callable[[Path], Path], change: Callable[[bytes], bytes]
) -> Callable[[Path], Path]:
    """Return what writes a file and changes its bytes."""

    def write(folder: Path) -> Path:
        path = writer(folder)
        path.write_bytes(change(path.read_bytes()))
        return path

    return write


def part(kept: float) -> Callable[[bytes], bytes]:
    """Return what keeps the beginning of a file, as a download that was cut off does."""
    return lambda content: content[: round(len(content) * kept)]


def put(place: int, patch: bytes) -> Callable[[bytes], bytes]:
    """Return what writes `patch` over a file at `place`."""
    return lambda content: content[:place] + patch + content[place + len(patch) :]


def flac_total(total: int) -> Callable[[bytes], bytes]:
    """Return what makes a FLAC's header say `total` samples."""
    return lambda content: (
        content[:21]
        + bytes([content[21] & 0xF0 | total >> 32])
        + (total & 0xFFFFFFFF).to_bytes(4)
        + content[26:]
    )


WAV, FLAC = plain("WAV", "PCM_16", 44100, 1), plain("FLAC", "PCM_16", 44100, 1)
OGG, MP3 = plain("OGG", "VORBIS", 44100, 1), plain("MP3", "MPEG_LAYER_III", 44100, 1)


@dataclass(frozen=True)
class Damaged:
    """A file that is not as it should be, its length, and what is said of it."""

    write: Callable[[Path], Path]
    seconds: float | None  # None: as FFmpeg
    said: str = ""
    refused: bool = False


DAMAGED = {
    "wav cut off": Damaged(changed(WAV, part(0.4)), 0.4, "not 1.000 s"),
    "wav of no size": Damaged(changed(WAV, put(40, bytes(4))), 1.0),
    "wav of unknown size": Damaged(changed(WAV, put(40, b"\xff" * 4)), 1.0),
    "wav of too small a size": Damaged(
        changed(WAV, put(40, (882).to_bytes(4, "little"))), 0.01, "bytes follow its sound"
    ),
    "aiff cut off": Damaged(
        changed(plain("AIFF", "PCM_16", 44100, 1), part(0.5)), 0.5, "not 1.000 s"
    ),
    "au cut off": Damaged(changed(plain("AU", "PCM_16", 44100, 1), part(0.5)), 0.5, "not 1.000 s"),
    "caf cut off": Damaged(
        changed(plain("CAF", "PCM_16", 44100, 1), part(0.5)), None, "not 1.000 s"
    ),
    "w64 cut off": Damaged(
        changed(plain("W64", "PCM_16", 44100, 1), part(0.5)), 0.5, "not 1.000 s"
    ),
    "flac of unknown length": Damaged(changed(FLAC, flac_total(0)), 1.0),
    "flac that says less": Damaged(changed(FLAC, flac_total(1000)), 1.0, "not 0.023 s"),
    "flac that says more": Damaged(changed(FLAC, flac_total(1 << 33)), 1.0, "not 194783.097 s"),
    "flac cut off": Damaged(changed(FLAC, part(0.5)), None, "not 1.000 s"),
    "ogg cut off": Damaged(changed(OGG, part(0.97)), None, "cut off"),
    "ogg chained": Damaged(joined(OGG, OGG), 2.0, "2 sounds are chained"),
    "opus chained": Damaged(
        joined(*2 * [coded("libopus", "ogg", ".opus", 48000, 1)]), 2.0, "2 sounds are chained"
    ),
    "ogg chained of two rates": Damaged(
        joined(OGG, plain("OGG", "VORBIS", 22050, 2)), None, "cannot be read", refused=True
    ),
    "mp3 joined": Damaged(joined(MP3, MP3), 2.09, "not 1.000 s"),
    "mp3 cut off": Damaged(changed(MP3, part(0.6)), 0.55, "not 1.000 s"),
    "mp3 with rubbish before": Damaged(changed(MP3, lambda content: b"?" * 999 + content), 1.0),
    "mp3 with rubbish behind": Damaged(changed(MP3, lambda content: content + b"?" * 999), 1.0),
    "m4a without its index": Damaged(
        changed(coded("aac", "ipod", ".m4a", 44100, 1), part(0.5)),
        None,
        "its index is missing",
        refused=True,
    ),
    "webm cut off": Damaged(
        changed(coded("libopus", "webm", ".webm", 48000, 1), part(0.5)), None, "shorter"
    ),
    "wma cut off": Damaged(
        changed(coded("wmav2", "asf", ".wma", 44100, 1, bit_rate=128000), part(0.5)),
        None,
        "shorter",
    ),
    "aac named mp3": Damaged(coded("aac", "adts", ".mp3", 44100, 1), None, "its bytes are AAC"),
    "m4a named wav": Damaged(coded("aac", "ipod", ".wav", 44100, 1), None, "its bytes are MP4"),
    "opus named mp3": Damaged(coded("libopus", "ogg", ".mp3", 48000, 1), 1.0, "bytes are Ogg"),
    "flac named wav": Damaged(coded("flac", "flac", ".wav", 44100, 1), 1.0, "bytes are FLAC"),
}


def as_long_as_ffmpeg(path: Path) -> str:
    """Assert that a file is decoded as long as FFmpeg does, and return what is suspicious.

    Or exactly as long as the second that was written: of a Vorbis at 8 kHz FFmpeg gives 24 ms more.
    """
    decoded = decode(path)
    assert decoded.frames == len(decoded.samples)
    seconds = ffmpeg_seconds(path)
    assert seconds is not None
    exact = decoded.frames == decoded.rate
    assert exact or abs(decoded.frames / decoded.rate - seconds) <= WITHIN, path.name
    assert np.abs(decoded.samples).max() > 0.1
    return decoded.suspicion


@pytest.mark.parametrize("made", PLAIN, ids=lambda made: "-".join(map(str, made)))
def test_what_libsndfile_writes(tmp_path: Path, made: tuple[str, str, int, int]) -> None:
    assert as_long_as_ffmpeg(plain(*made)(tmp_path)) == ""


@pytest.mark.parametrize("name", CODED)
def test_what_ffmpeg_writes(tmp_path: Path, name: str) -> None:
    assert as_long_as_ffmpeg(CODED[name](tmp_path)) == ""


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_is_told(tmp_path: Path, name: str) -> None:
    damaged = DAMAGED[name]
    path = damaged.write(tmp_path)
    if damaged.refused:
        with pytest.raises(InputError, match=damaged.said) as caught:
            decode(path)
        assert str(caught.value).startswith(f"{path}: ")
        return
    decoded = decode(path)
    seconds = decoded.frames / decoded.rate
    expected = ffmpeg_seconds(path) if damaged.seconds is None else damaged.seconds
    assert seconds == pytest.approx(expected, abs=WITHIN)
    assert damaged.said in decoded.suspicion
    assert bool(damaged.said) == bool(decoded.suspicion), decoded.suspicion


def test_there_are_enough_of_them() -> None:
    assert len(PLAIN) + len(CODED) + len(DAMAGED) >= 80
