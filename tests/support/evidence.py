"""What was measured, and of which commit, on what machine: a file of docs/evidence."""

import contextlib
import fcntl
import importlib.metadata
import json
import os
import platform
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "evidence"


def record(name: str, figures: dict[str, Any], seconds: float | None = None) -> Path:
    """Write ``docs/evidence/NAME.json``: figures with commit, machine and time; return its path.

    Nothing of it names a host or a folder. EVIDENCE_FOLDER names another folder.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "commit": commit(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": seconds,
        "machine": machine(),
        "figures": figures,
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def note(name: str, part: str, figures: Any) -> None:
    """Add one part to the figures of this commit in ``docs/evidence/NAME.json``."""
    with _turn(name):
        record(name, noted(name) | {part: figures})


def noted(name: str) -> dict[str, Any]:
    """Return the parts that ``docs/evidence/NAME.json`` has of this commit."""
    path = _folder() / f"{name}.json"
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return known["figures"] if known.get("commit") == commit() else {}


def is_current(told: str) -> bool:
    """Tell whether nothing but evidence has changed since what `commit` returned then."""
    if "changes" in told or "changes" in commit():
        return False
    done = subprocess.run(
        ["git", "diff", "--quiet", told, "HEAD", "--", ".", ":(exclude)docs/evidence"], cwd=ROOT
    )
    return done.returncode == 0


def commit() -> str:
    """Return the commit that is checked out, with " and changes" where files differ from it.

    Evidence itself is no change: it is written after its commit and goes into the next one.
    """
    here = _git("rev-parse", "HEAD")
    changed = _git("status", "--porcelain", "--", ".", ":(exclude)docs/evidence")
    return f"{here} and changes" if changed else here


def machine() -> dict[str, Any]:
    """Return the processor's model, the cores this process may use, and the versions in use."""
    versions = {"python": platform.python_version()}
    for name in ("numpy", "scipy", "pandas"):
        versions[name] = importlib.metadata.version(name)
    return {"processor": _processor(), "cores": len(os.sched_getaffinity(0)), **versions}


def _folder() -> Path:
    return Path(os.environ.get("EVIDENCE_FOLDER", FOLDER))


@contextlib.contextmanager
def _turn(name: str) -> Iterator[None]:
    """Let one process at a time add to a file."""
    with (Path(tempfile.gettempdir()) / f"evidence-{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2] for line in text.splitlines() if line.startswith("model name")]
    return models[0].strip() if models else platform.machine()


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "no commit"
