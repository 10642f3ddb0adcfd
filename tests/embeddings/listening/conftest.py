"""Copies made without other processes."""

import pytest

from embeddings.listening import copies
from embeddings.tasks import Here


@pytest.fixture
def serial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the work here, and not in other processes, which take a second to start."""
    monkeypatch.setattr(copies, "engine", lambda workers: Here())
