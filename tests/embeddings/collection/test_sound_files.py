"""Sound files are found by the names that tables have for them, however both are spelled."""

import os
import re
import unicodedata
from pathlib import Path

import pytest
import soundfile

from embeddings.audio.decoding import SUFFIXES
from embeddings.collection import sound_files
from embeddings.collection.clip_names import clip_id
from embeddings.collection.importing import import_collection
from embeddings.collection.readers import find_reader
from embeddings.collection.sound_files import SoundFolder
from embeddings.collection.sources import Options
from embeddings.errors import InputError
from tests.support.small import RATE, make_sound
from tests.support.source_tables import write_table
from tests.support.sources.tiny_sounds import write_tiny
from tests.support.wild_names import WILD

FORMS = ("NFC", "NFD")


def touch(folder: Path, *names: str) -> Path:
    """Make files of these names, empty, in `folder`."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def refused(folder: SoundFolder, fname: str, fold: str = "") -> str:
    """Return why no file is found by a name."""
    with pytest.raises(InputError) as caught:
        folder.find(fname, fold)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", WILD)
def test_any_name_is_found_in_any_normal_form_and_case_of_suffix(tmp_path: Path, kind: str) -> None:
    for number, (on_disk, suffix) in enumerate((form, end) for form in FORMS for end in (
        ".wav", ".WAV"
    )):  # fmt: skip
        file = unicodedata.normalize(on_disk, WILD[kind]) + suffix
        sounds = SoundFolder(touch(tmp_path / str(number), file))
        for in_table in FORMS:
            name = unicodedata.normalize(in_table, WILD[kind])
            written = (f"{name}.wav", f"{name}.WAV", f" {name}.wav ")
            if not name.endswith(".wav"):  # else the file's stem has a suffix itself
                written = (*written, name, name.replace("/", "\\"))
            for fname in written:
                assert os.fsencode(sounds.find(fname)) == os.fsencode(sounds.folder / file)
                assert clip_id(fname) == unicodedata.normalize("NFC", WILD[kind])


def test_all_of_them_are_one_collection(tmp_path: Path) -> None:
    source, made = tmp_path / "source", make_sound("Hum", 0, 0.05)
    names = list(dict.fromkeys(unicodedata.normalize("NFC", name) for name in WILD.values()))
    for number, name in enumerate(names):
        path = source / "audio" / (unicodedata.normalize(FORMS[number % 2], name) + ".wav")
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, made, RATE)
    write_table(source, [["fname", "labels"], *([f"{name}.wav", "Dog"] for name in names)])
    for copy in (False, True):
        collection, left_out = import_collection(
            tmp_path, f"wild-{copy}".lower(), source, "csv", copy=copy, workers=1
        )
        assert left_out == []
        assert list(collection.index) == names
        assert all(collection.audio_path(clip).is_file() for clip in collection.clips)


def test_the_suffix_tells_two_formats_apart(tmp_path: Path) -> None:
    sounds = SoundFolder(touch(tmp_path, "a.wav", "a.flac", "b.wav", "b.WAV"))
    assert sounds.find("a.wav").name == "a.wav"
    assert sounds.find("a.FLAC").name == "a.flac"
    assert sounds.find("b.WAV").name == "b.WAV"
    assert "'a' could mean 'a.flac' and 'a.wav'; write the suffix" in refused(sounds, "a")
    assert "'b.Wav' could mean 'b.WAV' and 'b.wav'" in refused(sounds, "b.Wav")


def test_folders_may_be_left_out_where_one_file_has_the_name(tmp_path: Path) -> None:
    touch(tmp_path, "fold1/x.wav", "fold2/y.wav", "fold2/x.wav", "a/fold3/z.wav", "z/z.wav")
    sounds = SoundFolder(tmp_path)
    assert sounds.inside(sounds.find("y.wav")) == "fold2/y.wav"
    assert sounds.inside(sounds.find("fold3/z")) == "a/fold3/z.wav"
    assert "could mean 'fold1/x.wav' and 'fold2/x.wav'; write the whole" in refused(sounds, "x.wav")
    for fold in ("2", "fold2", " 2 "):
        assert sounds.inside(sounds.find("x.wav", fold)) == "fold2/x.wav"
    assert "could mean" in refused(sounds, "x.wav", "3")
    assert sounds.inside(sounds.find("y.wav", "1")) == "fold2/y.wav"  # there is no other


def test_links_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    audio, far = tmp_path / "audio", touch(tmp_path / "far", "sub/c.wav", "d.wav")
    touch(audio, "a.wav", "in/b.wav")
    (audio / "again").symlink_to(audio, target_is_directory=True)
    (audio / "in" / "up").symlink_to("..", target_is_directory=True)
    (audio / "self").symlink_to("self")
    (audio / "far").symlink_to(far, target_is_directory=True)
    (audio / "far2").symlink_to(far, target_is_directory=True)
    (audio / "e.wav").symlink_to(far / "d.wav")
    (audio / "gone.wav").symlink_to("nowhere.wav")
    sounds = SoundFolder(audio)
    found = {name: sounds.inside(sounds.find(name)) for name in
             ("a", "b", "far/sub/c.wav", "d", "far2/d", "again/in/b.wav", "e")}  # fmt: skip
    assert found == {
        "a": "a.wav", "b": "in/b.wav", "far/sub/c.wav": "far/sub/c.wav", "d": "far/d.wav",
        "far2/d": "far2/d.wav", "again/in/b.wav": "again/in/b.wav", "e": "e.wav",
    }  # fmt: skip
    assert "there is no audio file 'gone.wav'" in refused(sounds, "gone.wav")
    assert "leads out" in refused(sounds, "again/../../far/d.wav")


def test_names_that_are_not_utf_8_hurt_nothing(tmp_path: Path) -> None:
    strange = os.fsencode(tmp_path) + b"/audio/\xff"
    os.makedirs(strange)
    for name in (b"/../\xe9.wav", b"/x.wav", b"/../y.wav"):
        with open(strange + name, "wb"):
            pass
    sounds = SoundFolder(tmp_path / "audio")
    assert sounds.find("y").name == "y.wav"
    assert "in a folder with a name that is not UTF-8" in refused(sounds, "x.wav")
    assert "there is no audio file" in refused(sounds, "é.wav")
    for name in (Path(os.fsdecode(strange)), tmp_path / "a\rb"):
        name.mkdir(exist_ok=True)
        with pytest.raises(InputError, match="the folder's name is not UTF-8 or has a control"):
            SoundFolder(name)


@pytest.mark.parametrize(
    ("fname", "reason"),
    [
        ("", "the fname '' is empty"),
        (" . ", "is empty"),
        ("a\nb.wav", "has a control character ('\\n')"),
        ("a\u2028b.wav", "has a control character ('\\u2028')"),
        ("a\x85.wav", "has a control character"),
        ("a\ufffe.wav", "has a control character"),
        ("../a.wav", "leads out of"),
        ("b/../../a.wav", "leads out of"),
        ("/a.wav", "leads out of"),
        ("c:\\a.wav", "leads out of"),
        ("A.wav", "there is no audio file 'A.wav' in "),
        ("A.wav", "; there is 'a.wav'"),
        ("n", "; there is 'n.txt'"),
        ("y" * 5000, "there is no audio file"),
        ("sub", f"({', '.join(SUFFIXES)})"),
    ],
)
def test_why_a_name_finds_nothing(tmp_path: Path, fname: str, reason: str) -> None:
    sounds = SoundFolder(touch(tmp_path, "a.wav", "n.txt", "sub/b.wav"))
    assert reason in refused(sounds, fname)


def test_ids_stay_apart_where_stems_are_alike(tmp_path: Path) -> None:
    """By the suffix, or, where that is alike too, by the folder; all others are without."""
    source, made = tmp_path / "source", make_sound("Hum", 0, 0.05)
    (source / "audio" / "fold1").mkdir(parents=True)
    (source / "audio" / "fold2").mkdir()
    for name in ("a.wav", "a.flac", "b.wav", "fold1/x.wav", "fold2/x.wav"):
        soundfile.write(source / "audio" / name, made, RATE)
    rows = [("a.wav", ""), ("a.flac", ""), ("b.wav", ""), ("x.wav", "2"), ("x.wav", "1")]
    table = [["fname", "fold", "labels"], *([*row, "Dog"] for row in rows)]
    write_table(source, [*table, ["./a.flac", "", "Cat"], ["fold1\\x", "", "Dog"]])
    collection, left_out = import_collection(tmp_path, "some", source, "csv", skip_broken=True)
    assert list(collection.index) == ["a.wav", "a.flac", "b", "fold2/x.wav", "fold1/x.wav"]
    assert ["line 7: the clip 'a.flac' is there twice" in left_out[0], len(left_out)] == [True, 2]
    assert [clip.extra for clip in collection.clips][3:] == [{"fold": "2"}, {"fold": "1"}]


def test_files_whose_names_differ_in_their_form_alone_are_told_as_two(tmp_path: Path) -> None:
    names = ["e\u0301.wav", "\u00e9.wav"]
    for seed, name in enumerate(names):
        write_tiny(tmp_path / "audio" / "Dog" / name, seed)
    (tmp_path / "clips.csv").write_text(f"fname,labels\nDog/{names[0]},Dog\nDog/{names[1]},Dog\n")
    said = (
        r"differs in its Unicode form or white space alone \('Dog/\\xe9\.wav' and "
        r"'Dog/e\\u0301\.wav'\); rename one of them"
    )
    clips = find_reader("csv").read(tmp_path, Options()).clips
    assert re.search(said, clips[1].problem)
    with pytest.raises(InputError, match=r"could mean 'Dog/e\\u0301\.wav' and 'Dog/\\xe9\.wav'"):
        SoundFolder(tmp_path / "audio").find(names[0])
    by_folders = find_reader("folders").read(tmp_path / "audio", Options()).clips
    assert re.search(said, by_folders[1].problem)


def test_one_name_in_many_folders_is_looked_through_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = touch(tmp_path, *(f"fold{number}/x.wav" for number in range(300)))
    sounds = SoundFolder(folder)
    calls: list[str] = []

    def counted(name: str) -> str:
        calls.append(name)
        return clip_id(name)

    monkeypatch.setattr(sound_files, "clip_id", counted)
    for number in range(300):
        assert sounds.find("x.wav", str(number)) == folder / f"fold{number}" / "x.wav"
    assert len(calls) < 3 * 300


@pytest.mark.parametrize(
    "name", ["audio/a.wav", "audio\\a", "C:\\mine\\audio\\a.wav", "/mine/audio/a.wav", "../b/a.wav"]
)
def test_a_path_from_elsewhere_is_told_what_is_there(tmp_path: Path, name: str) -> None:
    sounds = SoundFolder(touch(tmp_path, "1/a.wav"))
    with pytest.raises(InputError, match=r"(stay inside|\)); there is '1/a\.wav'$"):
        sounds.find(name)
