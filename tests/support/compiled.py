"""Templates and addresses that are compiled once a process: each test has an app of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule


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


def _builders() -> Callable[..., Any]:
    """Return what compiles a rule's builder of addresses, or finds that of an equal rule.

    A builder looks its converters up in the rule that it is bound to, so that rules may share it.
    """
    compiled, kept = Rule._compile_builder, {}

    def builder(rule: Rule, append_unknown: bool = True) -> Any:
        key = repr((rule.rule, rule._trace, rule.defaults, append_unknown))
        if key not in kept:
            kept[key] = compiled(rule, append_unknown)
        return kept[key]

    return builder


@contextmanager
def compiled_once() -> Iterator[None]:
    """Let all apps of this process share what they compile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": _InMemory()})
        patch.setattr(Rule, "_compile_builder", _builders())
        yield
