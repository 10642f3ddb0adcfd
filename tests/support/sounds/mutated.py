"""Sound files with something wrong in them, and a process of its own that measures each.

    python -m tests.support.sounds.mutated FOLDER

prints a JSON line for every file of FOLDER: what came of it, in how many seconds, and the most
memory that the process had so far, in MB.
"""

import json
import resource
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

from tests.support.sounds.encoded import encode, sound, vbr_without_tag

_HEAD = 200
"""Bytes from the start, of which every second change is one: headers are there."""


def write_mutated(folder: Path, originals: Path, count: int, seed: int) -> list[Path]:
    """Write `count` changed copies of the files in `originals` to `folder` and return them."""
    sources = sorted(originals.iterdir())
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        source = sources[number % len(sources)]
        path = folder / f"{number:04}{source.suffix}"
        path.write_bytes(mutated(source.read_bytes(), rng))
        made.append(path)
    return made


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Return `content` with one to four changes, as disks, downloads and careless programs make."""
    changed = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        if len(changed) < 2:
            break
        end = len(changed) if rng.random() < 0.5 else min(_HEAD, len(changed))
        place = int(rng.integers(0, end))
        length = int(rng.integers(1, 9) if rng.random() < 0.7 else rng.integers(1, 2000))
        change = rng.integers(0, 7)
        if change == 0:
            changed[place : place + length] = rng.bytes(length)
        elif change == 1:
            changed[place] ^= 1 << int(rng.integers(0, 8))
        elif change == 2:
            changed[place : place + length] = bytes(length) if rng.random() < 0.5 else b"\xff" * 4
        elif change == 3:
            del changed[place : place + length]
        elif change == 4:
            changed[place:place] = rng.bytes(length)
        elif change == 5:
            del changed[int(rng.integers(1, len(changed))) :]
        else:
            changed += changed[place:]
    return bytes(changed)


def write_originals(folder: Path, encoded: bool) -> None:
    """Write one short file of every kind; those of FFmpeg's encoders if `encoded`."""
    plain = {
        "a.wav": "PCM_16", "b.wav": "IMA_ADPCM", "c.wav": "GSM610", "d.wav": "FLOAT",
        "a.aiff": "PCM_24", "a.au": "ULAW", "a.caf": "PCM_16", "a.w64": "PCM_16", "a.voc": "PCM_16",
        "a.flac": "PCM_16", "a.ogg": "VORBIS", "b.ogg": "OPUS", "a.mp3": "MPEG_LAYER_III",
    }  # fmt: skip
    for name, subtype in plain.items():
        soundfile.write(folder / name, sound(8000, 1, 0.5), 8000, subtype=subtype)
    if not encoded:
        return
    for name, codec, container in (
        ("a.m4a", "aac", "ipod"), ("b.m4a", "alac", "ipod"), ("a.aac", "aac", "adts"),
        ("a.webm", "libopus", "webm"), ("a.mka", "flac", "matroska"), ("a.wma", "wmav2", "asf"),
        ("c.ogg", "flac", "ogg"), ("a.wv", "wavpack", "wv"), ("a.avi", "libmp3lame", "avi"),
    ):  # fmt: skip
        encode(folder / name, codec, container, 48000, seconds=0.5, bit_rate=96000)
    vbr_without_tag(folder / "b.mp3", rate=16000, seconds=0.5)


def peak_megabytes() -> float:
    """Return the most memory that this process had at once.

    What `getrusage` tells begins with that of the process which started it.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) / 1024


def main(folder: Path) -> None:
    """Measure every file as an import does, and print what came of it."""
    from embeddings.audio.measuring import measure
    from embeddings.errors import InputError

    for path in sorted(folder.iterdir()):
        began = time.process_time()
        try:
            measurement = measure(path)
            told = f"{measurement.seconds} s"
        except InputError as error:
            told = f"refused: {error}"
        except Exception as error:
            told = f"escaped: {type(error).__name__}: {error}"
        took = time.process_time() - began
        line = {"file": path.name, "told": told, "took": took, "most": peak_megabytes()}
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
