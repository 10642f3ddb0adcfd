"""systemd, where it runs: whether what should run does."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from webapp.core.config import ROOT
from webapp.doctor.patient import Patient
from webapp.doctor.registry import Said, check, fault, ok, warning

_RUNS = Path("/run/systemd/system")
_PLACES = (Path("/etc/systemd/system"), Path("/usr/lib/systemd/system"))


@check("systemd")
def systemd(patient: Patient) -> Iterator[Said]:
    """Say whether the project's units are there and run; nothing where systemd does not."""
    program = shutil.which("systemctl")
    if not _RUNS.is_dir() or program is None:
        return
    units = sorted({path.name for path in (ROOT / "deploy").rglob("*.service")})
    there = [one for one in units if any((place / one).exists() for place in _PLACES)]
    if units and not there:
        yield warning("No unit is installed.", "Install those of deploy/: docs/howto/serve.md.")
    for unit in there:
        facts = _facts(program, unit)
        if facts.get("ActiveState") == "failed":
            yield fault(
                f"{unit} failed ({facts.get('Result')}).", f"journalctl -u {unit} says why."
            )
        elif facts.get("Type") != "oneshot" and facts.get("ActiveState") != "active":
            yield fault(f"{unit} does not run.", f"systemctl enable --now {unit}")
        elif facts.get("NeedDaemonReload") == "yes":
            yield warning(f"{unit} was changed since it was read.", "systemctl daemon-reload")
        else:
            yield ok(f"{unit} is {facts.get('ActiveState')}.")


def _facts(program: str, unit: str) -> dict[str, str]:
    names = "ActiveState,Result,Type,NeedDaemonReload"
    command = [program, "show", unit, f"--property={names}"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=30).stdout
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
