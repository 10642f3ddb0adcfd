"""Arrays of NumPy that people bring: .npy and .npz in every layout, damaged, and no arrays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pytest

from embeddings.errors import InputError
from embeddings.systems.arrays import mapped_arrays, read_array
from embeddings.systems.imported import import_embedding, import_ranking
from embeddings.systems.store import embedding_names, open_embedding, system_names
from tests.support.clips.named import ODD, named

COUNT = len(ODD)
VECTORS = np.random.default_rng(5).integers(-50, 50, size=(COUNT, 4)) / 8  # exact in float16, too

LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "float64": lambda given: given,
    "float32": lambda given: given.astype(np.float32),
    "float16": lambda given: given.astype(np.float16),
    "big-endian float64": lambda given: given.astype(">f8"),
    "big-endian float16": lambda given: given.astype(">f2"),
    "Fortran order": np.asfortranarray,
    "long double": lambda given: given.astype(np.longdouble),
    "a frame a clip": lambda given: given[:, None, :],
}


@pytest.fixture
def ids(tmp_path: Path) -> Path:
    """The table that names the rows of arrays: the odd clips."""
    path = tmp_path / "ids.csv"
    path.write_text("fname\n" + "".join('"{}"\n'.format(one.replace('"', '""')) for one in ODD))
    return path


@pytest.mark.parametrize("compressed", [None, False, True], ids=["npy", "npz", "compressed npz"])
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_vectors_in_every_layout(
    tmp_path: Path, ids: Path, layout: Callable[[np.ndarray], np.ndarray], compressed: bool | None
) -> None:
    collection, array = named(tmp_path), layout(VECTORS)
    path = tmp_path / "v.npz"
    if compressed is None:
        np.save(path := tmp_path / "v.npy", array)
    elif compressed:
        np.savez_compressed(path, array)
    else:
        np.savez(path, vectors=array)
    import_embedding(collection, "Mine", path, ids)
    stored = open_embedding(collection, "mine")
    assert np.array_equal(stored.vectors, VECTORS.astype(np.float32))
    assert stored.frames is None
    assert stored.meta["failed"] == {}


@pytest.mark.parametrize("kind", ["i1", "u1", ">i4", "i8"])
def test_whole_numbers_are_vectors_too(tmp_path: Path, ids: Path, kind: str) -> None:
    collection, whole = named(tmp_path), np.abs(np.round(VECTORS * 8)).astype(kind)
    np.save(tmp_path / "v.npy", whole)
    import_embedding(collection, "Mine", tmp_path / "v.npy", ids)
    assert np.array_equal(open_embedding(collection, "mine").vectors, whole.astype(np.float32))


def test_three_axes_are_frames(tmp_path: Path, ids: Path) -> None:
    collection, frames = named(tmp_path), np.arange(COUNT * 6.0).reshape(COUNT, 3, 2)
    np.save(tmp_path / "v.npy", np.asfortranarray(frames))
    import_embedding(collection, "Mine", tmp_path / "v.npy", ids)
    stored = open_embedding(collection, "mine")
    assert [stored.of_clip(row).tolist() for row in range(COUNT)] == frames.tolist()


def test_a_ranking_may_be_an_npz(tmp_path: Path, ids: Path) -> None:
    collection = named(tmp_path)
    places = (np.arange(COUNT)[:, None] + [1, 2]) % COUNT
    np.savez(tmp_path / "n.npz", places.astype(">i2"))
    np.savez(tmp_path / "s.npz", np.tile([0.5, 0.25], (COUNT, 1)))
    ranking = import_ranking(collection, "theirs", tmp_path / "n.npz", ids, tmp_path / "s.npz")
    assert np.array_equal(ranking.neighbours, places)
    assert ranking.scores.tolist() == [[0.5, 0.25]] * COUNT


def _save(path: Path, array: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=True)


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "two arrays": (
        lambda path: np.savez(path.open("wb"), vectors=VECTORS, ids=np.arange(3)),
        "it must hold one array; it holds: vectors, ids.",
    ),
    "no array": (lambda path: np.savez(path.open("wb")), "it must hold one array; it holds: none."),
    "objects": (lambda path: _save(path, np.array([[1, "a"]], object)), "it holds Python objects"),
    "objects in npz": (
        lambda path: np.savez(path.open("wb"), np.array([[1, None]], object)),
        "it holds Python objects",
    ),
    "text": (lambda path: _save(path, np.full((3, 2), "a")), "not <U1 of the shape (3, 2)"),
    "complex": (lambda path: _save(path, np.ones((3, 2), complex)), "not complex128 of the shape"),
    "truth": (lambda path: _save(path, np.ones((3, 2), bool)), "not bool of the shape (3, 2)"),
    "records": (lambda path: _save(path, np.zeros((3, 2), "f4,f4")), "of the shape (3, 2)"),
    "one axis": (lambda path: _save(path, np.ones(3)), "not float64 of the shape (3,)"),
    "no axis": (lambda path: _save(path, np.array(1.0)), "not float64 of the shape ()"),
    "four axes": (lambda path: _save(path, np.ones((3, 1, 1, 2))), "of the shape (3, 1, 1, 2)"),
    "no rows": (lambda path: _save(path, np.ones((0, 2))), "not float64 of the shape (0, 2)"),
    "a pickle": (lambda path: path.write_bytes(b"\x80\x04K\x01."), "not a .npy file, nor a .npz"),
    "a table": (lambda path: path.write_text("0.1,0.2\n"), "not a .npy file, nor a .npz"),
    "nothing": (lambda path: path.write_bytes(b""), "not a .npy file, nor a .npz"),
    "a zip of text": (lambda path: path.write_bytes(b"PK\x03\x04" + b"x" * 50), "damaged or cut"),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the lambdas here
@pytest.mark.parametrize(("write", "said"), WRONG.values(), ids=WRONG)
def test_what_is_no_array_of_numbers_is_one_sentence(
    tmp_path: Path, write: Callable[[Path], object], said: str
) -> None:
    path = tmp_path / "v.npy"
    write(path)
    with pytest.raises(InputError) as caught:
        read_array(path, "f", (2, 3))
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_a_damaged_array_is_no_traceback(tmp_path: Path, suffix: str) -> None:
    """Cut at every 7th byte, which is always refused, and 150 times with bytes changed."""
    path, rng = tmp_path / f"v.{suffix}", np.random.default_rng(18)
    (np.save if suffix == "npy" else np.savez)(path, VECTORS)
    whole = path.read_bytes()
    said = []
    damaged = [whole[:end] for end in range(0, len(whole), 7)]
    for _ in range(150):
        raw = np.frombuffer(whole, np.uint8).copy()
        raw[rng.integers(0, min(len(raw), 200), 3)] = rng.integers(0, 256, 3)
        damaged.append(raw.tobytes())
    for raw in damaged:
        path.write_bytes(raw)
        try:
            read_array(path, "f", (2, 3))
        except InputError as error:
            said.append(str(error))
    assert len(said) > len(whole) // 7
    assert not any("\n" in one for one in said)


def test_nan_and_infinite_vectors_are_named(tmp_path: Path, ids: Path) -> None:
    collection, bad = named(tmp_path), VECTORS.copy()
    bad[2, 1], bad[5, 0] = np.nan, -np.inf
    np.savez(tmp_path / "v.npz", bad)
    with pytest.raises(InputError, match="the vectors of 'NA', 'null' have NaN, infinity or"):
        import_embedding(collection, "Mine", tmp_path / "v.npz", ids)
    assert embedding_names(collection) == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_a_score_that_is_no_finite_number_is_named(tmp_path: Path, ids: Path, bad: float) -> None:
    collection = named(tmp_path)
    places = (np.arange(COUNT)[:, None] + [1, 2]) % COUNT
    places[3, 1] = -1
    scores = np.tile([0.5, 0.25], (COUNT, 1))
    scores[3, 1] = np.nan  # of no result
    np.save(tmp_path / "n.npy", places)
    np.save(tmp_path / "s.npy", scores)
    import_ranking(collection, "good", tmp_path / "n.npy", ids, tmp_path / "s.npy")
    scores[4, 1] = bad
    np.save(tmp_path / "s.npy", scores)
    with pytest.raises(
        InputError,
        match=r"s\.npy, row 5: the score of 'None' for its result 'true' must be",
    ):
        import_ranking(collection, "theirs", tmp_path / "n.npy", ids, tmp_path / "s.npy")
    assert system_names(collection) == ["good"]


def test_what_numpy_zipped_is_mapped(tmp_path: Path) -> None:
    stored = {
        "numbers": np.arange(12.0).reshape(3, 4),
        "columns": np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        "words": np.array(["a", "łong"]),
        "none": np.empty((0, 2)),
        "one": np.array(7),
    }
    arrays: dict[str, Any] = dict(stored)
    np.savez(tmp_path / "made.npz", **arrays)
    found = mapped_arrays(tmp_path / "made.npz")
    assert found.keys() == stored.keys()
    for name, array in stored.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    assert isinstance(found["numbers"].base, np.memmap)
    np.savez_compressed(tmp_path / "small.npz", **arrays)
    with pytest.raises(ValueError, match="cannot be mapped"):
        mapped_arrays(tmp_path / "small.npz")
    cut = (tmp_path / "made.npz").read_bytes()[:-30]
    (tmp_path / "cut.npz").write_bytes(cut)
    with pytest.raises(BadZipFile):
        mapped_arrays(tmp_path / "cut.npz")
