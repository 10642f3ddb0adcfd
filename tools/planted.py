"""Six faults that the tests must notice, planted one by one: python -m tools.planted --help

Each is planted in a copy of the project, and the tests named with it run there; what failed goes to
docs/evidence/planted.json. A fault whose text is no longer in its file is an error: it has to be
written anew, where the code went.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.evidence import record
from tools.trees import ROOT, copy_tree, take_back, write_fault


@dataclass(frozen=True, slots=True)
class Fault:
    """A text that becomes another one, and the tests that are to fail then."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def problem(self) -> str:
        """Return why it cannot be planted; "" where its text is in its file, once."""
        path = ROOT / self.file
        found = path.read_text(encoding="utf-8").count(self.old) if path.is_file() else 0
        return "" if found == 1 else f"{self.file} has {found} times, not once: {self.old!r}"


FAULTS = (
    Fault(
        "a network of PyTorch: Wav2CLIP's blocks lead nothing around their convolutions",
        "embeddings/representations/wav2clip.py",
        "return (inner + self.downsample(x)).relu()",
        "return inner.relu()",
        ("tests/embeddings/representations/test_wav2clip.py",),
    ),
    Fault(
        "a network of a TensorFlow graph: VGGish's and YAMNet's front end is heard backwards",
        "embeddings/representations/vggish.py",
        "return np.array([bands(frame) for frame in frames])",
        "return np.array([bands(frame[::-1].copy()) for frame in frames])",
        ("tests/embeddings/representations/test_yamnet.py",),
    ),
    Fault(
        "Freesound's representation: statistics before descriptors",
        "embeddings/representations/freesound/__init__.py",
        """        for descriptor in DESCRIPTORS
        for statistic in STATISTICS
    ]
    return""",
        """        for statistic in STATISTICS
        for descriptor in DESCRIPTORS
    ]
    return""",
        ("tests/embeddings/representations/test_freesound.py",),
    ),
    Fault(
        "ties: systems tied in the estimate of rank agreement count as in order",
        "evaluation/statistics/correlation.py",
        "tied = (signs == 0).sum(axis=-1, keepdims=True)",
        "tied = (signs >= 0).sum(axis=-1, keepdims=True)",
        ("tests/evaluation/statistics/test_correlation.py",),
    ),
    Fault(
        "a page's script: a grade that was nudged there and back is sent once more",
        "static/js/rating/grading.js",
        "if (scale.sent === grade) { // nothing new was said",
        "if (scale.sent === undefined) {",
        (
            "tests/browser/test_rating_page.py"
            "::test_nudges_there_and_back_and_in_the_seek_bar_say_nothing",
        ),
    ),
    Fault(
        "an SQL query: the first grade of a sound counts, and no change of mind",
        "webapp/rating/answers.py",
        """        .where(ours)
        .order_by(Judgement.id)
""",
        """        .where(ours)
        .order_by(Judgement.id.desc())
""",
        ("tests/webapp/rating/test_rate.py",),
    ),
)


def plant(fault: Fault, tree: Path) -> dict[str, Any]:
    """Plant a fault in a copy, run its tests to the first that fails; return what became of it.

    What failed must pass without the fault: else it says nothing of it.
    """
    path = tree / fault.file
    text, before = path.read_text(encoding="utf-8"), path.stat()
    write_fault(path, text.replace(fault.old, fault.new), before)
    began = time.monotonic()
    try:
        failed = first_failed(tree, fault.tests)
    finally:
        take_back(path, text, before)
    if failed and first_failed(tree, (failed,)):
        raise SystemExit(f"{failed} fails without the fault, too.")
    seconds = round(time.monotonic() - began, 1)
    return {"fault": fault.name, "file": fault.file, "failed": failed, "seconds": seconds}


def first_failed(tree: Path, tests: Sequence[str]) -> str | None:
    """Run tests in a copy of the project; return the first that fails, None where all pass."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
        cwd=tree, capture_output=True, text=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    failed = [line.split()[1] for line in lines if line.startswith(("FAILED ", "ERROR "))]
    if done.returncode == 1 and failed:
        return failed[0].rstrip(":")
    if done.returncode or " passed" not in lines[-1]:
        raise SystemExit(f"{done.stdout}\n{done.stderr}\nThese tests cannot tell: {tests}")
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.planted", description=__doc__)
    parser.add_argument("--only", help="those whose name has this in it, without a record")
    options = parser.parse_args()
    problems = [problem for fault in FAULTS if (problem := fault.problem())]
    if problems:
        sys.exit("\n".join(problems))
    chosen = [fault for fault in FAULTS if (options.only or "") in fault.name]
    began, rows = time.monotonic(), []
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        tree = copy_tree(Path(folder))
        for fault in chosen:
            rows.append(plant(fault, tree))
            print(f"{rows[-1]['failed'] or 'NOTICED BY NO TEST'}: {fault.name}", flush=True)
    unnoticed = sum(row["failed"] is None for row in rows)
    if not options.only:
        figures = {"planted": len(rows), "noticed": len(rows) - unnoticed, "faults": rows}
        record("planted", figures, seconds=round(time.monotonic() - began))
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
