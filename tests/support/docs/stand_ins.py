"""What the pages of the documentation speak of and tests cannot have: FSD50K, weights, raters."""

import csv
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np
import soundfile

from embeddings.audio.decoding import read_audio
from embeddings.collection.clips import Collection
from embeddings.extraction.extract import Task
from embeddings.representations import Card
from tests.support.small import RATE, make_sound, write_source
from tests.support.studies.lab import Moments, answer, answer_block, first_that_counts
from webapp.core.database import db, now
from webapp.models import Study
from webapp.rating import answers, assigning, tokens

_TAKES = 4  # of each of the demo's 31 classes
_BANDS = 128
_WINDOWS = 3


@dataclass(frozen=True)
class Bands:
    """Stands for a network: the loudness of a sound, or of thirds of it, in bands."""

    frames: bool

    def __call__(self, path: Path, clip_id: str) -> np.ndarray:
        """Return float32 [bands], or [windows, bands]."""
        samples, _ = read_audio(path)
        parts = np.array_split(samples.mean(axis=1), _WINDOWS) if self.frames else [samples[:, 0]]
        rows = [np.abs(np.fft.rfft(part, 4 * _BANDS))[1 : 2 * _BANDS + 1 : 2] for part in parts]
        found = np.log10(np.array(rows) + 1e-6).astype(np.float32)
        return found if self.frames else found[0]


def planned(data: Path, card: Card, *_: object, **__: object) -> Task:
    """Stands for `embeddings.extraction.extract.plan`: nothing need be installed, no weights."""
    return Task(card.name, card.embedding, _BANDS, Bands(card.frame_level), {"package": "numpy"})


def write_fsd50k(folder: Path, demo: Collection) -> None:
    """Write a folder as FSD50K's is, with sounds and labels of the demo."""
    for part in ("eval_audio", "ground_truth", "metadata"):
        (folder / f"FSD50K.{part}").mkdir(parents=True)
    info, rows = {}, [["fname", "labels", "mids"]]
    for number, clip in enumerate(demo.clips):
        if int(clip.id.rpartition("-")[2]) > _TAKES:
            continue
        name = str(1000 + number)
        sound = demo.audio_path(clip)
        shutil.copy(sound, folder / "FSD50K.eval_audio" / f"{name}{sound.suffix}")
        rows.append([name, ",".join(clip.labels), "/m/1"])
        info[name] = {"title": clip.id, "uploader": f"user-{number % 9}", "license": "CC0"}
    with (folder / "FSD50K.ground_truth" / "eval.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    facts = folder / "FSD50K.metadata" / "eval_clips_info_FSD50K.json"
    facts.write_text(json.dumps(info), encoding="utf-8")


def write_esc50(folder: Path) -> None:
    """Write a folder as ESC-50's is, with few sounds."""
    (folder / "audio").mkdir(parents=True)
    (folder / "meta").mkdir()
    rows = ["filename,fold,target,category,esc10,src_file,take"]
    for number, kind in enumerate(("Hum", "Beep", "Hiss", "Hum")):
        name = f"1-{number}-A-{number}.wav"
        soundfile.write(folder / "audio" / name, make_sound(kind, number), RATE)
        rows.append(f"{name},1,{10 * number},{kind.lower()}{number},False,{number},A")
    (folder / "meta" / "esc50.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_weights(folder: Path) -> None:
    """Write what stands for a checkpoint; nothing here loads it."""
    folder.mkdir(parents=True)
    (folder / "BEATs_iter3_plus_AS2M.pt").write_bytes(b"weights")


def write_vectors(folder: Path, clips: list[str]) -> None:
    """Write vectors and rankings of a collection's clips as other software leaves them."""
    rng, count = np.random.default_rng(1), len(clips)
    np.save(folder / "vectors.npy", rng.normal(size=(count, 16)))
    np.save(folder / "neighbours.npy", (np.arange(count)[:, None] + np.arange(1, 16)) % count)
    (folder / "ids.csv").write_text("fname\n" + "\n".join(clips) + "\n", encoding="utf-8")
    lines = [
        {"query_fname": one, "results": [{"result_fname": clips[(row + k) % count], "score": 1 / k}
                                         for k in range(1, 16)]}
        for row, one in enumerate(clips)
    ]  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "similarity_results.json").write_text(text, encoding="utf-8")


def write_sounds(folder: Path) -> None:
    """Write a person's own sounds: with a table, with a folder a class, and of no collection."""
    write_source(folder / "mine", takes=2)
    for kind, name in (("Hum", "Dog"), ("Beep", "Cat")):
        (folder / "pets" / name).mkdir(parents=True)
        soundfile.write(folder / "pets" / name / "take-01.wav", make_sound(kind, 1), RATE)
    soundfile.write(folder / "bark.wav", make_sound("Beep", 9, 2.0), RATE)


def judge(study: Study, people: int = 6) -> None:
    """Let some of the raters judge all that they are given; the third stops half way."""
    moments = Moments(1)
    for place, rater in enumerate(study.raters[:people]):
        rater.consented_at = rater.checked_at = moments.next()
        practice = assigning.practice_assignment(rater)
        assert practice
        answer_block(practice, moments)
        given = assigning.next_assignment(rater)
        if place == 2:
            assert given
            answer(given, first_that_counts(given), moments)
            db.session.commit()
            continue
        while given:
            answer_block(given, moments)
            given = assigning.next_assignment(rater)


def keep_an_answer(study: Study, folder: Path) -> None:
    """Write the file of an answer that the rater's browser kept who stopped half way."""
    rater = study.raters[2]
    given = next(one for one in rater.assignments if not one.query.practice)
    left = answers.unanswered(given, study.terms)[0]
    body = {
        "sound": tokens.token(tokens.new_sitting(), tokens.Thing(given, left)),
        "grade": study.terms.scale.facets[0].highest, "uuid": str(uuid4()),
        "given_at": now().isoformat(), "listened_seconds": 2.5, "heard": 1.0,
    }  # fmt: skip
    study_address = f"https://listen.example.org/rate/{study.slug}/{rater.token}"
    one = {"address": f"{study_address}/grades", "kind": "answer", "body": body}
    told = {"sounding_board_answers": 1, "study": study_address, "saved_at": "", "answers": [one]}
    (folder / f"answers-{study.slug}.json").write_text(json.dumps(told), encoding="utf-8")
