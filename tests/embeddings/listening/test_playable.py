"""What browsers get: the file where all of them play it, else a copy that is made once."""

import os
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.audio.measuring import measure
from embeddings.collection.clips import Collection, open_collection, remove_collection
from embeddings.errors import InputError
from embeddings.listening.levels import playing_levels
from embeddings.listening.playable import playing_copy, playing_type
from tests.support.sounds.imported_kinds import collection_of
from tests.support.sounds.sound_kinds import kinds, sound, unseekable

RATE = 44100
MUCH = 10**9
PLAY = {
    "WAV-PCM_U8.wav", "WAV-PCM_16.wav", "WAV-PCM_24.wav", "WAV-PCM_32.wav", "WAV-FLOAT.wav",
    "WAVEX-PCM_16.wav", "WAVEX-FLOAT.wav", "FLAC-PCM_S8.wav", "FLAC-PCM_16.wav", "FLAC-PCM_24.wav",
    "OGG-VORBIS.wav", "OGG-OPUS.wav", "MP3-MPEG_LAYER_III.wav", "3000Hz.wav", "96000Hz.wav",
    "2channels.wav",
}  # fmt: skip
"""The kinds that Chromium, Firefox and WebKit play by themselves."""


def write(path: Path, samples: np.ndarray, coding: str = "DOUBLE") -> Path:
    """Write a WAV; unless told, of a coding that is not played."""
    soundfile.write(path, samples, RATE, subtype=coding)
    return path


def copy_of(collection: Collection, row: int = 0, most: int = MUCH) -> Path:
    """Return the copy of a clip."""
    return playing_copy(collection, collection.clips[row], most)[0]


def test_what_goes_as_it_is_and_what_every_copy_is(tmp_path: Path) -> None:
    files = []
    for name, make in kinds().items():
        if not unseekable(name):
            make(tmp_path / name)
            files.append(tmp_path / name)
    collection = collection_of(tmp_path / "data", *files)
    plays = {}
    for clip in collection.clips:
        path = collection.audio_path(clip)
        plays[clip.id] = playing_type(path, clip)
        if plays[clip.id]:
            continue
        copy, kind = playing_copy(collection, clip, MUCH)
        info = soundfile.info(copy)
        assert kind == ("audio/wav" if clip.id == "hot.wav" else "audio/flac"), clip.id
        assert info.channels <= 2
        assert 3000 <= info.samplerate <= 384_000
        assert info.duration == pytest.approx(clip.seconds, abs=0.001)
    assert {name for name, kind in plays.items() if kind} == PLAY
    assert {plays[name] for name in ("FLAC-PCM_16.wav", "OGG-OPUS.wav")} == {
        "audio/flac",
        "audio/ogg",
    }


def test_a_header_of_another_length_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", sound(RATE), "PCM_16")
    clip = collection_of(tmp_path / "data", path).clips[0]
    assert playing_type(path, clip) == "audio/wav"
    soundfile.write(path, sound(RATE, seconds=0.2), RATE, subtype="PCM_16")
    assert playing_type(path, clip) == ""


@pytest.mark.parametrize("channels", [1, 3, 4, 5, 6])
def test_a_copy_is_as_loud_as_the_file_was_measured(tmp_path: Path, channels: int) -> None:
    noise = np.random.default_rng(channels).normal(0, 0.03, (RATE, channels))
    collection = collection_of(tmp_path / "data", write(tmp_path / "a.wav", noise))
    found = measure(copy_of(collection))
    on_two_sides = 3.01 if channels > 2 and found.channels == 1 else 0
    heard = found.loudness_lufs + on_two_sides
    assert heard == pytest.approx(collection.clips[0].loudness_lufs, abs=0.03)
    levels = playing_levels(collection)
    assert max(found.envelope) * 10 ** (levels.gains_db[0] / 20) <= 0.9


def test_a_mix_that_could_pass_full_scale_does_not(tmp_path: Path) -> None:
    many = np.random.default_rng(1).normal(0, 0.2, (RATE, 1)) * np.ones((1, 8))
    soundfile.write(tmp_path / "a.flac", np.clip(many, -1, 1), RATE)  # whose layout is 7.1
    collection = collection_of(tmp_path / "data", tmp_path / "a.flac")
    assert collection.clips[0].loudness_lufs is None
    found = measure(copy_of(collection))
    assert found.channels == 2
    assert max(found.envelope) <= collection.envelopes[0].max() + 1e-3


def test_a_copy_is_made_once_and_anew_for_another_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", sound(RATE))
    collection = collection_of(tmp_path / "data", path)
    copy = copy_of(collection)
    made = copy.stat().st_ino
    assert (copy_of(collection), copy.stat().st_ino) == (copy, made)
    write(path, sound(RATE, peak=0.1))
    os.utime(path, (1, 1))
    other = copy_of(collection)
    assert other != copy
    assert max(measure(other).envelope) == pytest.approx(0.1, abs=1e-3)


def test_what_was_asked_for_longest_ago_makes_room(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (4, RATE))
    files = [write(tmp_path / f"{take}.wav", one) for take, one in enumerate(noise)]
    collection = collection_of(tmp_path / "data", *files)
    copies = [copy_of(collection, row) for row in range(3)]
    for age, copy in enumerate((copies[1], copies[2], copies[0])):
        os.utime(copy, (age, age))
    copy_of(collection, 1)  # now it is the one that was asked for last
    half_written = copies[0].with_name(f".{copies[0].name}.1.new")
    young = copies[0].with_name(f".{copies[0].name}.2.new")
    for path in (half_written, young):
        path.write_bytes(b"fLaC")
    hours_ago = time.time() - 7200
    os.utime(half_written, (hours_ago, hours_ago))
    size = copies[0].stat().st_size
    last = copy_of(collection, 3, round(2.5 * size))
    assert set(last.parent.iterdir()) == {copies[1], last, young}
    assert copy_of(collection, 0, 0).is_file()  # the new one stays, however little room there is
    assert set(last.parent.glob("*.flac")) == {copies[0]}


def _ask(data: Path) -> tuple[str, int, int]:
    copy = copy_of(open_collection(data, "kinds"))
    return str(copy), copy.stat().st_ino, soundfile.info(copy).frames


def test_several_processes_ask_at_once_and_one_makes_it(tmp_path: Path) -> None:
    collection_of(tmp_path / "data", write(tmp_path / "a.wav", sound(RATE, seconds=5)))
    with get_context("spawn").Pool(2) as pool:
        told = pool.map(_ask, [tmp_path / "data"] * 8, chunksize=1)
    assert len(set(told)) == 1
    assert told[0][2] == 5 * RATE
    assert len(list(Path(told[0][0]).parent.iterdir())) == 1


def test_copies_go_with_the_collection_and_do_not_bring_it_back(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", sound(RATE))
    collection = collection_of(tmp_path / "data", path)
    copy_of(collection)
    remove_collection(tmp_path / "data", "kinds")
    with pytest.raises(FileNotFoundError):
        copy_of(collection)
    assert not collection.folder.exists()
    assert path.is_file()


def test_a_file_that_became_unreadable_leaves_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", sound(RATE))
    collection = collection_of(tmp_path / "data", path)
    path.write_bytes(b"no sound any more")
    assert playing_type(path, collection.clips[0]) == ""
    with pytest.raises(InputError, match="the audio cannot be read"):
        copy_of(collection)
    assert list((collection.folder / "playing").iterdir()) == []
