"""Recordings of beeps to be counted: who counts them right hears what the device plays."""

import struct
from pathlib import Path

import numpy as np

from embeddings.audio.meter import integrated_loudness
from embeddings.listening.copies import random_name, write_sound
from embeddings.listening.levels import CEILING_DBTP, rounded_peak

COUNTS = tuple(range(2, 9))
"""The numbers of beeps, one recording of each."""

BEEPS_SECONDS = 6.0
"""How long each recording is, however many beeps are in it."""

_RATE = 44100
_PITCHES = (660, 1320)  # Hz: small loudspeakers play them, and aged ears hear them
_BEEP, _FADE = 0.22, 0.02  # seconds
_EDGE, _APART = 0.3, 0.55  # seconds: of silence at the ends, and from one beginning to the next
_ID3_SIZE, _FLAC_BLOCK = 10, 4  # bytes of the header of a tag and of a block of metadata
_FLAC_PADDING = 1
_MOST_PADDING = 2**24 - 1  # bytes that one block of FLAC's can have


def write_beeps(
    folder: Path, format: str, level: float, rng: np.random.Generator
) -> list[tuple[str, int]]:
    """Write one recording for each of `COUNTS` into `folder`; return (file name, beeps) of each.

    All are equally long, in seconds and in bytes: neither tells how many beeps there are. When a
    beep comes is drawn, so that the last one's moment does not tell it either.

    Parameters
    ----------
    folder : where to; it must exist
    format : of the files, "flac" or "mp3"
    level : loudness in LUFS of a beep that went on, less where it would clip
    rng : draws the moments and the names' order

    Raises
    ------
    InputError
        A file cannot be written; then none stays.
    """
    counts = [COUNTS[number] for number in rng.permutation(len(COUNTS))]
    found = [(random_name(format), count) for count in counts]
    try:
        for name, count in found:
            samples = _recording(count, level, rng)
            write_sound(folder / name, samples, _RATE, format)
        largest = max((folder / name).stat().st_size for name, _ in found)
        for name, _ in found:
            content = (folder / name).read_bytes()
            (folder / name).write_bytes(padded(content, format, largest + _ID3_SIZE))
    except BaseException:
        for name, _ in found:
            (folder / name).unlink(missing_ok=True)
        raise
    return found


def padded(content: bytes, format: str, size: int) -> bytes:
    """Return a sound file of `size` bytes that plays as `content` does.

    What is added is padding as the format has it: a block of metadata in FLAC, an empty ID3 tag
    before MP3. Raises ValueError where there is no room for its header.
    """
    room = size - len(content)
    header = _FLAC_BLOCK if format == "flac" else _ID3_SIZE
    if not header <= room <= _MOST_PADDING:
        raise ValueError(f"size must leave {header} bytes or more beside the sound, not {room}")
    blank = bytes(room - header)
    if format == "mp3":
        sizes = [(len(blank) >> shift) & 0x7F for shift in (21, 14, 7, 0)]
        return b"ID3\x04\x00\x00" + bytes(sizes) + blank + content
    # Behind the first block, which says how the sound is coded and has 34 bytes.
    kind, head = content[4], 4 + _FLAC_BLOCK + 34
    last = kind & 0x80
    block = struct.pack(">I", (last | _FLAC_PADDING) << 24 | len(blank)) + blank
    return content[:4] + bytes([kind & 0x7F]) + content[5:head] + block + content[head:]


def _recording(count: int, level: float, rng: np.random.Generator) -> np.ndarray:
    """Return `count` beeps at drawn moments, float32 [frames, 1]."""
    samples = np.zeros((round(BEEPS_SECONDS * _RATE), 1), np.float32)
    beep = _beep(level)
    spare = BEEPS_SECONDS - 2 * _EDGE - (count - 1) * _APART - _BEEP
    begins = np.sort(rng.random(count)) * spare + np.arange(count) * _APART + _EDGE
    for begin in begins:
        first = round(begin * _RATE)
        samples[first : first + len(beep)] += beep
    return samples


def _beep(level: float) -> np.ndarray:
    """Return one beep, float32 [frames, 1], faded in and out, as loud as others are at `level`."""
    times = np.arange(_RATE) / _RATE  # a second, which has a loudness; a beep is too short
    tone = np.sum([np.sin(2 * np.pi * one * times) for one in _PITCHES], axis=0) / len(_PITCHES)
    tone = tone[:, None].astype(np.float32)
    loudness, _ = integrated_loudness(tone, _RATE)
    reached = CEILING_DBTP - rounded_peak(tone)
    gain = reached if loudness is None else min(level - loudness, reached)
    ramp = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, round(_FADE * _RATE)))
    frames = round(_BEEP * _RATE)
    fades = np.concatenate([ramp, np.ones(frames - 2 * len(ramp)), ramp[::-1]])
    return (tone[:frames] * 10 ** (gain / 20) * fades[:, None]).astype(np.float32)
