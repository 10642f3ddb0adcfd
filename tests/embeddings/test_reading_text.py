"""Text as editors save it: byte order marks, UTF-16, line ends; and that one module reads it."""

import ast
import codecs
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.errors import InputError
from embeddings.files import as_stream, read_json, read_lines, read_text, read_toml
from tests.support.places import ROOT

TEXT = "Grüße\n二行目\n🐕"
SAVED = {
    "plain": TEXT.encode(),
    "Notepad, UTF-8 with BOM": codecs.BOM_UTF8 + TEXT.replace("\n", "\r\n").encode(),
    "Notepad, UTF-16 LE": codecs.BOM_UTF16_LE + TEXT.replace("\n", "\r\n").encode("utf-16-le"),
    "UTF-16 BE": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "UTF-32": codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"),
    "old Macintosh": TEXT.replace("\n", "\r").encode(),
}


@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_text_is_read_as_editors_save_it(tmp_path: Path, saved: bytes) -> None:
    path = tmp_path / "text"
    path.write_bytes(saved)
    assert read_text(path) == TEXT
    if b"\r\0\r" not in saved and b"\n" in saved:  # a line ends in a line feed there
        assert [line.rstrip("\r\n") for line in read_lines(path)] == TEXT.split("\n")
    assert as_stream(path).read().replace("\r\n", "\n").replace("\r", "\n") == TEXT


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_json_and_toml_are_read_as_editors_save_them(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.json").write_text('{"ü":\r\n ["x"]}', encoding=encoding)
    (tmp_path / "a.toml").write_text('title = "ü"\r\n[part]\r\nkey = 1\r\n', encoding=encoding)
    assert read_json(tmp_path / "a.json") == {"ü": ["x"]}
    assert read_toml(tmp_path / "a.toml") == {"title": "ü", "part": {"key": 1}}


NO_TEXT = {
    "Windows-1252": (b"one\ntwo\nGr\xfc\xdfe", "line 3: the text is not UTF-8 (byte 0xfc); save"),
    "half of UTF-16": (b"\xff\xfea\0\n\0b", "line 2: the text is not UTF-16 (byte 0x62); save"),
    "UTF-16 without mark": (
        "a\nb".encode("utf-16-le"),
        "line 1: there is a NUL, which no text has; save",
    ),
    "a lone surrogate": (b"\xff\xfea\0\x00\xd8", "line 1: the text is not UTF-16"),
}


@pytest.mark.parametrize(("raw", "said"), NO_TEXT.values(), ids=NO_TEXT)
def test_what_is_no_text_is_said_with_its_line(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "text"
    path.write_bytes(raw)
    for read in (read_text, read_json, read_toml, as_stream):
        with pytest.raises(InputError) as caught:
            read(path)
        assert str(caught.value).startswith(f"{path}, {said}")


def test_lines_that_are_no_text_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\xef\xbb\xbfone\ntwo\n\xff\n")
    lines = read_lines(path)
    assert [next(lines), next(lines)] == ["one\n", "two\n"]
    with pytest.raises(InputError, match=r"line 3: the text is not UTF-8 \(byte 0xff\)"):
        next(lines)


WRONG = {
    "deep.json": ("[" * 100_000, "not valid JSON: it is nested too deeply"),
    "deep.toml": ("a = " + "[" * 100_000, "not valid TOML: it is nested too deeply"),
    "dots.toml": (f"a{'.a' * 3000} = 1", "not valid TOML: it is nested too deeply"),
    "hex.toml": (f"a = [0x{'f' * 5000}]", "not valid TOML: a whole number must be from -9223"),
    "long.json": ("9" * 5000, "not valid JSON"),
    "long.toml": (f"a = {'9' * 5000}", "not valid TOML"),
    "open.toml": ('a = 1\nb = "', "at end of document"),
    "line.toml": ("a = 1\nb = \n", "not valid TOML: Invalid value (at line 2, column 5)"),
}


@pytest.mark.parametrize(("name", "text", "said"), [(name, *one) for name, one in WRONG.items()])
def test_what_is_no_json_or_toml_is_one_sentence(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        (read_json if name.endswith("json") else read_toml)(tmp_path / name)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


OWN_READERS = {
    "embeddings/files.py": "the one module",
    "embeddings/collection/importing.py": "a journal that it wrote itself, in ASCII",
    "embeddings/extraction/journal.py": "a journal that it wrote itself, perhaps half a line",
    "embeddings/simulation/fsd50k_shape.py": "a table of the project",
    "embeddings/systems/trec_runs.py": "text that is compressed",
    "webapp/browse/own_sounds.py": "notes to itself, in ASCII",
    "webapp/core/assets.py": "scripts and styles of the project",
    "webapp/core/jobs.py": "what a process of its own said",
    "webapp/core/sent/joined.py": "scripts and styles of the project",
}
"""Modules that read text in their own way, and of what."""


def _read_in_its_own_way(path: Path) -> Iterator[str]:
    """Yield the calls of a module by which text is read."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import) and any(one.name == "tomllib" for one in node.names):
            yield "tomllib"
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, of = node.func.attr, ast.unparse(node.func.value)
        modes = [one.value for one in node.args if isinstance(one, ast.Constant)]
        reads = not any("b" in str(one) or str(one)[:1] in "wax" for one in modes)
        encoded = any(one.arg == "encoding" for one in node.keywords)
        if name == "read_text" or (name == "open" and reads and encoded):
            yield f"{of}.{name}"


def test_one_module_reads_what_people_write() -> None:
    found = {}
    for room in ("embeddings", "evaluation", "webapp"):
        for path in sorted((ROOT / room).rglob("*.py")):
            calls = list(_read_in_its_own_way(path))
            if calls:
                found[path.relative_to(ROOT).as_posix()] = calls
    assert found.keys() == OWN_READERS.keys()


def test_a_module_that_reads_in_its_own_way_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('x = path.read_text()\ny = path.open(encoding="utf-8")\nimport tomllib\n')
    assert len(list(_read_in_its_own_way(path))) == 3
    path.write_text(json.dumps("path.read_text()") + '\npath.open("wb")\n')
    assert list(_read_in_its_own_way(path)) == []
