"""How far rounding may move what a network gives, found from the network itself.

Two processors add the products of one sum in different orders, so their float32 results differ,
and by how much depends on the network: one that makes much of a small difference makes much of a
rounding error, too. A number that is chosen by hand is then too tight on one machine or too wide
to notice a wrong layer. Here it is computed.

A sum of n products, added one after another in float32, rounds each of its n partial sums by at
most u = 2^-24 of it. Where the products have random signs and the size s, the k-th partial sum is
about s sqrt(k), and the errors, spread evenly over +-u, add up to s u n / sqrt(6). Moving each of
the n inputs by e of itself, in a random direction, moves the exact sum by s e sqrt(n). So a sum is
moved as float32 rounds it by

    e = u sqrt(1 + n / 6),

where 1 stands for what is not a sum. The exact network is computed in float64, and again with the
inputs of every layer moved so, channel by channel, in two seeded directions. The larger movement
is an estimate of what float32 rounds away; `SAFETY` times it is the tolerance. All of this is
float64 arithmetic, so that the tolerance is the same number on every machine.
"""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.embeddings.representations import kit

if TYPE_CHECKING:
    import torch

U = 2.0**-24
"""The most by which float32 rounds a number, relative to it."""

SAFETY = 4.0
"""Few directions miss the worst: movements of one network differ by up to 4 times between seeds."""

_DIRECTIONS = 2


def exact(module: "torch.nn.Module") -> "torch.nn.Module":
    """Return a copy of a network that computes in float64."""
    return copy.deepcopy(module).double()


@contextmanager
def moved(module: "torch.nn.Module", seed: int) -> "Iterator[None]":
    """Let every layer with weights take its input moved, channel by channel; see above."""
    import torch

    generator = torch.Generator().manual_seed(seed)

    def move(layer: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
        channels = -1 if isinstance(layer, torch.nn.Linear) else 1
        shape = [1] * given[0].ndim
        shape[channels] = given[0].shape[channels]
        signs = torch.randint(0, 2, shape, generator=generator) * 2 - 1
        products = layer.weight[0].numel() if layer.weight.ndim > 1 else 0
        return (given[0] * (1 + U * math.sqrt(1 + products / 6) * signs), *given[1:])

    weighted = [one for one in module.modules() if hasattr(one, "weight")]
    hooks = [one.register_forward_pre_hook(move) for one in weighted]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def rounded(module: "torch.nn.Module", given: "torch.Tensor") -> tuple[np.ndarray, float]:
    """Return what a float64 network gives, and how far one float32 result may be from it.

    The distance is relative to the largest number, as `kit.relative` has it.
    """
    import torch

    given = given.double()
    with torch.inference_mode():
        found = module(given).numpy()
        movements = []
        for seed in range(_DIRECTIONS):
            with moved(module, seed):
                movements.append(kit.relative(module(given).numpy(), found))
    return found, SAFETY * max(movements)


def worst_layers(
    single: "torch.nn.Module", double: "torch.nn.Module", given: "torch.Tensor"
) -> dict[str, float]:
    """Return by how much of what is allowed each sum of a float32 network is wrong; 1 is the most.

    Each convolution and linear layer takes the float64 network's input, rounded to float32. In
    whatever order its n products are added, fused or not, it is wrong by at most (n + 1) u times
    the sum of their magnitudes (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
    Kernels that round to fewer bits, as bfloat16, are beyond it.
    """
    import torch

    layers, found = dict(single.named_modules()), {}

    def compare(name: str, exact_layer: Any, x: Any) -> None:
        x = x.float()
        expected = exact_layer(x.double())
        positive = copy.deepcopy(exact_layer)
        for weight in positive.parameters():
            weight.abs_()
        products = exact_layer.weight[0].numel()
        most = (products + 1) * U / (1 - (products + 1) * U) * positive(x.double().abs())
        wrong = (layers[name](x) - expected).abs()
        found[name] = float((wrong / most.clamp_min(1e-300)).max())

    kinds = (torch.nn.Conv2d, torch.nn.Linear)
    inputs: dict[str, Any] = {}
    hooks = [
        layer.register_forward_pre_hook(lambda _, x, name=name: inputs.update({name: x[0]}))
        for name, layer in double.named_modules()
        if isinstance(layer, kinds)
    ]
    with torch.inference_mode():
        double(given.double())
        for hook in hooks:
            hook.remove()
        for name, x in inputs.items():
            compare(name, double.get_submodule(name), x)
    return found
