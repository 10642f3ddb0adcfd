"""What a request costs more for its id, its line of log and its numbers: run by hand.

    python -m benchmarks.watching

Prints microseconds of the processor, so that neighbours count little: for a whole answer of
/healthz with and without them, and for the numbers alone; in one process, and as one of several,
which count in files. The least of many rounds.
"""

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS, CALLS = 20, 50


def microseconds(call: Callable[[], object]) -> float:
    """Return the microseconds of the processor for one call: the least of rounds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(CALLS):
            call()
        rounds.append((time.process_time() - began) / CALLS * 1e6)
    return min(rounds)


def measure(kind: str) -> None:
    """Print the costs in this process."""
    from webapp import create_app
    from webapp.core import metrics
    from webapp.core.health import logs

    with tempfile.TemporaryDirectory() as data:
        os.environ["SOUNDING_BOARD_LOG_FORMAT"] = "json"
        app = create_app({"DATA": Path(data)})
        client = app.test_client()
        said, sys.stderr = sys.stderr, io.StringIO()
        try:
            with_all = microseconds(lambda: client.get("/healthz"))
            app.before_request_funcs[None].remove(logs._begin_request)
            app.after_request_funcs[None].remove(logs._end_request)
            without = microseconds(lambda: client.get("/healthz"))
        finally:
            sys.stderr = said
    count = microseconds(lambda: metrics.count_request("page", "GET", 200, 0.02))
    print(f"{kind}: /healthz {with_all:.0f} us, without {without:.0f} us; ", end="")
    print(f"more {with_all - without:.0f} us, of which the numbers take {count:.1f} us")


def main() -> None:
    """Measure in processes of their own: which kind it is, is decided when it starts."""
    if len(sys.argv) > 1:
        measure(sys.argv[1])
        return
    for kind in ("one process", "one of several"):
        with tempfile.TemporaryDirectory() as folder:
            several = {"PROMETHEUS_MULTIPROC_DIR": folder} if kind == "one of several" else {}
            command = [sys.executable, "-m", "benchmarks.watching", kind]
            subprocess.run(command, env=os.environ | several, check=True)


if __name__ == "__main__":
    main()
