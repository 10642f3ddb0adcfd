"""What tests of `flask doctor` share: its findings, and the settings of who is looked at."""

import json
from pathlib import Path

Findings = list[dict[str, str]]


def write_settings(data: Path, **settings: str | int | bool) -> None:
    """Write config.toml."""
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (data / "config.toml").write_text("".join(lines), encoding="utf-8")
