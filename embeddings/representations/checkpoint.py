"""Reading published checkpoints, strictly: a missing, extra or misshapen key is an error.

Nothing in a checkpoint is executed: files are read with ``weights_only=True``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from embeddings.errors import InputError

Tensors = dict[str, torch.Tensor]

_NESTED = ("model", "state_dict", "model_state_dict")
_NAMED = 5


def read_checkpoint(path: Path) -> Tensors:
    """Return the tensors of a PyTorch checkpoint by their published names.

    A file may hold them at the top, or under "model", "state_dict" or "model_state_dict".
    Raises InputError where there is no such file, or it is no checkpoint of tensors.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # PyTorch raises whatever its unpickler stumbles over
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"{path}: not a checkpoint that can be read safely ({reason}).") from error
    while isinstance(content, Mapping) and not _tensors(content):
        inner = next((content[key] for key in _NESTED if key in content), None)
        if inner is None:
            break
        content = inner
    if not isinstance(content, Mapping) or not _tensors(content):
        raise InputError(f"{path}: there are no tensors in it.")
    return _tensors(content)


@contextmanager
def without_first_weights() -> Iterator[None]:
    """Build modules whose weights `load_strict` sets: none are drawn, which would take longer.

    What a module sets by another way than `torch.nn.init` is set as ever. Not for several threads.
    """
    init = torch.nn.init
    drawing = {name: fn for name, fn in vars(init).items() if re.fullmatch(r"[a-z]\w*_", name)}
    try:
        for name in drawing:
            setattr(init, name, lambda tensor, *_, **__: tensor)
        yield
    finally:
        for name, function in drawing.items():
            setattr(init, name, function)


def load_strict(
    module: torch.nn.Module,
    tensors: Mapping[str, torch.Tensor],
    *,
    prefix: str = "",
    ignore: Iterable[str] = (),
) -> None:
    """Load published tensors into `module`, every one of them and no other.

    What a module counts in training only (num_batches_tracked) may be missing.

    Parameters
    ----------
    tensors : published name -> tensor
    prefix : only names that begin with it belong to the module, and lose it
    ignore : regular expressions; published names (without the prefix) that one of them matches as
        a whole are left out: constants that the module builds itself, branches that it has not

    Raises
    ------
    InputError
        A key is missing, is not known or has another shape; the sentence names it.
    """
    left_out = [re.compile(pattern) for pattern in ignore]
    wanted = module.state_dict()
    own = {name: wanted[name] for name in wanted if name.endswith(".num_batches_tracked")}
    for name, tensor in tensors.items():
        if not name.startswith(prefix):
            continue
        short = name.removeprefix(prefix)
        if not any(pattern.fullmatch(short) for pattern in left_out):
            own[short] = tensor
    missing = sorted(wanted.keys() - own.keys())
    extra = sorted(own.keys() - wanted.keys())
    misshapen = sorted(
        f"{name} {tuple(own[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in wanted.keys() & own.keys()
        if own[name].shape != wanted[name].shape
    )
    for what, names in (("misses", missing), ("has unknown", extra), ("has misshapen", misshapen)):
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            raise InputError(f"The checkpoint {what} keys: {', '.join(names[:_NAMED])}{more}.")
    module.load_state_dict({name: tensor.to(wanted[name].dtype) for name, tensor in own.items()})


def _tensors(content: Mapping[Any, Any]) -> Tensors:
    return {str(key): value for key, value in content.items() if isinstance(value, torch.Tensor)}
