"""Asking a collection with a sound that is not in it: exact answers, and why a system has none."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings.asking import answering
from embeddings.asking.question_files import (
    answer_question,
    read_found,
    read_question,
    write_question,
)
from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction.extract import extract_embedding, find_card, plan_own
from embeddings.representations.own import find_own
from embeddings.search.processing import Recipe
from embeddings.systems.rankings import build_ranking
from embeddings.systems.store import Embedding, Ranking, open_embedding, write_embedding
from tests.support.asked import bring, check_as_ranked
from tests.support.own_representations import EXAMPLE, own_embedding
from tests.support.places import ROOT
from tests.support.waiting import wait_for

FRAMED = """
import numpy as np
sample_rate = 16000
def load(weights, device): ...
def embed(samples):
    frames = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)
    return np.log(np.abs(np.fft.rfft(frames, axis=1))[:, :40] + 1e-3)
"""


@pytest.fixture
def octaves(small: Collection) -> Embedding:
    """The worked example of a representation of one's own, computed of the small collection."""
    return own_embedding(small, EXAMPLE, "Octaves")


def test_a_clip_as_own_sound_finds_itself_and_then_its_ranking(
    small: Collection, octaves: Embedding, tmp_path: Path
) -> None:
    (tmp_path / "framed.py").write_text(FRAMED)
    framed = own_embedding(small, tmp_path / "framed.py", "Framed")
    assert framed.frames is not None
    systems = [
        build_ranking(small, octaves, Recipe("mean", "minmax", None), "nns"),
        build_ranking(small, octaves, Recipe("mean", "l2", 5), "mcss"),
        build_ranking(small, framed, Recipe("median", "l2", 8), "mcss"),
        build_ranking(small, framed, Recipe("max", "none", None), "nns"),
    ]
    assert set(answering.obstacles(small, systems).values()) == {""}
    for row in (0, 10):
        sound = bring(small, row, tmp_path / f"sound-{row}")
        found = list(answering.answers(small, systems, sound))
        assert [one.system for one in found] == [one.system for one in systems]
        for ranking, answer in zip(systems, found, strict=True):
            embedder, _ = answering.find_embedder(small, ranking)
            vectors = embedder(sound.path, sound.id)
            check_as_ranked(small, ranking, row, answer, vectors)


def test_a_sound_that_is_no_clip_is_not_taken_for_one(
    small: Collection, octaves: Embedding, tmp_path: Path
) -> None:
    """The check above notices what is wrong by a millionth: a clip's sound, prepared otherwise."""
    ranking = build_ranking(small, octaves, Recipe("mean", "minmax", None), "nns")
    vectors = np.asarray(octaves.vectors[3]) * (1 + 1e-6)
    answer = answering.Answer(ranking.system, *answering.neighbours(small, ranking, vectors))
    assert answer.rows[0] == 3
    with pytest.raises(AssertionError):
        check_as_ranked(small, ranking, 3, answer, vectors)


def test_mips_and_the_number_of_answers(small: Collection, octaves: Embedding) -> None:
    ranking = build_ranking(small, octaves, Recipe("mean", "none", None), "mips", 4)
    vectors = np.asarray(octaves.vectors, dtype=np.float64)
    rows, scores = answering.neighbours(small, ranking, octaves.vectors[3], 7)
    products = vectors @ vectors[3]
    assert rows.tolist() == np.argsort(-products, kind="stable")[:7].tolist()
    assert scores == pytest.approx(products[rows], rel=1e-6)


def test_no_group_is_left_out(small: Collection, octaves: Embedding) -> None:
    """A sound of one's own has no group, so that nothing is excluded for it."""
    recipe = Recipe("mean", "minmax", None)
    ranking = build_ranking(small, octaves, recipe, "nns", exclude_same="group")
    rows, _ = answering.neighbours(small, ranking, octaves.vectors[0])
    assert sorted(rows) == list(range(18))


def test_clips_without_vectors_are_never_found(small: Collection, octaves: Embedding) -> None:
    failed = {small.clips[row].id: "it did" for row in (0, 7)}
    meta = {"provenance": "computed", "representation": "Octaves"}
    write_embedding(small, "some", np.delete(octaves.vectors, [0, 7], axis=0), meta, failed=failed)
    ranking = build_ranking(small, open_embedding(small, "some"), Recipe(pca=None), "mcss")
    rows, _ = answering.neighbours(small, ranking, octaves.vectors[8])
    assert rows[0] == 8
    assert sorted(rows) == [row for row in range(18) if row not in (0, 7)]


@pytest.mark.parametrize(
    ("vector", "sentence"),
    [
        (np.zeros(8), "The sound's vector is all zeros and has no direction."),
        (np.full(8, np.nan), "the vector has NaN or infinity"),
        (np.ones(7), "The vectors have 7 dimensions; the fitted recipe needs 8."),
    ],
)
def test_vectors_that_cannot_be_compared(
    small: Collection, octaves: Embedding, vector: np.ndarray, sentence: str
) -> None:
    ranking = build_ranking(small, octaves, Recipe("mean", "l2", 5), "mcss")
    with pytest.raises(InputError) as caught:
        answering.neighbours(small, ranking, vector)
    assert sentence in str(caught.value)


def ranking_of(small: Collection, name: str, meta: dict[str, str]) -> Ranking:
    """Store made vectors with this meta and rank them."""
    vectors = np.random.default_rng(1).normal(size=(18, 6))
    write_embedding(small, name, vectors, meta)
    return build_ranking(small, open_embedding(small, name), Recipe(pca=None), "mcss")


def test_each_system_that_cannot_be_asked_says_why(
    small: Collection, octaves: Embedding, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = {"representation": "BEATs", "extraction": "as-published", "package": "torch"}
    systems = [
        ranking_of(small, "made", {"provenance": "simulated", "representation": "BEATs"}),
        ranking_of(small, "brought", {"provenance": "imported", "representation": "BEATs"}),
        ranking_of(small, "unknown", {"provenance": "computed", "representation": "Mine"}),
        ranking_of(small, "beats", {"provenance": "computed", **beats}),
        build_ranking(small, octaves, Recipe("mean", "l2", 5), "mcss"),
        build_ranking(small, octaves, Recipe("mean", "none", None), "nns"),
    ]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)  # all are installed
    (small.folder / "rankings" / systems[5].system / "transform.npz").unlink()
    assert list(answering.obstacles(small, systems).values()) == [
        "It is simulated: there is no extractor.",
        "It is imported: what computed it is not here.",
        "What computed unknown was not noted: compute it again (flask embeddings own ... --again).",
        "Its weights are missing: flask weights fetch BEATs gets them.",
        "",
        "What prepares its vectors is not stored: build the system again.",
    ]
    with pytest.raises(InputError, match=r"flask weights fetch BEATs"):
        answering.find_embedder(small, systems[3])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert answering.obstacles(small, systems[3:4]) == {
        systems[3].system: "The package torch is not installed (pip install -r requirements.txt)."
    }
    write_embedding(small, "octaves", octaves.vectors + 1, octaves.meta)
    assert (
        "it was made anew; build the system again"
        in (answering.obstacles(small, systems[4:5])[systems[4].system])
    )


def test_another_checkpoint_is_named(small: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    other = find_card("AudioCLIP").variations[1].name
    meta = {"provenance": "computed", "representation": "AudioCLIP", "extraction": "as-published"}
    ranking = ranking_of(small, "other", meta | {"variation": other})
    why = answering.obstacles(small, [ranking])[ranking.system]
    assert why.endswith(f"flask weights fetch AudioCLIP --variation {other} gets them.")


def test_what_computed_ones_own_must_be_there_and_be_the_same(
    small: Collection, tmp_path: Path
) -> None:
    source, weights = tmp_path / "mine.py", tmp_path / "scale.txt"
    source.write_text(EXAMPLE.read_text())
    weights.write_text("2")
    task = plan_own(str(source), "Mine", weights=weights)
    ranking = build_ranking(small, extract_embedding(small, task, workers=1), Recipe(pca=None))
    folder = small.folder / "embeddings" / "mine"
    assert str(tmp_path) not in (folder / "meta.json").read_text()  # which bundles carry away
    embedder, note = answering.find_embedder(small, ranking)
    assert (embedder, note) == (find_own(folder), "")
    source.write_text(EXAMPLE.read_text() + "\n# another\n")
    with pytest.raises(InputError, match=r"mine\.py is not what it was when it computed mine\."):
        answering.find_embedder(small, ranking)
    source.write_text(EXAMPLE.read_text())
    weights.unlink()
    why = answering.obstacles(small, [ranking])[ranking.system]
    assert why == f"{weights}, which computed mine, is not there any more."


def test_other_versions_are_noted(small: Collection, octaves: Embedding) -> None:
    folder = small.folder / "embeddings" / "octaves"
    text = (folder / "meta.json").read_text()
    (folder / "meta.json").write_text(text.replace('"code_version": "', '"code_version": "0.0.'))
    ranking = build_ranking(small, octaves, Recipe("mean", "l2", 5), "mcss")
    _, note = answering.find_embedder(small, ranking)
    assert note.startswith("The collection's vectors were computed by Sounding Board 0.0.")


def test_an_extractor_that_fails_or_crashes_fails_alone(small: Collection, tmp_path: Path) -> None:
    """Its sentence names the sound as people know it, and no folder of the server."""
    flag = tmp_path / "flag"
    systems = []
    for name, act in (("Fails", "raise ValueError('no')"), ("Crashes", "os._exit(9)")):
        text = EXAMPLE.read_text().replace(
            "    power =",
            f"    import os\n    if os.path.exists({str(flag)!r}): {act}\n    power =",
        )
        (tmp_path / f"{name}.py").write_text(text)
        embedding = own_embedding(small, tmp_path / f"{name}.py", name)
        systems.append(build_ranking(small, embedding, Recipe(pca=None)))
    systems.append(build_ranking(small, own_embedding(small, EXAMPLE, "Well"), Recipe(pca=None)))
    flag.touch()
    sound = bring(small, 4, tmp_path / "sound")
    fails, crashes, well = answering.answers(small, systems, sound)
    assert fails.failed.endswith("Fails.py: embed failed: ValueError: no.")
    assert crashes.failed == "the process working on it crashed"
    embedder, _ = answering.find_embedder(small, systems[2])
    check_as_ranked(small, systems[2], 4, well, embedder(sound.path, sound.id))
    sound.path.write_bytes(b"not a sound any more")
    gone = next(iter(answering.answers(small, systems[2:], sound)))
    assert gone.failed.startswith("mine.wav: the audio cannot be read")


class Drawn:
    """An embedder that draws everything from the clip's id, as dither and crops are drawn."""

    def __call__(self, path: Path, clip_id: str) -> np.ndarray:
        """Return numbers that the id decides."""
        return np.random.default_rng(list(clip_id.encode())).normal(size=8)


def test_what_is_random_is_seeded_by_the_sounds_id(
    small: Collection, octaves: Embedding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranking = build_ranking(small, octaves, Recipe("mean", "l2", 5), "mcss")
    sound = bring(small, 4, tmp_path / "sound")
    monkeypatch.setattr(answering, "find_embedder", lambda *_: (Drawn(), ""))
    [found] = answering.answers(small, [ranking], sound)
    rows, scores = answering.neighbours(small, ranking, Drawn()(sound.path, sound.id))
    assert np.array_equal(found.rows, rows)
    assert np.array_equal(found.scores, scores)


def test_a_question_is_answered_in_files(
    data: Path, small: Collection, octaves: Embedding, tmp_path: Path
) -> None:
    systems = [
        build_ranking(small, octaves, Recipe("mean", "minmax", None), "nns"),
        ranking_of(small, "made", {"provenance": "simulated", "representation": "BEATs"}),
    ]
    sound = bring(small, 4, tmp_path / "sound")
    write_question(tmp_path / "sound", small, sound, systems, answering.obstacles(small, systems))
    question = read_question(tmp_path / "sound")
    assert [one.system for one in question.asked] == [systems[0].system]
    assert question.sound.envelope == pytest.approx(sound.envelope, abs=1e-4)
    assert (question.sound.path, question.sound.id) == (sound.path, sound.id)
    assert read_found(tmp_path / "sound", systems[0].system) is None
    answer_question(data, tmp_path / "sound")
    found = read_found(tmp_path / "sound", systems[0].system)
    assert found is not None
    rows = [4, *systems[0].neighbours[4]]
    assert list(found.clips) == [small.clips[row].id for row in rows]
    assert (tmp_path / "sound" / "done").exists()
    (tmp_path / "sound" / "query.json").write_text("{}")
    with pytest.raises(InputError, match="The stored sound 'sound' is damaged"):
        read_question(tmp_path / "sound")


def test_workers_do_not_outlive_a_process_that_is_killed(tmp_path: Path) -> None:
    """A question's process that is killed leaves no extractor behind."""
    script = (
        "import os, time\n"
        "from embeddings.tasks import Processes\n"
        "from tests.support.own_representations import say_pid\n"
        "if __name__ == '__main__':\n"
        f"    list(Processes(1).run(say_pid, [{str(tmp_path / 'pid')!r}]))\n"
    )
    (tmp_path / "run.py").write_text(script)
    run = subprocess.Popen(
        [sys.executable, str(tmp_path / "run.py")], env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    wait_for(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    worker = int((tmp_path / "pid").read_text())
    run.send_signal(signal.SIGKILL)
    run.wait()
    wait_for(lambda: not Path(f"/proc/{worker}").exists() or "Z" in status_of(worker))


def status_of(process: int) -> str:
    """Return the letter of a process's state, Z where only its parent has not looked yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"
