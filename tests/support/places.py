"""Where things are, and commands run there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
BASE = "http://127.0.0.1:5000"  # what links begin with unless told; nothing is served there


def hear_ctrl_c() -> None:
    """Before a child starts: let Ctrl-C reach it, also where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def flask(data: Path, *args: str) -> str:
    """Run a command in a process of its own; return what it said."""
    environment = os.environ | {"SOUNDING_BOARD_DATA": str(data)}
    command = [sys.executable, "-m", "flask", *args]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
