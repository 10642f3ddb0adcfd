"""How long an import takes beside an older version of this project, and how much memory.

    git worktree add ../older COMMIT
    python -m benchmarks.importing ../older              # 10,231 clips, each version twice, in turn
    python -m benchmarks.importing ../older --clips 1000 --times 3

The clips are made, from 0.3 to 1 s long at 44.1 kHz: of seven four are WAV, and one each FLAC, Ogg
and MP3. Both versions run on the Python of this environment, in turn, so that what else the machine
does meets both; the seconds of processors tell more than those of the clock where it does much.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import soundfile

from embeddings.simulation.fsd50k_shape import CLIPS

RATE = 44100
_FORMATS = ("wav", "wav", "wav", "wav", "flac", "ogg", "mp3")
_IMPORT = """
import json, resource, sys, time
from pathlib import Path
from embeddings.collection.importing import import_collection

if __name__ == "__main__":
    source, data = map(Path, sys.argv[1:])
    began = time.perf_counter()
    collection, _ = import_collection(data, "made", source, "csv")
    took = time.perf_counter() - began
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({
        "clips": len(collection.clips),
        "clock": took,
        "processors": sum(one.ru_utime + one.ru_stime for one in spent),
        "parent": spent[0].ru_maxrss / 1024,
        "worker": spent[1].ru_maxrss / 1024,
    }))
"""


def main() -> None:
    """Print a line for every import, and the ratio of the medians."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("older", type=Path, help="a checkout of the version to compare with")
    options.add_argument("--clips", type=int, default=CLIPS)
    options.add_argument("--times", type=int, default=2, help="imports by each version")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="importing-") as folder:
        source = _write_source(Path(folder) / "source", given.clips)
        found: dict[str, list[dict[str, float]]] = {"older": [], "this": []}
        for turn in range(given.times):
            for name, root in (("older", given.older), ("this", Path.cwd())):
                data = Path(folder) / f"data-{name}-{turn}"
                one = _import(root.resolve(), source, data)
                found[name].append(one)
                print(
                    f"{name:6} {one['clips']:6.0f} clips {one['clock']:8.1f} s by the clock "
                    f"{one['processors']:8.1f} s of processors {one['parent']:6.0f} MB the parent "
                    f"{one['worker']:6.0f} MB the largest worker",
                    flush=True,
                )
    for what in ("clock", "processors", "parent", "worker"):
        older, this = (median(one[what] for one in found[name]) for name in ("older", "this"))
        print(f"{what:11} this / older = {this / older:.3f}")


def _write_source(folder: Path, clips: int) -> Path:
    """Write a folder that the csv reader takes, and return it."""
    (folder / "audio").mkdir(parents=True)
    rng = np.random.default_rng(1)
    rows = ["fname,labels"]
    for number in range(clips):
        name = f"{number}.{_FORMATS[number % len(_FORMATS)]}"
        noise = 0.1 * rng.standard_normal(rng.integers(RATE * 3 // 10, RATE))
        soundfile.write(folder / "audio" / name, noise, RATE)
        rows.append(f"{name},{'abcd'[number % 4]}")
    (folder / "clips.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def _import(root: Path, source: Path, data: Path) -> dict[str, float]:
    """Import `source` by the version in `root`, in a process of its own."""
    script = data.with_suffix(".py")  # a file, since its workers import it anew
    script.write_text(_IMPORT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(source), str(data)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(
            filter(None, (str(root), os.environ.get("PYTHONPATH", "")))
        )},
        capture_output=True,
        text=True,
        check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
