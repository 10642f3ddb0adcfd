"""What lossy coding does to rankings, and that reading the coded files adds nothing to it.

    python -m benchmarks.codecs FOLDER                    # of sounds, such as ESC-10's audio/
    python -m benchmarks.codecs FOLDER --by Freesound --clips 100

Every sound is coded as MP3 (with and without a tag that says how long it is), Opus and M4A by PyAV,
and described as it was, as coded, and as the coded file sounds when FFmpeg alone decodes it to a
WAV. Printed is the share of each sound's 15 nearest that stays: "read here" of the coded files, and
"codec alone" of those WAVs. Where a reader cuts sounds, the first is less than the second.

The description is the mean and deviation of the energy in 32 bands, unless --by names a
representation without weights.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from embeddings.audio.decoding import SUFFIXES, read_audio
from embeddings.representations import CARDS
from embeddings.search.neighbours import top_neighbours
from embeddings.search.processing import Recipe, fit, prepare
from tests.support.sounds.encoded import encode

TOP = 15
CODINGS = {
    "MP3, 128 kbit/s": (".mp3", "libmp3lame", "mp3", {"bit_rate": 128000}),
    "MP3, variable": (".mp3", "libmp3lame", "mp3", {"quality": 4}),
    "MP3, variable, no tag": (
        ".mp3",
        "libmp3lame",
        "mp3",
        {"quality": 4, "options": {"write_xing": "0"}},
    ),
    "Opus, 96 kbit/s": (".opus", "libopus", "ogg", {"bit_rate": 96000}),
    "M4A, 128 kbit/s": (".m4a", "aac", "ipod", {"bit_rate": 128000}),
}
_BANDS = 32
_WINDOW = 2048
_OPUS_RATE = 48000

Describe = Callable[[Path, str], np.ndarray]


def main() -> None:
    """Print a line for every coding."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("folder", type=Path)
    options.add_argument("--by", help="a representation without weights, such as Freesound")
    options.add_argument("--clips", type=int, help="the first so many; all unless told")
    given = options.parse_args()
    paths = [path for path in sorted(given.folder.iterdir()) if path.suffix.lower() in SUFFIXES]
    paths = paths[: given.clips]
    describe = bands if given.by is None else by_card(given.by)
    original = nearest([describe(path, path.stem) for path in paths])
    print(
        f"{len(paths)} sounds; of the {TOP} nearest stay: read here, codec alone, decoded lengths"
    )
    with tempfile.TemporaryDirectory(prefix="codecs-") as name:
        for title, (suffix, codec, container, more) in CODINGS.items():
            read, alone, alike = [], [], 0
            for path in paths:
                coded = Path(name) / f"coded{suffix}"
                samples, rate = read_audio(path)
                if codec == "libopus":
                    samples, rate = to_opus(samples, rate), _OPUS_RATE
                encode(coded, codec, container, rate, samples.shape[1], samples=samples, **more)
                wav = decoded_alone(coded, Path(name) / "alone.wav")
                alike += abs(seconds(coded) - seconds(wav)) <= 0.02
                read.append(describe(coded, path.stem))
                alone.append(describe(wav, path.stem))
            print(
                f"{title:24} {overlap(original, nearest(read)):6.1%} "
                f"{overlap(original, nearest(alone)):6.1%}   {alike} of {len(paths)} as FFmpeg's",
                flush=True,
            )


def bands(path: Path, clip_id: str) -> np.ndarray:
    """Return the mean and deviation of log energy in bands from 50 Hz to 16 kHz, float32 [64]."""
    samples, rate = read_audio(path)
    mono = samples.mean(axis=1)
    mono = np.pad(mono, (0, max(0, _WINDOW - len(mono))))
    frames = np.lib.stride_tricks.sliding_window_view(mono, _WINDOW)[:: _WINDOW // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(_WINDOW), axis=1)) ** 2
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / rate)
    places = np.digitize(frequencies, np.geomspace(50, 16000, _BANDS + 1)) - 1
    energies = np.stack([power[:, places == band].sum(axis=1) for band in range(_BANDS)], axis=1)
    log = np.log10(energies + 1e-8)
    return np.concatenate([log.mean(axis=0), log.std(axis=0)]).astype(np.float32)


def by_card(name: str) -> Describe:
    """Return what describes a file by one of the representations."""
    from embeddings.representations.runner import Representation

    card = CARDS[name]
    extraction = next(iter(card.extractions))
    return Representation(card.module, card.kind, card.resampler, extraction, None)


def nearest(vectors: list[np.ndarray]) -> np.ndarray:
    """Return the rows of the nearest others of each, int [clips, TOP]."""
    ids = [str(row) for row in range(len(vectors))]
    stacked = np.stack(vectors)
    prepared = prepare(stacked, fit(stacked, Recipe(normalise="minmax", pca=None), ids))
    return top_neighbours(prepared, "nns", TOP)[0]


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of the first's neighbours that the second has, too."""
    shared = [len(set(mine) & set(theirs)) for mine, theirs in zip(one, other, strict=True)]
    return float(np.mean(shared)) / TOP


def decoded_alone(path: Path, wav: Path) -> Path:
    """Write what FFmpeg decodes of a file, without this project's reader, as float WAV."""
    import av

    with av.open(str(path)) as file:
        frames = list(file.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1).T
    soundfile.write(wav, samples, frames[0].sample_rate, subtype="FLOAT")
    return wav


def seconds(path: Path) -> float:
    """Return the length that the reader gives, in seconds."""
    samples, rate = read_audio(path)
    return len(samples) / rate


def to_opus(samples: np.ndarray, rate: int) -> np.ndarray:
    """Return samples, float32 [frames, channels], at the rate that Opus has."""
    from scipy.signal import resample_poly

    common = np.gcd(rate, _OPUS_RATE)
    made = resample_poly(samples, _OPUS_RATE // common, rate // common, axis=0)
    return np.clip(made, -1, 1).astype(np.float32)


if __name__ == "__main__":
    main()
