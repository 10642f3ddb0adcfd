"""The same answer on every processor, under every BLAS: in child processes with other kernels."""

from pathlib import Path

import numpy as np
import pytest

from embeddings.search.neighbours import SEARCHES
from embeddings.search.processing import Recipe, fit
from tests.support.chosen import chosen
from tests.support.kernels import KERNELS, TORCH, run


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared vectors of 100 and 6,144 dimensions, with near-ties, and raw ones with a recipe."""
    rng = np.random.default_rng(20)
    few = rng.normal(size=(700, 100))
    few[300:350] = few[:50]
    few[400:430] = few[60] + 1e-4 * rng.normal(size=(30, 100))
    many = np.abs(rng.normal(size=(150, 6144))) + 3  # as activations: all alike
    many[100:110] = many[:10]
    ids = [str(row) for row in range(300)]
    raw = rng.normal(size=(300, 150)) @ rng.normal(size=(150, 150))
    raw *= 0.98 ** np.arange(150)
    fitted = fit(raw.astype(np.float32), Recipe(), ids)
    path = tmp_path_factory.mktemp("kernels") / "raw.npz"
    np.savez(
        path,
        few=few.astype(np.float32),
        many=many.astype(np.float32),
        raw=raw.astype(np.float32),
        **{f"fitted.{key}": value for key, value in fitted.items()},
    )
    return path


@pytest.fixture(scope="module")
def here(raw: Path) -> tuple[str, dict[str, np.ndarray]]:
    """What comes out under this processor's own kernels: digests, and a fit's neighbours."""
    out = raw.parent / "here.npz"
    said = run("default", raw, out)
    with np.load(out) as stored:
        return said, dict(stored)


@pytest.mark.parametrize(
    "name", chosen([*list(KERNELS)[1:], *TORCH], "Haswell", "Zen", "Prescott", "torch")
)
def test_the_same_bytes_of_the_same_prepared_vectors(
    name: str, raw: Path, here: tuple[str, dict[str, np.ndarray]], tmp_path: Path
) -> None:
    assert run(name, raw, tmp_path / "out.npz") == here[0]
    with np.load(tmp_path / "out.npz") as stored:
        for search in SEARCHES:
            differ_by_no_more_than_is_said(here[1], stored, search)


def differ_by_no_more_than_is_said(one: dict, other: dict, search: str) -> None:
    """Check that two fits order all clips alike but for pairs closer than their bound."""
    bound = max(one[f"{search}.bound"], other[f"{search}.bound"])
    scores = one[f"{search}.scores"].astype(np.float64)
    assert bound < np.ptp(scores) / 1000  # it says something
    queries = np.arange(len(scores))[:, None]
    of_clip = np.full((len(scores), len(scores)), np.nan)
    of_clip[queries, one[f"{search}.rows"]] = scores
    there = of_clip[queries, other[f"{search}.rows"]]  # in the other fit's order
    best_after = np.maximum.accumulate(there[:, ::-1], axis=1)[:, ::-1]
    assert (best_after[:, 1:] - there[:, :-1] <= bound).all()
