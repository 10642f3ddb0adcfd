"""Write locks/web.txt and locks/full.txt from the requirements files: what `make locks` runs.

locks/web.txt has every package of the web set for Python 3.11 to 3.13, with its files' hashes; pip
installs from it by --require-hashes. locks/full.txt has the versions of everything, as
constraints: no hashes, since torch has other files on PyTorch's own indexes, and none of the CUDA
libraries, which the CPU build does without. Neither names an index.

Versions that are in a lock already stay where they still fit; --upgrade takes the newest of all.
uv (requirements-locks.txt) must be installed beside the Python that runs this.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "locks"
OLDEST = "3.11"
# torch asks for its own versions of these, which differ between its builds
CUDA = ("nvidia-", "cuda-", "triton==")
OPTIONS = (
    "--universal",
    f"--python-version={OLDEST}",
    "--no-emit-index-url",
    "--no-header",
    "--annotation-style=line",
    "--quiet",
)


def main(arguments: list[str]) -> int:
    """Renew both locks."""
    upgrade = [one for one in arguments if one == "--upgrade"]
    LOCKS.mkdir(exist_ok=True)
    _compile("web.txt", "requirements-web.txt", "--generate-hashes", *upgrade)
    _compile("full.txt", "requirements-test.txt", "--constraint=locks/web.txt", *upgrade)
    return 0


def _compile(name: str, source: str, *options: str) -> None:
    path = LOCKS / name
    target = f"locks/{name}"
    command = [str(Path(sys.executable).with_name("uv")), "pip", "compile", *OPTIONS, *options]
    subprocess.run([*command, source, "--output-file", target], cwd=ROOT, check=True)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(CUDA)]
    head = f"# Made by `make locks` from {source}, for Python 3.11 to 3.13; not edited by hand.\n"
    path.write_text(head + "".join(kept), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
