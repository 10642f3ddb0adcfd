"""The reader by soundata, on made data sets in its layouts, without its network."""

import builtins
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embeddings.collection.readers import find_reader
from embeddings.collection.readers.by_soundata import SOUNDATA
from embeddings.collection.sources import Options, Source
from embeddings.errors import InputError
from tests.support.places import ROOT
from tests.support.sources.tiny_sounds import write_lines, write_tiny


@pytest.fixture
def _soundata(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, which opens no socket."""
    pytest.importorskip("soundata", reason="soundata is not installed (requirements-test.txt)")

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def read(folder: Path, name: str, **options: str) -> Source:
    """Return what the reader finds."""
    return find_reader(f"soundata:{name}").read(folder, Options(**options))  # type: ignore[arg-type]


def urbansound8k(folder: Path) -> None:
    """Make UrbanSound8K of three slices, of which one has no file, and one file without a row."""
    write_lines(
        folder / "metadata" / "UrbanSound8K.csv",
        "slice_file_name,fsID,start,end,salience,fold,classID,class",
        "100-3-0-0.wav,100,0.0,4.0,1,5,3,dog_bark",
        "100-3-0-1.wav,100,4.0,8.0,2,5,3,dog_bark",
        "200-8-0-0.wav,200,1.5,3.5,1,1,8,siren",
    )
    write_tiny(folder / "audio" / "fold5" / "100-3-0-0.wav", 1)
    write_tiny(folder / "audio" / "fold1" / "200-8-0-0.wav", 2)
    write_tiny(folder / "audio" / "fold1" / "300-8-0-0.wav", 3)


@pytest.mark.usefixtures("_soundata")
def test_urbansound8k_with_folds_and_recordings_and_what_is_missing(tmp_path: Path) -> None:
    urbansound8k(tmp_path)
    source = read(tmp_path, "urbansound8k")
    clips = {clip.id: clip for clip in source.clips}
    one = clips["100-3-0-0"]
    assert (one.labels, one.group, one.problem) == (("dog_bark",), "100", "")
    assert one.path == tmp_path / "audio" / "fold5" / "100-3-0-0.wav"
    assert one.extra["fold"] == "5"
    assert one.extra["salience"] == "1"
    assert {name: clip.problem for name, clip in clips.items() if clip.problem} == {
        "100-3-0-1": "there is no audio file of it",
        "300-8-0-0": "the data set's tables say nothing about it",
    }
    assert source.description == "urbansound8k 1.0, by soundata"
    assert source.licence == "Creative Commons Attribution Non Commercial 4.0 International"
    other = read(tmp_path, "urbansound8k", group_column="fold").clips
    assert {clip.id: clip.group for clip in other}["200-8-0-0"] == "1"


@pytest.mark.usefixtures("_soundata")
def test_the_index_that_soundata_downloaded_says_which_files_there_must_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from soundata import core

    urbansound8k(tmp_path)
    index = tmp_path / "index.json"
    names = ("audio/fold5/100-3-0-0.wav", "audio/fold5/100-3-0-1.wav")
    clips = {Path(name).stem: {"audio": [name, "0" * 32]} for name in names}
    index.write_text(json.dumps({"version": "1.0", "clips": clips}), encoding="utf-8")
    monkeypatch.setattr(core.Index, "get_path", lambda _: str(index))
    found = {clip.id: clip.problem for clip in read(tmp_path, "urbansound8k").clips}
    missing = tmp_path / names[1]
    assert found == {"100-3-0-0": "", "100-3-0-1": f"there is no audio file {missing}"}


@pytest.mark.usefixtures("_soundata")
def test_esc50_has_its_families_and_fsd50k_both_its_sets(tmp_path: Path) -> None:
    esc = tmp_path / "esc"
    write_lines(
        esc / "meta" / "esc50.csv",
        "filename,fold,target,category,esc10,src_file,take",
        "1-1-A-0.wav,1,0,dog,True,1,A",
    )
    write_tiny(esc / "audio" / "1-1-A-0.wav")
    source = read(esc, "esc50")
    assert source.families == {"Animals": ("dog",)}
    assert source.clips[0].group == "1"
    fsd = tmp_path / "fsd"
    write_lines(
        fsd / "FSD50K.ground_truth" / "dev.csv", "fname,labels,mids,split", '7,"Bark,Dog",/m/1,val'
    )
    write_lines(fsd / "FSD50K.ground_truth" / "eval.csv", "fname,labels,mids", "9,Meow,/m/2")
    write_tiny(fsd / "FSD50K.dev_audio" / "7.wav")
    write_tiny(fsd / "FSD50K.eval_audio" / "9.wav")
    clips = read(fsd, "fsd50k").clips
    assert [(clip.id, clip.labels, clip.extra["split"]) for clip in clips] == [
        ("7", ("Bark", "Dog"), "val"),
        ("9", ("Meow",), "eval"),
    ]


def scenes(folder: Path) -> None:
    """Make TAU Urban Acoustic Scenes 2020 Mobile (DCASE 2020, task 1A) of three clips."""
    dev = folder / "TAU-urban-acoustic-scenes-2020-mobile-development"
    eva = folder / "TAU-urban-acoustic-scenes-2020-mobile-evaluation"
    rows = ("audio/airport-lyon-1-2-a.wav", "audio/bus-paris-3-4-b.wav")
    write_lines(
        dev / "meta.csv",
        "filename\tscene_label\tidentifier\tsource_label",
        f"{rows[0]}\tairport\tlyon-1\ta",
        f"{rows[1]}\tbus\tparis-3\tb",
    )
    setup = "evaluation_setup"
    write_lines(dev / setup / "fold1_train.csv", "filename\tscene_label", f"{rows[0]}\tairport")
    write_lines(dev / setup / "fold1_evaluate.csv", "filename\tscene_label", f"{rows[1]}\tbus")
    write_lines(eva / setup / "fold1_test.csv", "filename", "audio/0.wav")
    for file in (dev / rows[0], dev / rows[1], eva / "audio" / "0.wav"):
        write_tiny(file)


@pytest.mark.usefixtures("_soundata")
def test_scenes_of_dcase_have_their_cities_and_the_evaluation_no_label(tmp_path: Path) -> None:
    scenes(tmp_path)
    clips = {clip.id: clip for clip in read(tmp_path, "tau2020uas_mobile").clips}
    one = clips["airport-lyon-1-2-a"]
    assert (one.labels, one.group) == (("airport",), "lyon-1")
    assert (one.extra["city"], one.extra["split"]) == ("lyon", "development.train")
    assert clips["0"].problem == "there is no label"
    (tmp_path / "TAU-urban-acoustic-scenes-2020-mobile-evaluation/evaluation_setup").rename(
        tmp_path / "elsewhere"
    )
    with pytest.raises(InputError, match=r"soundata cannot read this as tau2020uas_mobile \(File"):
        read(tmp_path, "tau2020uas_mobile")


@pytest.mark.usefixtures("_soundata")
def test_classes_of_events_are_labels_and_soft_ones_from_a_half(tmp_path: Path) -> None:
    write_lines(
        tmp_path / "development_annotation" / "soft_labels_city_center" / "city_center_01.txt",
        "0\t1\tcar\t0.9",
        "0\t1\tfootsteps\t0.49",
        "1\t2\tpeople talking\t0.5",
        "1\t2\tcar\t0.7",
    )
    for number in (1, 2):
        write_tiny(tmp_path / "development_audio" / "city_center" / f"city_center_0{number}.wav")
    clips = {clip.id: clip for clip in read(tmp_path, "dcase23_task4b").clips}
    assert clips["city_center_01"].labels == ("car", "people talking")
    assert clips["city_center_02"].problem == "the data set's tables say nothing about it"
    sed = tmp_path / "sed"
    for name, label in (("a", "siren"), ("b", "drilling")):
        write_lines(sed / "annotations" / "train" / f"{name}.txt", f"0.0\t1.0\t{label}")
        write_tiny(sed / "audio" / "train" / f"{name}.wav")
    write_lines(sed / "annotations" / "train" / "b.txt", "no number\t1.0\tsiren")
    found = {clip.id: clip for clip in read(sed, "urbansed").clips}
    assert (found["a"].labels, found["a"].extra) == (("siren",), {"split": "train"})
    assert found["b"].problem.startswith("soundata cannot read what is said about it (ValueError")


@pytest.mark.usefixtures("_soundata")
def test_birds_are_a_class_and_keywords_are_classes(tmp_path: Path) -> None:
    write_lines(tmp_path / "warblrb10k_public_metadata.csv", "itemid,hasbird", "a,1", "b,0")
    for name in ("a", "b"):
        write_tiny(tmp_path / "wav" / f"{name}.wav")
    clips = {clip.id: clip.labels for clip in read(tmp_path, "warblrb10k").clips}
    assert clips == {"a": ("bird",), "b": ("no bird",)}


def refused(folder: Path) -> list[tuple[str, Callable[[], object], str]]:
    """Return data sets that cannot be read, how each is made, and what is said of it."""
    return [
        ("dcase23_task2", lambda: None, "soundata has no labels of the clips of dcase23_task2."),
        ("marco", lambda: None, "soundata has no labels of the clips of marco."),
        ("nothing", lambda: None, "soundata knows no data set 'nothing'; it knows: dcase23_task2,"),
        ("starss2022", lambda: None, r".initialize('starss2022').download(['index'])"),
        ("urbansound8k", lambda: None, "urbansound8k has its sounds in audio/fold*/*.wav, and"),
        (
            "urbansound8k",
            lambda: write_tiny(folder / "audio" / "fold1" / "1-2-3-4.wav"),
            "soundata cannot read this as urbansound8k (FileNotFoundError: Metadata not found.",
        ),
    ]


@pytest.mark.usefixtures("_soundata")
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    for name, make, sentence in refused(tmp_path):
        make()
        with pytest.raises(InputError) as told:
            read(tmp_path, name)
        assert sentence in str(told.value)
        assert "\n" not in str(told.value)


def test_without_soundata_the_sentence_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == "soundata":
            raise ModuleNotFoundError(f"No module named {name!r}")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=rf"is not installed \(pip install {SOUNDATA}\)\.$"):
        read(tmp_path, "esc50")
    pins = (ROOT / "requirements-test.txt").read_text(encoding="utf-8").split()
    assert SOUNDATA in pins


def test_a_reader_says_what_it_takes_behind_a_colon() -> None:
    for name, told in (
        ("soundata", "'soundata' cannot be used: it is written soundata:NAME."),
        ("soundata:", "'soundata:' cannot be used: it is written soundata:NAME."),
        ("csv:x", "The reader 'csv' takes nothing behind a colon, not 'x'."),
    ):
        with pytest.raises(InputError) as error:
            find_reader(name)
        assert told in str(error.value)
    assert find_reader("hf:train").name == "hf:train"
