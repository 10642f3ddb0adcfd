"""Why a package of requirements.txt is not here: nobody installed it, or this Python has none."""

import importlib.util
import sys

# The first Python that requirements.txt leaves a package out for, and why.
LEFT_OUT = {
    "essentia-tensorflow": ((3, 14), "has no wheel for Python {python} (3.11 to 3.13 have one)"),
    "laion-clap": (
        (3, 13),
        "wants numpy below 2, and this project has numpy 2 from Python 3.13 on: it is there on "
        "Python 3.11 and 3.12",
    ),
}


def lack_of(module: str, package: str, python: tuple[int, ...] | None = None) -> str:
    """Return why a package cannot be used, to be said after its name; "" where it is installed.

    `module` is what is imported of it. `python` is the version that runs, unless told.
    """
    if importlib.util.find_spec(module) is not None:
        return ""
    major, minor = (python or sys.version_info)[:2]
    first, why = LEFT_OUT.get(package, ((4, 0), ""))
    if (major, minor) >= first:
        return why.format(python=f"{major}.{minor}")
    return "is not installed (pip install -r requirements.txt)"
