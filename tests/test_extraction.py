"""Extraction by a made representation: resumed, retried, and exact, whatever was interrupted."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings import extraction
from embeddings.audio import read_audio
from embeddings.collection import Collection
from embeddings.errors import InputError
from embeddings.extraction import Task, extract_embedding
from embeddings.store import embedding_names


def describe_clip(path: Path, clip_id: str) -> np.ndarray:
    """Return three numbers of a sound; a hiss fails while a file "broken" is beside it."""
    if clip_id.startswith("hiss") and (path.parent / "broken").exists():
        raise InputError(f"{path}: not now")
    samples, _ = read_audio(path)
    return np.array([samples.mean(), samples.std(), len(samples)], dtype=np.float32)


def describe_frames(path: Path, clip_id: str) -> np.ndarray:
    """Return one to three frames of three numbers."""
    whole = describe_clip(path, clip_id)
    return np.stack([whole + frame for frame in range(1 + len(clip_id) % 3)])


TASK = Task("Three", "three", 3, describe_clip, {"package": "numpy"})


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
    finish = extraction.write_embedding

    def cut(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(extraction, "write_embedding", cut)
    with pytest.raises(KeyboardInterrupt):
        extract_embedding(small, TASK, workers=1)
    monkeypatch.setattr(extraction, "write_embedding", finish)
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
