"""The tests that take long, one part after the other: python -m tools.long --help

A part that has passed at this commit is not run again: what ran is kept in docs/evidence/long.json,
what was measured in the other files there. Everything is seeded.
"""

import argparse
import json
import subprocess
import sys
import time
from typing import Any

from tests.support.evidence import FOLDER, commit, is_current, record

SEED = "13"
PYTEST = ["-m", "pytest", "-q", "-p", "no:cacheprovider"]
PARTS = {
    "planted": ["-m", "tools.planted"],
    "simulations": [*PYTEST, "-m", "slow"],
    "load and kills": [*PYTEST, "-m", "long"],
    "fuzz": [
        *PYTEST, "-p", "tools.fuzz_profile", "--hypothesis-profile=long",
        f"--hypothesis-seed={SEED}",
    ],
    "browsers": [*PYTEST, "-m", "engines"],
    "mutation": ["-m", "tools.mutate", "--seed", SEED, "--again"],
}  # fmt: skip


def passed() -> dict[str, Any]:
    """Return part -> when it passed, of the parts that need not run again."""
    path = FOLDER / "long.json"
    if not path.is_file():
        return {}
    rows = json.loads(path.read_text(encoding="utf-8"))["figures"]
    return {part: row for part, row in rows.items() if is_current(row["commit"])}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.long", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"only these: {', '.join(PARTS)}")
    options = parser.parse_args()
    unknown = set(options.part) - set(PARTS)
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    if "changes" in commit():
        print("Files differ from the commit: the evidence says so, and will not be kept.")
    failed = []
    for number, (part, command) in enumerate(PARTS.items(), 1):
        if options.part and part not in options.part:
            continue
        if part in passed():
            print(f"[{number}/{len(PARTS)}] {part}: passed at this commit already", flush=True)
            continue
        print(f"[{number}/{len(PARTS)}] {part} ...", flush=True)
        began = time.monotonic()
        code = subprocess.run([sys.executable, *command]).returncode
        seconds = round(time.monotonic() - began)
        print(f"[{number}/{len(PARTS)}] {part}: {'FAILED' if code else 'passed'}, {seconds} s")
        if code:
            failed.append(part)
            continue
        record("long", passed() | {part: {"commit": commit(), "seconds": seconds}})
    if failed:
        print(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
