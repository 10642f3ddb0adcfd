"""A plugin of pytest: the property tests alone, with many more examples. See tools.long."""

import time

import pytest
from hypothesis import settings

from tests.support.evidence import record

EXAMPLES = 2000

settings.register_profile("long", max_examples=EXAMPLES, deadline=None, print_blob=True)


class Fuzz:
    """Chooses the property tests, and records how many there were when all have passed."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.tests: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [
            item for item in items
            if getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
        ]  # fmt: skip
        self.tests = [item.nodeid for item in items]

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus == 0 and self.tests:
            seed = session.config.getoption("hypothesis_seed", None)
            figures = {"seed": seed, "examples of each, at most": EXAMPLES, "tests": self.tests}
            record("fuzz", figures, seconds=round(time.monotonic() - self.began))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Fuzz())
