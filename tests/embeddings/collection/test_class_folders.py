"""The reader of folders: a class each, unique ids, and what is refused."""

import unicodedata
from pathlib import Path

import pytest

from embeddings.collection.importing import BrokenClips, import_collection
from embeddings.collection.readers import find_reader
from embeddings.collection.sources import Options, SourceClip
from embeddings.errors import InputError
from tests.support.sources.tiny_sounds import write_tiny


def read(folder: Path, reader: str = "folders", **options: str) -> dict[str, SourceClip]:
    """Return the clips that the reader finds, by id."""
    source = find_reader(reader).read(folder, Options(**options))  # type: ignore[arg-type]
    return {clip.id: clip for clip in source.clips}


def test_one_file_name_may_be_in_many_folders(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for seed, name in enumerate(("Dog/1.wav", "Cat/1.wav", "Cat/night/1.wav", "Cat/1.flac")):
        write_tiny(folder / name, seed)
    collection, left_out = import_collection(tmp_path / "data", "pets", folder, "folders")
    assert left_out == []
    assert {clip.id: (clip.labels, clip.extra) for clip in collection.clips} == {
        "Cat/1.flac": (("Cat",), {"folder": "Cat"}),
        "Cat/1.wav": (("Cat",), {"folder": "Cat"}),
        "Cat/night/1": (("Cat",), {"folder": "Cat/night"}),
        "Dog/1": (("Dog",), {"folder": "Dog"}),
    }
    assert collection.info["reader"] == "folders"
    assert collection.families == {"Animal": ("Cat", "Dog")}
    assert all(collection.audio_path(clip).is_file() for clip in collection.clips)


def test_the_class_is_the_folder_at_the_top_or_the_last(tmp_path: Path) -> None:
    write_tiny(tmp_path / "Animal" / "Dog" / "a.wav")
    write_tiny(tmp_path / "Animal" / "b.WAV")
    assert [clip.labels for clip in read(tmp_path).values()] == [("Animal",), ("Animal",)]
    last = read(tmp_path, "folders:last")
    assert {name: clip.labels for name, clip in last.items()} == {
        "Animal/Dog/a": ("Dog",),
        "Animal/b": ("Animal",),
    }
    assert read(tmp_path, group_column="folder")["Animal/Dog/a"].group == "Animal/Dog"


def test_a_file_in_no_folder_is_broken_and_the_only_one(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_tiny(folder / "loose.wav")
    write_tiny(folder / "Dog" / "a.wav")
    with pytest.raises(BrokenClips, match="it lies in no folder, so that there is no label"):
        import_collection(tmp_path / "data", "pets", folder, "folders")
    collection, left_out = import_collection(
        tmp_path / "data", "pets", folder, "folders", skip_broken=True
    )
    assert [clip.id for clip in collection.clips] == ["Dog/a"]
    assert left_out == [f"{folder / 'loose.wav'}: it lies in no folder, so that there is no label."]


def test_parts_of_a_data_set_are_no_classes(tmp_path: Path) -> None:
    for part in ("train", "Test", "fold_10", "validation"):
        write_tiny(tmp_path / part / "Dog" / "a.wav")
    with pytest.raises(InputError, match=r"be Test, fold_10, train, validation, .* folders:last"):
        read(tmp_path)
    assert {clip.labels for clip in read(tmp_path, "folders:last").values()} == {("Dog",)}
    write_tiny(tmp_path / "Training shoes" / "b.wav")  # a class of its own beside them
    assert read(tmp_path)["train/Dog/a"].labels == ("train",)
    for number in (1, 2):  # UrbanSound8K's sounds
        write_tiny(tmp_path / "audio" / f"fold{number}" / "100-3-0-0.wav")
    for reader in ("folders", "folders:last"):
        with pytest.raises(InputError, match=r"be fold1, fold2, which look like parts .* set\.$"):
            read(tmp_path / "audio", reader)


def test_names_are_in_one_form_of_unicode_and_hidden_files_are_none(tmp_path: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Café")
    write_tiny(tmp_path / decomposed / f"{decomposed}.wav")
    write_tiny(tmp_path / decomposed / f"._{decomposed}.wav")
    write_tiny(tmp_path / "__MACOSX" / "x.wav")
    write_tiny(tmp_path / ".trash" / "x.wav")
    clips = read(tmp_path)
    assert {name: clip.labels for name, clip in clips.items()} == {"Café/Café": ("Café",)}
    assert clips["Café/Café"].path.is_file()


def test_folders_that_are_links_are_followed_and_end(tmp_path: Path) -> None:
    write_tiny(tmp_path / "elsewhere" / "a.wav")
    folder = tmp_path / "in"
    write_tiny(folder / "Dog" / "b.wav")
    (folder / "Cat").symlink_to(tmp_path / "elsewhere")
    (folder / "Dog" / "round").symlink_to(folder)
    assert list(read(folder)) == ["Cat/a", "Dog/b"]


def test_what_is_no_folder_of_sounds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none: there is no such folder\.$"):
        read(tmp_path / "none")
    with pytest.raises(InputError, match=r"there is no sound in it \(\.wav"):
        read(tmp_path)
    write_tiny(tmp_path / "Dog" / "a.wav")
    with pytest.raises(InputError, match="folders:first: behind the colon may stand 'last' alone"):
        read(tmp_path, "folders:first")
    with pytest.raises(InputError, match="no column 'pack' to group by; the columns are: folder"):
        read(tmp_path, group_column="pack")
    with pytest.raises(
        InputError, match=r"--id-column cannot be used with --reader folders; .* hf"
    ):
        read(tmp_path, id_column="fname")


def test_a_link_to_a_sound_that_is_not_there_is_broken(tmp_path: Path) -> None:
    """As in a clone of a data set whose contents were not fetched."""
    folder = tmp_path / "in"
    write_tiny(folder / "Dog" / "a.wav")
    (folder / "Dog" / "b.wav").symlink_to("../.git/annex/objects/b.wav")
    collection, left_out = import_collection(
        tmp_path / "data", "pets", folder, "folders", skip_broken=True
    )
    assert [clip.id for clip in collection.clips] == ["Dog/a"]
    missing = f"{folder / 'Dog' / 'b.wav'}: it is a link to a file that is not there."
    assert left_out == [missing]
    (tmp_path / "audio").symlink_to(folder / "Dog")
    (tmp_path / "clips.csv").write_text("fname,labels\nb.wav,Dog\n")
    with pytest.raises(BrokenClips, match=r"'b\.wav' in .*audio; it is a link to a file that is"):
        import_collection(tmp_path / "data", "more", tmp_path, "csv")
