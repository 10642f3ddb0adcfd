"""A user's own representation: a Python file or an installed module of two kinds, or mteb's.

With three names, as this project's own modules have them::

    sample_rate = 16000                       # whole Hz; None: each file's own rate
    def load(weights, device): ...            # a path or None, "cpu" or "cuda"; returns a model
    def embed(samples): ...                   # of the model or of the module: float32 [frames]
                                              # of mono audio -> float32 [dim] or [windows, dim]

Or the API of HEAR (Holistic Evaluation of Audio Representations): ``load_model(path)`` gives a
model with a ``sample_rate``, ``get_scene_embeddings(audio, model)`` takes a tensor [sounds, frames]
and gives one of [sounds, dim].

A source ``mteb:NAME`` is a model of the package mteb; see `representations.mteb`.
"""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from numbers import Real
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from embeddings.audio.decoding import read_audio
from embeddings.errors import InputError
from embeddings.files import read_json, sha256_of, write_json
from embeddings.packages import versions_imported
from embeddings.representations import mteb
from embeddings.representations.runner import resampled

Embed = Callable[[np.ndarray, int], Any]
"""From mono samples, float32 [frames], and their rate in Hz to [dim] or [windows, dim]."""

PLACE = "place.json"  # beside the vectors: paths of this machine, which no export has
_PROBE_SECONDS = 10.0  # networks refuse less than their longest window
_PROBE_RATE = 16000
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Own:
    """An embedder that a user's module computes; the module is loaded when first used.

    Attributes
    ----------
    source : the path of a Python file, the name of an installed module, or mteb:NAME
    weights : given to its loader, None for none
    device : where it should run
    """

    source: str
    weights: Path | None = None
    device: str = "cpu"

    def __call__(self, path: Path, clip_id: str) -> np.ndarray:
        """Return the vectors of one clip, float32 [dim] or [windows, dim]."""
        samples, rate = read_audio(path)
        return self._vectors(samples, rate)

    def probe(self, shortest: float = _PROBE_SECONDS) -> int:
        """Return the dimension of its vectors, found by embedding ten seconds of noise.

        Where that fails, it is tried with `shortest`, the seconds of the shortest clip there is.
        Raises InputError, naming the source and the rule, where it is not as it must be.
        """
        _loaded(self)  # what cannot be loaded is not tried twice
        try:
            return self._of_noise(_PROBE_SECONDS)
        except InputError:
            if shortest < _PROBE_SECONDS:
                with suppress(InputError):
                    return self._of_noise(shortest)
            raise

    def remember(self, folder: Path) -> None:
        """Note in an embedding's folder what computed it, so that `find_own` finds it again."""
        files = self.files()
        place = {
            "source": str(files[0]) if self.source.endswith(".py") else self.source,
            "weights": str(files[-1]) if self.weights else None,
            "sha256": [sha256_of(file) for file in files],
        }
        write_json(folder / PLACE, place)

    def files(self) -> list[Path]:
        """Return the files of the user's that it needs: the Python file, the weights."""
        source = [Path(self.source)] if self.source.endswith(".py") else []
        return [file.resolve() for file in [*source, *filter(None, [self.weights])]]

    def packages(self) -> dict[str, str]:
        """Return name -> version of the packages that the user's file or module imports."""
        if self.source.endswith(".py"):
            return versions_imported(Path(self.source).read_bytes())
        file = getattr(_module(self.source), "__file__", None) or ""
        code = Path(file).read_bytes() if file.endswith(".py") else b""
        return versions_imported(code + f"\nimport {self.source}\n".encode())

    def _of_noise(self, seconds: float) -> int:
        noise = np.random.default_rng(0).normal(0, 0.1, (round(seconds * _PROBE_RATE) or 1, 1))
        return self._vectors(noise.astype(np.float32), _PROBE_RATE).shape[-1]

    def _vectors(self, samples: np.ndarray, rate: int) -> np.ndarray:
        wanted, embed = _loaded(self)
        mono = samples.mean(axis=1, keepdims=True, dtype=np.float32)
        mono = resampled(mono, rate, wanted or rate)[:, 0]
        with _in_words(f"{self.source}: embed failed"):
            vectors = np.asarray(embed(mono, wanted or rate), dtype=np.float32)
        if vectors.ndim not in (1, 2) or not vectors.size:
            raise InputError(
                f"{self.source}: embed must return [dim] or [windows, dim], not an array of shape "
                f"{vectors.shape}."
            )
        if not np.isfinite(vectors).all():
            raise InputError(f"{self.source}: embed returned NaN or infinity.")
        return vectors


def find_own(folder: Path, *, verify: bool = False) -> Own:
    """Return what computed the user's own embedding in `folder`, to run on the CPU.

    Raises InputError where that was not noted, or a file of it is gone or, with `verify`, is not
    what it was.
    """
    if not (folder / PLACE).is_file():
        raise InputError(
            f"What computed {folder.name} was not noted: compute it again "
            "(flask embeddings own ... --again)."
        )
    place = read_json(folder / PLACE)
    own = Own(place["source"], Path(place["weights"]) if place["weights"] else None)
    for file, known in zip(own.files(), place["sha256"], strict=True):
        if not file.is_file():
            raise InputError(f"{file}, which computed {folder.name}, is not there any more.")
        if verify and sha256_of(file) != known:
            raise InputError(f"{file} is not what it was when it computed {folder.name}.")
    return own


@lru_cache(maxsize=1)
def _loaded(own: Own) -> tuple[int | None, Embed]:
    """Return the sample rate, None for each file's own, and the function from mono samples."""
    if own.source.startswith(mteb.PREFIX):
        return None, mteb.load(own.source.removeprefix(mteb.PREFIX), own.device)
    module = _module(own.source)
    weights = str(own.weights) if own.weights else None
    if hasattr(module, "get_scene_embeddings") and hasattr(module, "load_model"):
        return _hear(own.source, module, weights or "", own.device)
    missing = [name for name in ("sample_rate", "load") if not hasattr(module, name)]
    if missing:
        raise InputError(
            f"{own.source}: there is no {missing[0]}; a representation has sample_rate, load and "
            "embed, or HEAR's load_model and get_scene_embeddings."
        )
    rate = None if module.sample_rate is None else _whole(own.source, module.sample_rate)
    with _in_words(f"{own.source}: load failed"):
        model = module.load(weights, own.device)
    embed = getattr(model, "embed", None) or getattr(module, "embed", None)
    if embed is None:
        raise InputError(f"{own.source}: there is no embed, of the module or of what load returns.")
    return rate, lambda samples, _rate: embed(samples)


def _hear(source: str, module: ModuleType, weights: str, device: str) -> tuple[int, Embed]:
    with _in_words(f"{source}: load_model failed"):
        import torch

        model = module.load_model(weights)
        if hasattr(model, "to"):
            model = model.to(device)
        rate = model.sample_rate

    def embed(samples: np.ndarray, _rate: int) -> np.ndarray:
        """Embed one sound, float32 [frames]."""
        audio = torch.from_numpy(np.ascontiguousarray(samples))[None].to(device)
        with torch.inference_mode():
            return module.get_scene_embeddings(audio, model)[0].cpu().numpy()

    return _whole(source, rate), embed


def _whole(source: str, rate: object) -> int:
    """Return a sample rate as a whole number; HEAR's and others' are floats at times."""
    if isinstance(rate, Real) and not isinstance(rate, bool):
        number = float(rate)
        if number.is_integer() and number >= 1:
            return int(number)
    raise InputError(f"{source}: sample_rate must be a whole number of Hz or None, not {rate!r}.")


def _module(source: str) -> ModuleType:
    path = Path(source)
    if path.suffix != ".py":
        try:
            with _in_words(f"{source}: cannot be loaded", but=ImportError):
                return importlib.import_module(source)
        except ImportError as error:
            raise InputError(f"There is no Python file or module {source!r} ({error}).") from error
    if not path.is_file():
        raise InputError(f"{source}: there is no such file.")
    name = f"own_representation_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with _in_words(f"{source}: cannot be loaded"):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _in_words(what: str, but: type[Exception] = InputError) -> Iterator[None]:
    """Turn whatever a user's code raises, but for these errors, into one sentence: its last line.

    SystemExit as well: a package that reads the command line ends the process where it cannot.
    """
    try:
        yield
    except (but, InputError):
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{what}: {last_line(error)}.") from error


def last_line(error: BaseException) -> str:
    """Return the last line that Python would print of an error.

    Of one without words, such as that of an assert, it is where it was raised.
    """
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    kind = type(error).__name__
    if lines:
        return f"{kind}: {lines[-1][:_LONGEST].rstrip('.')}"
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return kind
    where = frames[-1]
    return f"{kind} in {Path(where.filename).name}, line {where.lineno}: {where.line}"
