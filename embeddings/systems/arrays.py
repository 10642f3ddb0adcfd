"""Numeric arrays in NumPy's files: what people bring, and our own that are read in parts."""

import tokenize
import zlib
from pathlib import Path
from typing import Literal
from zipfile import ZIP_STORED, BadZipFile, ZipFile

import numpy as np

from embeddings.errors import InputError

SUFFIXES = (".npy", ".npz")

_UNREADABLE = (
    ValueError, EOFError, OSError, SyntaxError, TypeError, OverflowError, MemoryError, KeyError,
    RuntimeError, BadZipFile, zlib.error, tokenize.TokenError,
)  # fmt: skip
"""What NumPy raises of a file that is damaged, or says that it is larger than it is."""

_KINDS = {"f": ("numbers", "fiu"), "i": ("whole numbers", "iu")}
_AXES = {2: "a row a clip", 3: "[clips, frames, dimensions]"}


def read_array(path: Path, kind: str, axes: tuple[int, ...] = (2,)) -> np.ndarray:
    """Return the array in a file, in the byte order of this machine; memory-mapped where it can be.

    Parameters
    ----------
    kind : "f" for numbers, "i" for whole numbers
    axes : how many axes it may have

    Raises
    ------
    InputError
        There is no such file, it is damaged or none of NumPy's, a ``.npz`` has not one array, or
        the array is empty, of another kind or of other axes.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file.")
    array = _load(path)
    words, kinds = _KINDS[kind]
    if array.ndim not in axes or array.dtype.kind not in kinds or not array.size:
        shapes = " or ".join(_AXES[count] for count in axes)
        raise InputError(
            f"{path}: must be an array of {words} with {shapes}, not {array.dtype} of the shape "
            f"{array.shape}."
        )
    return array.view() if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def _load(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file:
            start = file.read(6)
        if start == b"\x93NUMPY":
            return np.load(path, mmap_mode="r", allow_pickle=False)
        if start[:2] == b"PK":
            return _only_array(path)
    except _UNREADABLE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if "allow_pickle" in reason or "Python objects" in reason:
            raise InputError(
                f"{path}: it holds Python objects, which are not read since they could run "
                "anything; save an array of numbers."
            ) from error
        raise InputError(f"{path}: it is damaged or cut off ({reason}).") from error
    raise InputError(f"{path}: not a .npy file, nor a .npz.")


def _only_array(path: Path) -> np.ndarray:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        if len(stored.files) != 1:
            there = ", ".join(stored.files[:20]) or "none"
            raise InputError(f"{path}: it must hold one array; it holds: {there}.")
        return np.asarray(stored[stored.files[0]])


def mapped_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a ``.npz`` that `np.savez` wrote, memory-mapped.

    NumPy itself reads each of them whole. Raises BadZipFile, ValueError or OSError where it is
    damaged.
    """
    found = {}
    with path.open("rb") as file, ZipFile(file) as stored:
        for member in stored.infolist():
            with stored.open(member) as array:
                read = getattr(np.lib.format, _HEADERS[np.lib.format.read_magic(array)])
                shape, by_columns, dtype = read(array)
                start = array.tell()
            if member.compress_type != ZIP_STORED or dtype.hasobject:
                raise ValueError(f"{member.filename} cannot be mapped")
            file.seek(member.header_offset + _NAME_LENGTHS)
            sizes = file.read(4)
            start += member.header_offset + _NAME_LENGTHS + 4
            start += int.from_bytes(sizes[:2], "little") + int.from_bytes(sizes[2:], "little")
            found[member.filename.removesuffix(".npy")] = _mapped(
                path, dtype, start, shape, "F" if by_columns else "C"
            )
    return found


_HEADERS = {(1, 0): "read_array_header_1_0", (2, 0): "read_array_header_2_0"}
_NAME_LENGTHS = 26
"""Where a zip's local header says how long its name and extra field are, which end it."""


def _mapped(
    path: Path, dtype: np.dtype, start: int, shape: tuple[int, ...], order: Literal["C", "F"]
) -> np.ndarray:
    if 0 in shape:  # nothing to map
        return np.empty(shape, dtype=dtype, order=order)
    mapped = np.memmap(path, dtype=dtype, mode="r", offset=start, shape=shape, order=order)
    return np.asarray(mapped)  # which is looked into faster
