"""Files that hold more than one sound: all of it is read, or what is left is told of."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio import ffmpeg
from embeddings.audio.chunks import chunks_length
from embeddings.audio.decoding import decode
from embeddings.audio.flac_frames import flac_length
from embeddings.audio.kinds import CAF, WAV
from embeddings.audio.ogg_pages import ogg_length
from embeddings.errors import InputError
from tests.support.sounds.tone import RATE, tone


def _file(folder: Path, form: str, seconds: float) -> bytes:
    path = folder / f"{form}-{seconds}"
    noise = np.random.default_rng(1).uniform(-0.1, 0.1, (round(seconds * RATE), 1))
    soundfile.write(path, 0.3 * tone(seconds) + noise, RATE, format=form)
    return path.read_bytes()


def _pages(ogg: bytes) -> list[bytes]:
    return [b"OggS" + page for page in ogg.split(b"OggS")[1:]]


def _at_once(one: bytes, other: bytes) -> bytes:
    """Return two Ogg files as one that plays both at the same time."""
    (first, *rest), (second, *more) = _pages(one), _pages(other)
    return first + second + b"".join(rest + more)


def test_joined_flacs_are_read_whole_or_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = _file(tmp_path, "FLAC", 1) + _file(tmp_path, "FLAC", 0.5) + _file(tmp_path, "FLAC", 2)
    assert flac_length(content).held == 3.5
    path = tmp_path / "a.flac"
    path.write_bytes(content)
    if ffmpeg.is_there():
        found = decode(path)
        assert found.frames / RATE == pytest.approx(3.5, abs=0.02)
        assert found.suspicion == "3 sounds are joined in it"
    monkeypatch.setattr(ffmpeg, "is_there", lambda: False)
    with pytest.raises(InputError, match=r"only 1\.000 s of its 3\.500 s are read by libsndfile"):
        decode(path)


def test_of_joined_wavs_the_rest_is_told(tmp_path: Path) -> None:
    one = _file(tmp_path, "WAV", 1)
    length = chunks_length(one + one, WAV)
    assert length.held == 1.0
    assert length.note == f"{len(one)} bytes follow its sound that its header does not speak of"


def test_of_a_wav_with_two_chunks_of_sound_the_second_is_told(tmp_path: Path) -> None:
    one = _file(tmp_path, "WAV", 1)
    length = chunks_length(one + one[one.index(b"data") :], WAV)
    assert length.note == "a second chunk of sound is in it, which is not read"
    assert chunks_length(one, WAV).note == ""


@pytest.mark.parametrize("longer", [0, 1])
def test_of_sounds_at_once_in_an_ogg_the_first_is_read_and_told(
    tmp_path: Path, longer: int
) -> None:
    lengths = (3, 1) if longer else (1, 3)
    one, other = (_file(tmp_path, "OGG", seconds) for seconds in lengths)
    path = tmp_path / "a.ogg"
    path.write_bytes(_at_once(one, other))
    found = decode(path)
    assert found.frames / RATE == pytest.approx(lengths[0], abs=0.02)
    assert "2 sounds are in it, of which the first is read" in found.suspicion
    assert "chained" not in found.suspicion


def test_one_after_the_other_is_chained_though_the_first_is_cut_off(tmp_path: Path) -> None:
    one = b"".join(_pages(_file(tmp_path, "OGG", 3))[:-1])
    assert "2 sounds are chained in it" in ogg_length(one + _file(tmp_path, "OGG", 1)).note


def test_the_last_packet_of_a_caf_may_be_counted_in_full() -> None:
    """As FFmpeg does of ALAC: by up to a packet longer than the sound is no suspicion."""
    form = struct.pack(">d4sIIIIII", RATE, b"alac", 0, 0, 4096, 1, 16, 0)[:32]
    packets = struct.pack(">qqii", 12, 12 * 4096, 0, 0)
    chunks = ((b"desc", form), (b"pakt", packets), (b"data", bytes(99)))
    content = b"caff\0\1\0\0" + b"".join(
        name + struct.pack(">q", len(part)) + part for name, part in chunks
    )
    length = chunks_length(content, CAF)
    assert length.stated == 12 * 4096 / RATE
    assert length.suspicion(1.0) == ""
    assert length.suspicion(0.9).startswith("shorter than its header says")
