"""Templates that are compiled once a process: each test has an app, and an app compiles its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache


class _InMemory(BytecodeCache):
    """Keeps what was compiled for as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket of a template whose text was compiled before."""
        kept = self._kept.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let all apps of this process share what they compile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": _InMemory()})
        yield
