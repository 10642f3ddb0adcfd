"""Whole or nothing: folders, JSON, names, locks."""

from pathlib import Path

import pytest

from embeddings.errors import InputError
from embeddings.files import check_name, only_writer, read_json, whole_folder, write_json


def test_whole_folder_appears_only_when_whole(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with whole_folder(target) as new:
        (new / "a").write_text("1")
        assert not target.exists()
    assert (target / "a").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["thing"]


def test_whole_folder_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with whole_folder(target) as new:
        (new / "a").write_text("old")

    def write_half() -> None:
        with whole_folder(target) as new:
            (new / "a").write_text("new")
            raise RuntimeError("half")

    with pytest.raises(RuntimeError, match="half"):
        write_half()
    assert (target / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["thing"]


def test_json_is_whole_and_has_no_nan(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="Out of range"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"a": 1}
    assert [entry.name for entry in tmp_path.iterdir()] == ["facts.json"]


def test_bad_json_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text('{\n "a": ,\n}')
    with pytest.raises(InputError, match=r"facts\.json, line 2: not valid JSON"):
        read_json(path)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-a", "a b", "ä", "x" * 65, "a.b"])
def test_names_that_cannot_be_folders(name: str) -> None:
    with pytest.raises(InputError, match="must be 1 to 64 letters, digits"):
        check_name("collection", name)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with (
        only_writer(tmp_path / "lock", "an import of 'x'"),
        pytest.raises(InputError, match="Another process is busy with an import of 'x'"),
        only_writer(tmp_path / "lock", "an import of 'x'"),
    ):
        pass
