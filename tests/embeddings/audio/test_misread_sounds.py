"""Files that libsndfile reads without a complaint, and wrongly."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio import ffmpeg
from embeddings.audio.decoding import Decoded, decode
from embeddings.audio.mpeg_frames import mpeg_length
from embeddings.errors import InputError
from tests.support.sounds.tone import RATE, tone

_GUID = bytes.fromhex("000000001000800000aa00389b71")
_W64_TAIL = {b"riff": "2e91cf11a5d628db04c10000"}
_FLOATS = 0.3 * tone(1)


def _w64_chunk(name: bytes, content: bytes) -> bytes:
    tail = bytes.fromhex(_W64_TAIL.get(name, "f3acd3118cd100c04f8edb8a"))
    return name + tail + struct.pack("<Q", 24 + len(content)) + content + bytes(-len(content) % 8)


def _w64_of_floats() -> bytes:
    """As FFmpeg writes 32-bit floats: an extensible format."""
    form = struct.pack("<HHIIHHHHIH", 0xFFFE, 1, RATE, RATE * 4, 4, 32, 22, 32, 4, 3) + _GUID
    chunks = _w64_chunk(b"fmt ", form) + _w64_chunk(b"data", _FLOATS.tobytes())
    return _w64_chunk(b"riff", bytes.fromhex("77617665f3acd3118cd100c04f8edb8a") + chunks)


def _voc_of_two_blocks() -> bytes:
    samples = (_FLOATS * 32767).astype("<i2").tobytes()
    half = len(samples) // 2
    first = struct.pack("<IBBHI", RATE, 16, 1, 4, 0) + samples[:half]
    blocks = ((9, first), (2, samples[half:]))
    body = b"".join(
        bytes([kind]) + struct.pack("<I", len(part))[:3] + part for kind, part in blocks
    )
    return b"Creative Voice File\x1a\x1a\x00\x14\x01\x1f\x11" + body + b"\0"


def _riff(code: int, more: bytes, align: int, sound: bytes, size: int | None = None) -> bytes:
    form = struct.pack("<HHIIHHH", code, 1, RATE, 0, align, 0, len(more)) + more
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(sound) if size is None else size) + sound
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _mp3_in_wav(folder: Path) -> tuple[bytes, float]:
    """Return a WAV with an MP3 of varying bit rate, and the seconds that its frames have."""
    rng = np.random.default_rng(1)
    loud = np.concatenate([rng.uniform(-0.5, 0.5, RATE), np.zeros(3 * RATE)])
    soundfile.write(folder / "a.mp3", loud, RATE, bitrate_mode="VARIABLE", compression_level=0.5)
    content = (folder / "a.mp3").read_bytes()
    frames = content[content.index(b"\xff", content.index(b"Xing")) :]  # without its tag
    more = struct.pack("<HIHHH", 1, 0, 576, 1, 0)
    held = mpeg_length(frames).held
    assert held is not None
    return _riff(0x55, more, 576, frames), held


def _misread(folder: Path) -> dict[str, tuple[bytes, float, str]]:
    """Return of each file its bytes, its seconds, and what is said without PyAV."""
    mp3, held = _mp3_in_wav(folder)
    return {
        "a.w64": (_w64_of_floats(), 1.0, "libsndfile takes its sound for whole numbers"),
        "a.voc": (_voc_of_two_blocks(), 1.0, "libsndfile takes its sound for one block"),
        "a.wav": (mp3, held, f"s of its {held:.3f} s are read by libsndfile"),
    }


@pytest.mark.parametrize("name", ["a.w64", "a.voc", "a.wav"])
def test_what_libsndfile_misreads_is_ffmpegs_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content, seconds, reason = _misread(tmp_path)[name]
    path = tmp_path / name
    path.write_bytes(content)
    if ffmpeg.is_there():
        found = decode(path)
        assert found.by_ffmpeg
        assert found.suspicion == ""
        assert found.frames / found.rate == pytest.approx(seconds, abs=0.02)
        _same_sound(found, name)
    monkeypatch.setattr(ffmpeg, "is_there", lambda: False)
    with pytest.raises(InputError, match=reason):
        decode(path)


def _same_sound(found: Decoded, name: str) -> None:
    if name != "a.wav":
        np.testing.assert_allclose(found.samples, _FLOATS, atol=1e-4)


def test_gsm_from_a_pipe_has_no_block_too_many(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(1), RATE, subtype="GSM610")
    content = (tmp_path / "a.wav").read_bytes()
    sound = content[content.index(b"data") + 8 :][: RATE // 320 * 65]
    path = tmp_path / "b.wav"
    path.write_bytes(_riff(0x31, struct.pack("<H", 320), 65, sound, 0xFFFFFFFF))
    assert decode(path).frames == RATE
