"""The processes of jobs: found, and killed as a power cut would."""

import os
import signal
from contextlib import suppress
from pathlib import Path


def process_of(data: Path, number: int) -> int | None:
    """Return the process that does a job of a data folder; None where there is none."""
    asked = f"jobs\0run\0{number}\0".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line, around = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
            if line.endswith(asked) and f"SOUNDING_BOARD_DATA={data}\0".encode() in around + b"\0":
                return int(folder.name)
    return None


def kill(process: int) -> None:
    """Kill it with those that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)
