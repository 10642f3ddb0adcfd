"""Sound files with something wrong in them: a sound or one sentence, in bounded time and memory."""

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from embeddings.collection.importing import import_collection
from tests.support.evidence import note
from tests.support.places import ROOT
from tests.support.sounds.mutated import write_mutated, write_originals

SECONDS, MEGABYTES = 10, 1024
ENCODED = importlib.util.find_spec("av") is not None


def mutate(folder: Path, count: int, seed: int) -> list[Path]:
    """Return `count` mutated files in a new folder "audio" of `folder`."""
    for name in ("originals", "audio"):
        (folder / name).mkdir()
    write_originals(folder / "originals", ENCODED)
    return write_mutated(folder / "audio", folder / "originals", count, seed)


def outcomes(folder: Path) -> list[dict]:
    """Measure every file of a folder in a process of its own, anew where one kills it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.sounds.mutated", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.returncode} after {done.stdout[-300:]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(lines: list[dict], folder: Path) -> Counter[str]:
    """Assert that nothing escaped, hung or filled the memory; return how many were what."""
    for line in lines:
        told = line["told"]
        assert not told.startswith("escaped"), line
        assert line["took"] < SECONDS, line
        if told.startswith("refused"):
            assert told.startswith(f"refused: {folder / line['file']}: "), line
            assert "\n" not in told, line
    assert max(line["most"] for line in lines) < MEGABYTES
    return Counter(line["told"].partition(" ")[0] == "refused:" for line in lines)


def test_sixty_mutated_files_are_sounds_or_one_sentence(tmp_path: Path) -> None:
    made = mutate(tmp_path, 60, seed=18)
    lines = outcomes(tmp_path / "audio")
    assert [line["file"] for line in lines] == [path.name for path in made]
    found = check(lines, tmp_path / "audio")
    assert found[True] >= 5
    assert found[False] >= 5


@pytest.mark.long
def test_two_thousand_mutated_files(tmp_path: Path) -> None:
    """Each alone, and all of them in an import that leaves out what is broken."""
    made = mutate(tmp_path, 2000, seed=2026)
    lines = outcomes(tmp_path / "audio")
    assert len(lines) == len(made)
    found = check(lines, tmp_path / "audio")
    rows = [f"{path.name},{'ab'[number % 2]}" for number, path in enumerate(made)]
    (tmp_path / "clips.csv").write_text("\n".join(["fname,labels", *rows]) + "\n")
    data = tmp_path / "data"
    collection, left_out = import_collection(data, "mutated", tmp_path, "csv", skip_broken=True)
    assert len(collection.clips) == found[False]
    assert len(left_out) == found[True]
    assert sorted(path.name for path in (data / "collections").iterdir()) == ["mutated"]
    note(
        "mutated_sounds",
        "sounds",
        {
            "files": len(made),
            "with PyAV": ENCODED,
            "read": found[False],
            "of which suspicious": sum(bool(clip.suspicion) for clip in collection.clips),
            "refused": found[True],
            "escaped": 0,
            "longest seconds": round(max(line["took"] for line in lines), 2),
            "most memory in MB": round(max(line["most"] for line in lines)),
        },
    )
