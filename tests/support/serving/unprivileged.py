"""Programs that run as nobody where the tests run as root, and as who runs the tests elsewhere."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_NOBODY = 65534


def nobody() -> dict[str, Any]:
    """Return what makes a subprocess run unprivileged."""
    if os.geteuid() != 0:
        return {}
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}


def give(folder: Path) -> None:
    """Give a folder, and all that is in it, to who `nobody` is."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY, follow_symlinks=False)


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that everybody may enter, unlike those of pytest; it is removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="sounding-board-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def needed(program: str, package: str) -> str:
    """Return where a program is. In CI a missing one is a failure, elsewhere a skip."""
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None and os.environ.get("CI"):
        pytest.fail(f"{program} is missing; .ci/run installs it")
    if path is None:
        pytest.skip(f"{program} is not installed (apt-get install {package})")
    return path
