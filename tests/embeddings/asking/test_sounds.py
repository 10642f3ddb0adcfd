"""A sound that somebody brings: cut, named by its samples, levelled, refused."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from embeddings.asking import answering
from embeddings.asking.sounds import playing_gain, take_sound
from embeddings.audio.measuring import measure
from embeddings.collection.clips import Collection
from embeddings.extraction.extract import extract_embedding, find_card, plan
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from tests.support.asked import bring, check_as_ranked, moved_by, nearest_other
from tests.support.own_representations import BAD, write_bad
from tests.support.small import RATE, make_sound
from tests.support.sounds.sound_kinds import sound as tone_of


def test_a_longer_sound_is_heard_from_its_beginning(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, (31 * RATE, 2)).astype(np.float32)
    soundfile.write(tmp_path / "given", noise, RATE, format="WAV", subtype="FLOAT")
    sound = take_sound(tmp_path / "given", "long.wav")
    assert (sound.seconds, sound.given_seconds, sound.channels) == (30.0, 31.0, 2)
    heard, rate = soundfile.read(sound.path, dtype="float32")
    assert rate == RATE
    assert np.array_equal(heard, noise[: 30 * RATE])
    assert soundfile.info(sound.copy).subtype == "PCM_16"
    assert soundfile.info(sound.copy).frames == 30 * RATE
    soundfile.write(tmp_path / "given", noise[: 30 * RATE], RATE, format="WAV", subtype="FLOAT")
    exact = take_sound(tmp_path / "given", "exact.wav")
    assert exact.path == tmp_path / "given"
    assert (exact.id, exact.given_seconds) == (sound.id, 30.0)


def test_the_id_is_that_of_the_samples(tmp_path: Path) -> None:
    """So that dither and crops are the same whatever the file is called, or how it is packed."""
    ids = []
    for number, (form, take) in enumerate([("WAV", 0), ("FLAC", 0), ("WAV", 1)]):
        path = tmp_path / str(number)
        whole = np.rint(32767 * make_sound("Hum", take)).astype(np.int16)
        soundfile.write(path, whole, RATE, format=form, subtype="PCM_16")
        ids.append(take_sound(path, f"{number}.x").id)
    assert ids[0] == ids[1] != ids[2]
    soundfile.write(path, make_sound("Hum", 0), RATE + 1, format="WAV", subtype="PCM_16")
    assert take_sound(path, "faster").id not in ids


def test_it_plays_at_the_collections_level(small: Collection, tmp_path: Path) -> None:
    from embeddings.listening.levels import playing_levels

    levels = playing_levels(small)
    assert levels is not None
    for row in (0, 17):
        gain = playing_gain(bring(small, row, tmp_path / f"{row}"), small, levels)
        assert gain == pytest.approx(levels.gains_db[row], abs=0.02)


@pytest.mark.parametrize(
    ("rate", "channels", "peak", "coding", "copied"),
    [
        (44100, 16, 0.3, "PCM_16", (44100, 1, "PCM_16")),
        (44100, 6, 0.3, "PCM_16", (44100, 2, "PCM_16")),
        (100, 1, 0.3, "PCM_16", (8000, 1, "PCM_16")),
        (500_000, 1, 0.3, "PCM_16", (48000, 1, "PCM_16")),
        (44100, 1, 1.5, "DOUBLE", (44100, 1, "FLOAT")),
        (44100, 1, 30_000, "FLOAT", (44100, 1, "PCM_16")),
    ],
)
def test_whatever_is_asked_with_plays(
    tmp_path: Path, rate: int, channels: int, peak: float, coding: str, copied: tuple
) -> None:
    given = tmp_path / "given"
    samples = tone_of(rate, channels, peak)
    soundfile.write(given, samples, rate, format="WAV", subtype=coding)
    sound = take_sound(given, "odd.wav")
    assert sound.path == given  # which systems hear
    assert (sound.sample_rate, sound.channels) == (rate, channels)
    info = soundfile.info(sound.copy)
    assert (info.samplerate, info.channels, info.subtype) == copied
    assert info.duration == pytest.approx(sound.seconds)
    played = np.abs(soundfile.read(sound.copy)[0]).max()
    if channels == 1:
        assert played == pytest.approx(peak if peak < 2 else 1.0, abs=0.02)
    else:
        on_two_sides = 3.01 if info.channels == 1 else 0
        heard = measure(sound.copy).loudness_lufs + on_two_sides
        assert sound.loudness_lufs in (None, pytest.approx(heard, abs=0.03))


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_heard_is_said_in_one_sentence(tmp_path: Path, kind: str) -> None:
    sentence, error = BAD[kind]
    write_bad(tmp_path / "given", kind)
    with pytest.raises(error) as caught:
        take_sound(tmp_path / "given", "bad.wav")
    assert str(caught.value).startswith(f"bad.wav: {sentence}")
    assert [path.name for path in tmp_path.iterdir()] == ["given"]


@pytest.mark.essentia
def test_freesound_is_asked_as_its_ranking_was_made(small: Collection, tmp_path: Path) -> None:
    """With a clip's own id the answer is the ranking; with the sound's, the clip is still first."""
    pytest.importorskip("essentia", reason="essentia-tensorflow is not installed")
    task = plan(small.data, find_card("Freesound"))
    embedding = extract_embedding(small, task, workers=2)
    ranking = build_ranking(small, embedding, Recipe("mean", "minmax", 10), "nns")
    embedder, note = answering.find_embedder(small, ranking)
    assert note == ""
    clip, sound = small.clips[8], bring(small, 8, tmp_path / "sound")
    vectors = embedder(sound.path, clip.id)
    answer = answering.Answer(ranking.system, *answering.neighbours(small, ranking, vectors))
    check_as_ranked(small, ranking, 8, answer, vectors)
    dithered_otherwise = moved_by(small, ranking, 8, embedder(sound.path, sound.id))
    assert 0 < 2 * dithered_otherwise < nearest_other(ranking, 8)
    assert next(iter(answering.answers(small, [ranking], sound))).rows[0] == 8
