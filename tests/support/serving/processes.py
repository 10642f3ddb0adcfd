"""What Linux says of a server's processes."""

import os
import signal
from pathlib import Path


def children(process: int) -> list[int]:
    """Return the ids of the processes that a process started and that are there yet."""
    told = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(one) for one in told.split()]


def open_files(process: int) -> set[Path]:
    """Return the files that a process has open."""
    found = set()
    for one in Path(f"/proc/{process}/fd").iterdir():
        try:
            found.add(Path(os.readlink(one)))
        except FileNotFoundError:  # just closed
            continue
    return found


def catches(process: int, number: signal.Signals) -> bool:
    """Return whether a process has something of its own to do at a signal."""
    told = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    mask = next(line for line in told.splitlines() if line.startswith("SigCgt:"))
    return bool(int(mask.split()[1], 16) >> (number - 1) & 1)
