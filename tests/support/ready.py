"""Folders that are made once a run, also where several processes share it, and then copied."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def ready(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return the run's folder `name`, not to be changed; whoever comes first makes it.

    `make` gets an empty folder to fill. Where it raises, the next who asks begins anew.
    """
    base = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # each worker has a folder of its own below the run's
    folder = base / "ready" / name
    folder.parent.mkdir(exist_ok=True)
    with FileLock(folder.with_name(f"{name}.lock")):
        made = folder.with_name(f"{name}.made")
        if not made.exists():
            folder.mkdir(exist_ok=True)
            make(folder)
            made.touch()
    return folder
