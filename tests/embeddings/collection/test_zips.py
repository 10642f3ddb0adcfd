"""Zips that somebody sent: what is good is unpacked, what is not leaves nothing."""

import stat
import zipfile
from pathlib import Path

import pytest

from embeddings.collection.zips import MB, Limits, root_of, unpack_zip
from embeddings.errors import InputError

LIMITS = Limits(most_bytes=5 * MB, most_files=50)


def zipped(path: Path, files: dict[str, bytes], **entry: int) -> Path:
    """Write a zip; `entry` sets facts of its first file's entry."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if name == next(iter(files)):
                for fact, value in entry.items():
                    setattr(info, fact, value)
            archive.writestr(info, content)
    return path


def unpacked(tmp_path: Path, archive: Path) -> dict[str, bytes]:
    folder = tmp_path / "in" / "unpacked"
    unpack_zip(archive, folder, LIMITS)
    return {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file()
    }


def test_files_come_as_they_were_without_what_macos_adds(tmp_path: Path) -> None:
    files = {
        "sounds/Dog/bark.wav": b"wau",
        "sounds\\Cat\\mew.wav": b"miau",  # as old programs on Windows write it
        "__MACOSX/sounds/._bark.wav": b"x",
        "sounds/.DS_Store": b"x",
    }
    found = unpacked(tmp_path, zipped(tmp_path / "a.zip", files))
    assert found == {"sounds/Dog/bark.wav": b"wau", "sounds/Cat/mew.wav": b"miau"}
    assert root_of(tmp_path / "in" / "unpacked") == tmp_path / "in" / "unpacked" / "sounds"


def test_a_folder_with_nothing_but_files_may_be_a_class(tmp_path: Path) -> None:
    unpacked(tmp_path, zipped(tmp_path / "a.zip", {"Dog/bark.wav": b"wau"}))
    assert root_of(tmp_path / "in" / "unpacked") == tmp_path / "in" / "unpacked"


LINK = {"external_attr": (stat.S_IFLNK | 0o777) << 16}
PIPE = {"external_attr": (stat.S_IFIFO | 0o644) << 16}


@pytest.mark.parametrize(
    ("files", "entry", "sentence"),
    [
        ({"../x.wav": b""}, {}, "a path that leads out of it, '../x.wav'"),
        ({"a/../../x.wav": b""}, {}, "leads out of it"),
        ({"..\\x.wav": b""}, {}, "leads out of it"),
        ({"/etc/x.wav": b""}, {}, "leads out of it"),
        ({"C:\\x.wav": b""}, {}, "leads out of it"),
        ({"x.wav": b"/etc/passwd"}, LINK, "a link in it, 'x.wav'"),
        ({"x.wav": b""}, PIPE, "neither a file nor a folder"),
        ({"x.wav": b"", "a/../x.wav": b""}, {}, "leads out of it"),
        ({"x": b"", "x/y.wav": b""}, {}, "'x/y.wav' below a file"),
        ({"x" * 300: b""}, {}, "a name of more than 255 bytes"),
        ({"x/" * 900 + "y.wav": b""}, {}, "more than 64 folders in one another"),
        ({f"{number}.wav": b"" for number in range(51)}, {}, "51 entries; it may have 50"),
        ({"x.wav": bytes(6 * MB)}, {}, "unpack to 6 MB; it may come to 5 MB"),
        ({"x.wav": bytes(4 * MB)}, {}, "more than 100 times its size"),
        ({"__MACOSX/x": b""}, {}, "has no file in it"),
        ({}, {}, "has no file in it"),
    ],
)
def test_what_is_refused_leaves_nothing(
    tmp_path: Path, files: dict[str, bytes], entry: dict[str, int], sentence: str
) -> None:
    archive = zipped(tmp_path / "a.zip", files, **entry)
    with pytest.raises(InputError, match=sentence):
        unpacked(tmp_path, archive)
    assert not list((tmp_path / "in").glob("*"))
    assert {one.name for one in tmp_path.iterdir()} <= {"a.zip", "in"}


def test_a_file_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x.wav", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("x.wav", b"2")
    with pytest.raises(InputError, match=r"'x\.wav' twice"):
        unpacked(tmp_path, tmp_path / "a.zip")


def test_what_is_no_zip_damaged_or_locked_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.zip").write_bytes(b"RIFF of somebody")
    with pytest.raises(InputError, match="is damaged, or is none"):
        unpacked(tmp_path, tmp_path / "none.zip")
    good = zipped(tmp_path / "good.zip", {"x.wav": b"some sound" * 100}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(good[:40] + good[60:])
    with pytest.raises(InputError, match="is damaged, or is none"):
        unpacked(tmp_path, tmp_path / "cut.zip")
    locked = bytearray(good)
    locked[6] |= 1  # the flag of the file, and below that of the list at the end
    locked[good.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    with pytest.raises(InputError, match=r"'x\.wav' in it under a password"):
        unpacked(tmp_path, tmp_path / "locked.zip")
    assert not list((tmp_path / "in").glob("*"))


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])
def test_damage_is_told_however_it_is_packed(tmp_path: Path, how: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", how) as archive:
        archive.writestr("é.wav", bytes(range(256)))
    good = (tmp_path / "a.zip").read_bytes()
    middle, name = len(good) // 3, good.rindex("é".encode())
    wrong = (  # what is packed is damaged; a name in the list at the end is none
        good[:middle]
        + bytes(byte ^ 255 for byte in good[middle : middle + 9])
        + good[middle + 9 :],
        good[:name] + b"\xff\xfe" + good[name + 2 :],
    )
    for number, content in enumerate(wrong):
        (tmp_path / f"{number}.zip").write_bytes(content)
        with pytest.raises(InputError, match="is damaged, or is none"):
            unpacked(tmp_path, tmp_path / f"{number}.zip")
    assert not list((tmp_path / "in").glob("*"))


def test_a_full_disk_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = zipped(tmp_path / "a.zip", {"x.wav": b"wau"})
    monkeypatch.setattr(
        "embeddings.collection.zips.shutil.disk_usage",
        lambda _: type("Usage", (), {"free": 5})(),
    )
    with pytest.raises(InputError, match="the disk has 0 MB free"):
        unpacked(tmp_path, archive)
