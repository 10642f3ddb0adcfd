"""Files that a recorder's card left full of empty bytes are looked through quickly."""

import os
from pathlib import Path

import pytest
import soundfile

from embeddings.audio import ffmpeg, mpeg_frames
from embeddings.audio.chunks import chunks_length
from embeddings.audio.decoding import decode
from embeddings.audio.flac_frames import flac_length
from embeddings.audio.kinds import WAV
from embeddings.errors import InputError
from tests.support.sounds.tone import RATE, tone


def test_of_empty_bytes_none_is_taken_for_the_head_of_an_mp3s_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them cost a microsecond: minutes for the rest of a file on a card of 0xFF."""
    soundfile.write(tmp_path / "a.mp3", 0.3 * tone(1), RATE)
    content = (tmp_path / "a.mp3").read_bytes()
    length = mpeg_frames.mpeg_length(content)
    looked = []
    follow = mpeg_frames._follow

    def counted(data: bytes, place: int, *rest: object) -> bool:
        looked.append(place)
        return follow(data, place, *rest)

    monkeypatch.setattr(mpeg_frames, "_follow", counted)
    assert mpeg_frames.mpeg_length(content + b"\xff" * 100_000).held == length.held
    assert mpeg_frames.mpeg_length(b"\xff" * 100_000).held is None
    assert len(looked) < 10


@pytest.mark.parametrize(("kind", "begins"), [("a.wav", b"RIFF\0\0\0\0WAVE"), ("a.flac", b"fLaC")])
def test_a_file_of_zeros_is_refused_without_going_through_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, begins: bytes
) -> None:
    """As a card keeps of a recording that was never written: chunks of no size, by the million."""
    looked = []

    class Counted(bytes):
        def __getitem__(self, where: int | slice) -> int | bytes:
            looked.append(where)
            return super().__getitem__(where)

    content = begins + bytes(400_000)
    length = chunks_length if kind == "a.wav" else flac_length
    length(Counted(content), *([WAV] if kind == "a.wav" else []))
    assert len(looked) < 25_000
    if kind == "a.wav":  # of which FFmpeg would go through all chunks
        monkeypatch.setattr(ffmpeg, "decode_all", None)
    (tmp_path / kind).write_bytes(content)
    with pytest.raises(InputError, match=r"the audio cannot be read .*(chunk|data|decoder|sync)"):
        decode(tmp_path / kind)


def test_a_coding_that_nobody_knows_is_a_reason(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="PyAV is not installed")
    path = tmp_path / "a.voc"
    path.write_bytes(b"Creative Voice File\x1a\x1a\0\x14\1\x1f\x11\x06" + bytes(3000))
    with pytest.raises(InputError, match="knows how the sound in it is coded"):
        decode(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(InputError, match="this is a pipe, not a file"):
        decode(tmp_path / "a.wav")
