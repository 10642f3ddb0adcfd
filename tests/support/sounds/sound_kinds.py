"""Sound files of every kind that people have, by libsndfile and, where installed, by PyAV."""

import csv
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from embeddings.audio.decoding import SUFFIXES

SECONDS = 0.5

_PITCH = 300  # Hz, or an eighth of a low rate
_PLAIN = (
    ("WAV", "PCM_U8 PCM_16 PCM_24 PCM_32 FLOAT DOUBLE ULAW ALAW IMA_ADPCM MS_ADPCM GSM610 G721_32"),
    ("WAV", "NMS_ADPCM_16"),
    ("WAVEX", "PCM_16 FLOAT ULAW"),
    ("RF64", "PCM_16"),
    ("W64", "PCM_24 MS_ADPCM"),
    ("AIFF", "PCM_16 FLOAT IMA_ADPCM"),
    ("AU", "PCM_16 DOUBLE G723_24"),
    ("CAF", "PCM_16 ALAC_24"),
    ("NIST", "PCM_16 ULAW"),
    ("VOC", "PCM_16 ALAW"),
    ("IRCAM", "FLOAT"),
    ("PAF", "PCM_24"),
    ("SVX", "PCM_16"),
    ("SDS", "PCM_16"),
    ("PVF", "PCM_16"),
    ("MAT5", "PCM_16"),
    ("FLAC", "PCM_S8 PCM_16 PCM_24"),
    ("OGG", "VORBIS OPUS"),
    ("MP3", "MPEG_LAYER_III"),
)
_RATES = {"GSM610": 8000, "G721_32": 8000, "G723_24": 8000, "OPUS": 48000}
_BY_PYAV = {".m4a": "aac", ".aac": "aac", ".opus": "libopus", ".webm": "libopus", ".wma": "wmav2"}


def sound(rate: int, channels: int = 1, peak: float = 0.3, seconds: float = SECONDS) -> np.ndarray:
    """Return a sine, as loud on each channel, float [frames, channels]."""
    times = np.arange(round(rate * seconds)) / rate
    one = peak * np.sin(2 * np.pi * min(_PITCH, rate / 8) * times)
    return np.tile(one[:, None], (1, channels))


def kinds() -> dict[str, Callable[[Path], None]]:
    """Return what writes each kind of file that can be written here; the names are file names.

    libsndfile's all end in .wav: what a file is, its content says.
    """
    found: dict[str, Callable[[Path], None]] = {}
    for form, codings in _PLAIN:
        for coding in codings.split():
            if soundfile.check_format(form, coding):
                rate = _RATES.get(coding, 44100)
                found[f"{form}-{coding}.wav"] = partial(_write, form, coding, rate, 1, 0.3)
    for rate in (10, 1000, 2000, 2999, 3000, 96000, 500_000):
        found[f"{rate}Hz.wav"] = partial(_write, "WAV", "PCM_16", rate, 1, 0.3)
    found["1000Hz-FLAC.wav"] = partial(_write, "FLAC", "PCM_16", 1000, 1, 0.3)
    for channels in (2, 3, 4, 6, 8, 9, 16, 64):
        found[f"{channels}channels.wav"] = partial(_write, "WAV", "PCM_16", 44100, channels, 0.3)
    found["9channels-OGG.wav"] = partial(_write, "OGG", "VORBIS", 44100, 9, 0.3)
    found["hot.wav"] = partial(_write, "WAV", "DOUBLE", 44100, 1, 1.5)
    found["huge.wav"] = partial(_write, "WAV", "FLOAT", 44100, 1, 3e29)
    found["big-endian.wav"] = _write_big_endian
    return found


def other_kinds() -> dict[str, Callable[[Path], None]]:
    """Return what writes the kinds that libsndfile has not, of which PyAV may read some."""
    return {
        f"{suffix[1:]}-{codec}{suffix}": partial(_write_by_pyav, codec)
        for suffix, codec in _BY_PYAV.items()
    }


def unseekable(name: str) -> bool:
    """Return whether libsndfile cannot seek in such a file, which some readers want."""
    return any(coding in name for coding in ("GSM610", "G721", "G723", "NMS"))


def why_not(name: str) -> str:
    """Return why a kind of `other_kinds` cannot be imported here; "" where it can."""
    if Path(name).suffix not in SUFFIXES:
        return f"{Path(name).suffix} is not imported"
    try:
        import av  # noqa: F401
    except ImportError:
        return "PyAV is not installed"
    return ""


def write_folder(folder: Path, writers: dict[str, Callable[[Path], None]]) -> Path:
    """Write files into a folder that the csv reader takes, all of one class, and return it."""
    (folder / "audio").mkdir(parents=True)
    for name, write in writers.items():
        write(folder / "audio" / name)
    with (folder / "clips.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("fname", "labels"), *((name, "Tone") for name in writers)])
    return folder


def _write(form: str, coding: str, rate: int, channels: int, peak: float, path: Path) -> None:
    samples = sound(rate, channels, peak, max(SECONDS, 10 / rate))
    soundfile.write(path, samples, rate, format=form, subtype=coding)


def _write_big_endian(path: Path) -> None:
    soundfile.write(path, sound(44100), 44100, format="WAV", subtype="PCM_16", endian="BIG")


def _write_by_pyav(codec: str, path: Path) -> None:
    import av

    rate = 48000
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate)
        stream.layout, stream.bit_rate = "mono", 64_000
        samples = sound(rate)[:, 0].astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = rate
        resampler = av.AudioResampler(stream.codec_context.format, "mono", rate, frame_size=960)
        for part in [*resampler.resample(frame), *resampler.resample(None), None]:
            file.mux(stream.encode(part))
