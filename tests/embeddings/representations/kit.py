"""The parity kit: deterministic weights under published names, and the reference's outputs."""

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from embeddings.errors import InputError
from tests.support.places import SHARED

KINDS = ("sweep1s", "mix10p5s", "click0p3s")


def folder(name: str) -> Path:
    """Return the kit's folder of a model; skip where the kit is not here."""
    path = SHARED / "parity" / "networks" / name
    if not path.is_dir():
        pytest.skip("the parity kit beside the project (../shared/parity/networks) is not here")
    return path


def summary(name: str) -> dict[str, Any]:
    """Return what the kit says of a model."""
    return json.loads((folder(name) / "summary.json").read_text())


def checkpoint(name: str) -> dict[str, Any]:
    """Return a made checkpoint of a model: published key -> tensor, constants left out."""
    import torch

    keys = json.loads((folder(name) / "keys.json").read_text())
    keys = keys.get("keys", keys)
    return {
        key: torch.from_numpy(value(key, facts["shape"]))
        for key, facts in keys.items()
        if not facts["kept"]
    }


def constants(name: str) -> dict[str, Any]:
    """Return zeros for what a model's published file has and its made checkpoint leaves out."""
    import torch

    keys = json.loads((folder(name) / "keys.json").read_text())
    return {
        key: torch.zeros(facts["shape"], dtype=getattr(torch, facts["dtype"]))
        for key, facts in keys.get("keys", keys).items()
        if facts["kept"]
    }


def check_key(
    load: Callable[[dict[str, Any]], Any], tensors: dict[str, Any], key: str, prefix: str = ""
) -> None:
    """Check that a checkpoint's key is named where it is missing, and where it is misshapen."""
    import torch

    whole = prefix + key
    with pytest.raises(InputError, match=f"misses keys: {re.escape(key)}"):
        load({name: value for name, value in tensors.items() if name != whole})
    with pytest.raises(InputError, match=rf"misshapen keys: {re.escape(key)} \(7, 7\)"):
        load(tensors | {whole: torch.zeros(7, 7)})


def check_unknown(
    load: Callable[[dict[str, Any]], Any], tensors: dict[str, Any], key: str, prefix: str = ""
) -> None:
    """Check that a key is named which the network has not."""
    import torch

    with pytest.raises(InputError, match=f"unknown keys: {re.escape(key)}"):
        load(tensors | {prefix + key: torch.zeros(3)})


def reference(name: str, kind: str, how: str) -> dict[str, np.ndarray]:
    """Return the reference's arrays for a waveform, by "direct", "wav44" or "scaled32768"."""
    with np.load(folder(name) / f"{kind}.{how}.npz") as stored:
        return dict(stored)


def net_only(name: str) -> Iterable[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (tag, input behind the front end, expected output) of a model."""
    with np.load(folder(name) / "net_only.npz") as stored:
        for tag, facts in summary(name)["net_only"].items():
            shape = facts["shape"]
            noise = _stream(facts["seed_text"], shape).standard_normal(
                int(np.prod(shape)), dtype=np.float32
            )
            scale, offset = np.float32(facts["scale"]), np.float32(facts["offset"])
            yield tag, (offset + scale * noise).reshape(shape), stored[tag]


def wav44(kind: str) -> tuple[np.ndarray, int]:
    """Return the samples, float32 [frames, 1], and the rate of one of the kit's files."""
    return soundfile.read(folder("wav44") / f"{kind}.wav", dtype="float32", always_2d=True)


def noise(seconds: float, channels: int = 1, rate: int = 44100) -> np.ndarray:
    """Return even noise in [-0.5, 0.5), float32 [frames, channels]."""
    rng = np.random.default_rng(5)
    return rng.uniform(-0.5, 0.5, (round(seconds * rate), channels)).astype(np.float32)


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference, relative to the largest expected magnitude."""
    assert found.shape == expected.shape
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def waveform(kind: str, rate: int) -> np.ndarray:
    """Return one of the kit's waveforms at `rate`, float32 [frames, 1]."""
    seconds = {"sweep1s": 1.0, "mix10p5s": 10.5, "click0p3s": 0.3}[kind]
    count = round(seconds * rate)
    t = np.arange(count) / rate
    if kind == "sweep1s":
        x = 0.5 * np.sin(2 * np.pi * (50.0 * t + 0.5 * 6950.0 * t * t))
    elif kind == "mix10p5s":
        noise = np.random.Generator(np.random.PCG64(4321)).standard_normal(count)
        x = sum(0.2 / h * np.sin(2 * np.pi * 220.0 * h * t + 0.3 * h) for h in (1, 2, 3, 4))
        x = x * (0.6 + 0.4 * np.sin(2 * np.pi * 1.5 * t)) + 0.02 * noise
        x = x + 0.2 * np.sin(2 * np.pi * (300.0 * t + 100.0 * t * t)) * (t >= 5.25)
    else:
        u = np.maximum(t - 0.05, 0.0)
        x = 0.8 * np.exp(-60.0 * u) * np.sin(2 * np.pi * 1000.0 * u) * (t >= 0.05)
    return np.asarray(x, dtype=np.float32)[:, None]


def value(name: str, shape: Iterable[int]) -> np.ndarray:
    """Return the made value of a checkpoint's key, float32, by the kit's rules R1 to R8."""
    shape = tuple(int(size) for size in shape)
    z = _stream(name, shape).standard_normal(math.prod(shape), dtype=np.float32).reshape(shape)
    last = name.rsplit(".", 1)[-1]
    one = np.float32
    if name.endswith("fbsp.m"):
        z = one(0.5) * np.abs(z)
    elif name.endswith("fbsp.fb"):
        z = one(1) + one(0.1) * np.abs(z)
    elif name.endswith("fbsp.fc"):
        z = np.arange(z.size, dtype=np.float32) + one(0.1) * z
    elif last == "running_var":
        z = one(1) + one(0.2) * np.abs(z)
    elif last == "running_mean":
        z = one(0.1) * z
    elif "bias" in last and len(shape) == 1:
        z = one(0.02) * z
    elif len(shape) <= 1:
        z = one(1) + one(0.1) * z
    elif len(shape) == 3 and shape[0] == 1:
        z = one(0.5) * z
    else:
        gain = 1.0 if len(shape) == 2 else 2.0
        z = z * one(math.sqrt(gain / math.prod(shape[1:])))
    return np.ascontiguousarray(z, dtype=np.float32).reshape(shape)


def _stream(text: str, shape: Iterable[int]) -> np.random.Generator:
    seeded = f"{text}|{'x'.join(str(int(size)) for size in shape)}"
    seed = int.from_bytes(hashlib.sha256(seeded.encode()).digest()[:8], "little")
    return np.random.Generator(np.random.PCG64(seed))
