"""Any audio model of the package mteb (Massive Text Embedding Benchmark) as one's own.

``mteb:NAME`` as a source of `own` is the model that ``mteb.get_model(NAME)`` gives: a list of them
is on mteb's leaderboard (MAEB), or ``mteb.get_model_metas(modalities=["audio"])``. mteb downloads
a model's weights when it is first used, and pins the revision of those it lists; what is done to
the audio, resampling included, is mteb's.

The package is not among this project's requirements. Written against mteb 2.26, of whose models
the API was checked with the package installed and without their published weights.
"""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from embeddings.errors import InputError

PREFIX = "mteb:"
"""What a source begins with that names one of its models."""

_INSTALL = 'pip install "mteb[audio]" "pyarrow<25"'  # later ones of pyarrow want numpy 2
# Models that take a prompt get a task's; this one is nearest to finding sounds that are alike.
_TASK = "ESC50Clustering"


def load(name: str, device: str) -> Callable[[np.ndarray, int], np.ndarray]:
    """Return the function of a model from mono samples, float32 [frames], and their rate in Hz.

    It gives float32 [dim], or [windows, dim] of a model with several vectors a sound.

    Raises
    ------
    InputError
        mteb cannot be imported; it has no such model, or cannot load it, or the model hears no
        audio. The function raises it where the model fails.
    """
    mteb = _package()
    try:
        model = mteb.get_model(name, device=device)
        task = mteb.get_task(_TASK).metadata
    except Exception as error:  # whatever mteb, a model's own packages or a download raises
        raise InputError(f"{PREFIX}{name} cannot be loaded: {_reason(error)}.") from error
    modalities = model.mteb_model_meta.modalities
    if "audio" not in modalities:
        raise InputError(f"{PREFIX}{name} does not hear audio; it takes {', '.join(modalities)}.")

    def embed(samples: np.ndarray, rate: int) -> np.ndarray:
        """Embed one sound, float32 [frames] at `rate` Hz."""
        try:
            found = model.encode(
                _loader(samples, rate),
                task_metadata=task,
                hf_split="test",
                hf_subset="default",
                show_progress_bar=False,
            )[0]
        except Exception as error:
            raise InputError(f"{PREFIX}{name} failed: {_reason(error)}.") from error
        if hasattr(found, "detach"):
            found = found.detach().float().cpu()
        return np.asarray(found, dtype=np.float32)

    return embed


def version() -> str:
    """Return the version of the installed mteb; InputError where it cannot be imported."""
    return str(_package().__version__)


def _package() -> Any:
    try:
        return importlib.import_module("mteb")
    except Exception as error:  # it imports much, which may itself be broken
        raise InputError(
            f"Sources that begin with {PREFIX} need the package mteb ({_INSTALL}), which cannot "
            f"be imported here: {_reason(error)}."
        ) from error


def _loader(samples: np.ndarray, rate: int) -> Any:
    """Return the batches of one sound, as mteb's own data loaders give them."""
    from torch.utils.data import DataLoader

    sound = _OneSound(samples, rate)
    return DataLoader(sound, batch_size=1, collate_fn=_together)  # type: ignore[arg-type]


class _OneSound:
    """What a data loader needs of a data set; models ask `features` for what there is."""

    def __init__(self, samples: np.ndarray, rate: int) -> None:
        self.features = {"audio": None}
        self._samples = samples
        self._rate = rate

    def __len__(self) -> int:
        return 1

    def __getitem__(self, _place: int) -> dict[str, Any]:
        return {"audio": {"array": self._samples, "sampling_rate": self._rate}}


def _together(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {"audio": [row["audio"] for row in rows]}


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300].rstrip('.')}"
