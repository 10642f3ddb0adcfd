"""Copies of the project in which faults are planted: nobody's own files are touched."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copy_tree(folder: Path) -> Path:
    """Copy what git knows of, and what it would take, into `folder`; return the copy's root.

    What lies beside the project is linked, so that the tests find the reference data.
    """
    tree = folder / "project"
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    if (ROOT.parent / "shared").is_dir():
        (folder / "shared").symlink_to(ROOT.parent / "shared")
    return tree


def write_fault(path: Path, text: str, before: os.stat_result) -> None:
    """Write a file with a fault in it, with a time by which Python sees that it is another one."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (before.st_mtime + 60, before.st_mtime + 60))


def take_back(path: Path, text: str, before: os.stat_result) -> None:
    """Write a file as it was."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (before.st_mtime, before.st_mtime))
