"""Extraction by a made representation: resumed, retried, and exact, whatever was interrupted."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskCliRunner

from embeddings.collection.clips import Collection
from embeddings.extraction import extract
from embeddings.extraction.extract import GPU_BATCH, Task, extract_embedding
from embeddings.systems.store import embedding_names
from tests.support.made_task import TASK, Batches, describe_clip
from tests.support.places import ROOT
from tests.support.waiting import wait_for


def describe_frames(path: Path, clip_id: str) -> np.ndarray:
    """Return one to three frames of three numbers."""
    whole = describe_clip(path, clip_id)
    return np.stack([whole + frame for frame in range(1 + len(clip_id) % 3)])


def stored(collection: Collection) -> dict[str, bytes]:
    """Return the bytes of every file of the embedding."""
    folder = collection.folder / "embeddings" / "three"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_vectors_are_in_the_order_of_the_clips(small: Collection) -> None:
    embedding = extract_embedding(small, TASK, workers=2)
    for number, clip in enumerate(small.clips):
        expected = describe_clip(small.audio_path(clip), clip.id)
        assert np.array_equal(embedding.of_clip(number), expected)
    assert embedding.meta["provenance"] == "computed"
    assert embedding.meta["package"] == "numpy"


@pytest.mark.parametrize("batch", [1, 4])
def test_vectors_have_the_same_bytes_whoever_computes_them(
    small: Collection, tmp_path: Path, batch: int
) -> None:
    task = replace(TASK, embedder=Batches(tmp_path / "notes", "unreadable"))
    found = []
    for workers in (0, 2):
        made = extract_embedding(small, task, workers=workers, batch=batch, again=True)
        assert list(made.meta["failed"]) == ["hiss-3"]
        found.append(stored(small))
    assert found[0] == found[1]


def test_frames_are_kept_by_clip(small: Collection) -> None:
    embedding = extract_embedding(small, replace(TASK, embedder=describe_frames), workers=2)
    assert embedding.frames is not None
    for number, clip in enumerate(small.clips):
        expected = describe_frames(small.audio_path(clip), clip.id)
        assert np.array_equal(embedding.of_clip(number), expected)


@pytest.mark.parametrize(
    "task", [TASK, replace(TASK, embedder=describe_frames)], ids=["clip", "frame"]
)
def test_retry_computes_only_what_failed(small: Collection, task: Task) -> None:
    marker = small.audio_path(small.clips[0]).parent / "broken"
    marker.touch()
    first = extract_embedding(small, task, workers=1)
    assert sorted(first.meta["failed"]) == [f"hiss-{take}" for take in range(6)]
    marker.unlink()
    assert extract_embedding(small, task, workers=1).meta["failed"]  # kept, unless told
    before = dict(np.ndenumerate(first.vectors))
    retried = extract_embedding(small, task, workers=1, retry=True)
    assert retried.meta["failed"] == {}
    assert dict(np.ndenumerate(first.vectors)) == before  # the old file was not written over
    whole = stored(small)
    extract_embedding(small, task, workers=1, again=True)
    assert stored(small) == whole


@pytest.mark.parametrize("damage", ["vectors cut", "index cut", "index torn", "index zeros"])
def test_what_a_power_cut_leaves_is_computed_again(
    small: Collection, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """An index may be on disk when its vectors are not, and the other way round."""
    finish = extract.write_embedding

    def cut(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(extract, "write_embedding", cut)
    with pytest.raises(KeyboardInterrupt):
        extract_embedding(small, TASK, workers=1)
    monkeypatch.setattr(extract, "write_embedding", finish)
    assert embedding_names(small) == []
    folder = small.folder / "embeddings" / ".three.partial"
    index, vectors = folder / "index.jsonl", folder / "vectors.f32"
    lines = index.read_bytes().splitlines(keepends=True)
    assert len(lines) == 19
    if damage == "vectors cut":
        vectors.write_bytes(vectors.read_bytes()[: 12 * 7 + 5])
    elif damage == "index cut":
        index.write_bytes(b"".join(lines[:8]))
    elif damage == "index torn":
        index.write_bytes(b"".join(lines[:8]) + lines[8][:10])
    else:
        index.write_bytes(b"".join(lines[:8]) + bytes(64) + b"\n")
    embedding = extract_embedding(small, TASK, workers=1)
    assert embedding.meta["failed"] == {}
    resumed = stored(small)
    extract_embedding(small, TASK, workers=1, again=True)
    assert stored(small) == resumed
    assert not folder.exists()


def test_a_journal_of_other_conditions_is_not_used(
    small: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = small.folder / "embeddings" / ".three.partial"
    folder.mkdir(parents=True)
    entry = {"at": 0, "shape": [3]}
    lines = [["other"], [small.clips[0].id, entry]]
    (folder / "index.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "vectors.f32").write_bytes(bytes(12))
    embedding = extract_embedding(small, TASK, workers=1)
    assert embedding.vectors[0].any()


@pytest.mark.parametrize("batch", [1, 4, 7, 30])
def test_batches_are_of_the_size_that_was_asked_for(
    small: Collection, tmp_path: Path, batch: int
) -> None:
    embedder = Batches(tmp_path / "notes")
    extract_embedding(small, replace(TASK, embedder=embedder), workers=2, batch=batch)
    sizes = Counter({f"{batch} together": 18 // batch, f"{18 % batch} together": 1})
    sizes = Counter() if batch == 1 else +sizes
    assert embedder.noted() == Counter(clip.id for clip in small.clips) + sizes
    found = stored(small)
    extract_embedding(small, TASK, workers=2, again=True, batch=batch)  # which takes no batches
    assert stored(small) == found


def test_a_gpu_has_batches_unless_told(small: Collection, tmp_path: Path) -> None:
    embedder = Batches(tmp_path / "notes", device="cuda")
    extract_embedding(small, replace(TASK, embedder=embedder))
    sizes = {f"{GPU_BATCH} together", f"{18 - GPU_BATCH} together"}
    assert {line for line in embedder.noted() if "together" in line} == sizes


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [("unreadable", "hiss-3.wav: cannot be read"), ("crash", "the process working on it crashed")],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_bad_clip_in_a_batch_fails_alone(
    small: Collection, tmp_path: Path, workers: int, trouble: str, reason: str
) -> None:
    task = replace(TASK, embedder=Batches(tmp_path / "notes", trouble))
    embedding = extract_embedding(small, task, workers=workers, batch=5)
    assert list(embedding.meta["failed"]) == ["hiss-3"]
    assert embedding.meta["failed"]["hiss-3"].endswith(reason)
    assert len(embedding.vectors) == 17
    for number, row in enumerate(embedding.rows):
        clip = small.clips[row]
        expected = describe_clip(small.audio_path(clip), clip.id)
        assert np.array_equal(embedding.of_clip(number), expected)
    if trouble == "unreadable":
        computed = [clip.id for clip in small.clips if clip.id != "hiss-3"]
        sizes = Counter({"5 together": 3, "3 together": 1})
        assert task.embedder.noted() == Counter(computed) + sizes


def test_a_batch_that_cannot_be_together_is_computed_one_by_one(
    small: Collection, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    embedder = Batches(tmp_path / "notes", "large")
    embedding = extract_embedding(small, replace(TASK, embedder=embedder), workers=2, batch=6)
    assert embedding.meta["failed"] == {}
    whole = stored(small)
    assert embedder.noted() == Counter([clip.id for clip in small.clips] + 3 * ["6 together"])
    said = "A batch failed (too large): its clips are computed one by one."
    assert capfd.readouterr().err.count(said) == 1
    extract_embedding(small, TASK, workers=1, again=True)
    assert stored(small) == whole


@pytest.mark.serial
def test_batches_that_were_killed_go_on_from_there(small: Collection, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    script = (
        "import sys; from dataclasses import replace; from pathlib import Path\n"
        "from embeddings.collection.clips import open_collection\n"
        "from embeddings.extraction.extract import extract_embedding\n"
        "from tests.support.made_task import TASK, Batches\n"
        "task = replace(TASK, embedder=Batches(Path(sys.argv[2]), 'slow'))\n"
        "small = open_collection(Path(sys.argv[1]), 'small')\n"
        "extract_embedding(small, task, workers=2, batch=3)\n"
    )
    index = small.folder / "embeddings" / ".three.partial" / "index.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-c", script, small.data, notes],
        cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip

    def begun() -> bool:
        assert process.poll() is None
        return index.exists() and index.read_text().count("\n") >= 1 + 4

    wait_for(begun)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert embedding_names(small) == []
    kept = {json.loads(line)[0] for line in index.read_text().split("\n")[1:-1]}
    assert 4 <= len(kept) < 18
    before = Batches(notes).noted()
    extract_embedding(small, replace(TASK, embedder=Batches(notes)), workers=2, batch=3)
    again = Batches(notes).noted() - before
    assert {line for line in again if "together" not in line} == {
        clip.id for clip in small.clips
    } - kept
    lost = [clip for clip in again if clip in before and "together" not in clip]
    assert len(lost) <= 12  # two batches for each of two workers: in hand, or on the way back
    resumed = stored(small)
    extract_embedding(small, TASK, workers=1, again=True)
    assert stored(small) == resumed


def test_the_command_ends_in_a_table_and_the_clips_that_failed(
    small: Collection, runner: FlaskCliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = {
        "Freesound": TASK,
        "VGGish": replace(TASK, name="three-framed", embedder=describe_frames),
    }
    monkeypatch.setattr("webapp.cli.embeddings.plan", lambda data, card, *_, **__: tasks[card.name])
    (small.audio_path(small.clips[0]).parent / "broken").touch()
    arguments = ["embeddings", "extract", "small", "Freesound"]
    runner.invoke(args=[*arguments, "--batch", "4"])
    result = runner.invoke(args=[*arguments, "VGGish", "--batch", "4"])
    assert result.exit_code == 0
    head, there, framed = result.stdout.splitlines()
    assert head.split() == ["clips", "failed", "dimensions", "vectors", "seconds"]
    assert " ".join(there.split()) == "three 12 6 3 one a clip was there already"
    frames = sum(1 + len(clip.id) % 3 for clip in small.clips if "hiss" not in clip.id)
    assert framed.split()[:-1] == ["three-framed", "12", "6", "3", str(frames), "frames"]
    assert float(framed.split()[-1]) > 0
    for word, cell in (("clips", "12"), ("failed", "6"), ("dimensions", "3")):
        end = head.index(word) + len(word)
        assert there[:end].endswith(f" {cell}")
        assert framed[:end].endswith(f" {cell}")
    failed = [line for line in result.stderr.splitlines() if line.startswith("failed: ")]
    assert len(failed) == 12
    assert failed[0].startswith("failed: three: hiss-0: ")
    assert failed[0].endswith("hiss-0.wav: not now")
