"""Run a module while a lock of the database says so.

``python -m webapp.core.machines.job_process LOCK MODULE``: the data folder is SOUNDING_BOARD_DATA,
LOCK a path in it; what follows MODULE are its arguments.
"""

import os
import runpy
import sys
from pathlib import Path

from embeddings.errors import InputError
from webapp.core.config import data_folder, read_settings
from webapp.core.machines.database_locks import covering, use
from webapp.core.postgresql import database_address

_WAIT = 10  # seconds: somebody else may hold it for a moment


def main() -> None:
    """Run it; it ends with a sentence where the lock cannot be had."""
    lock, module, *arguments = sys.argv[1:]
    data = data_folder()
    use(database_address(read_settings(data, os.environ)["database_url"]), data)
    locks = covering(Path(lock))
    assert locks is not None, "only PostgreSQL has such locks"
    try:
        with locks.hold(Path(lock), _WAIT):
            sys.argv = [module, *arguments]
            runpy.run_module(module, run_name="__main__", alter_sys=True)
    except TimeoutError:
        sys.exit("Error: Another process does this just now: let it finish first.")
    except InputError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
