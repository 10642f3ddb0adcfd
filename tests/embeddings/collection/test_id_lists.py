"""Clips that people name: in lists and tables of any dialect, with suffixes, in any normal form."""

from collections.abc import Sequence
from pathlib import Path
from unicodedata import normalize

import pytest

from embeddings.collection.clips import open_collection
from embeddings.collection.id_lists import ClipNames, read_id_column, read_ids, read_names
from embeddings.collection.importing import import_collection
from embeddings.errors import InputError
from tests.support.clips.named import ODD, named
from tests.support.source_tables import table, write_table
from tests.support.sources.tiny_sounds import write_tiny


def csv_of(rows: Sequence[str], separator: str = ",", head: str = "fname") -> str:
    """Return a table of clips and a second column, every cell in quotes."""
    cells = [[head, "labels"], *([row.replace('"', '""'), "Dog,Cat"] for row in rows)]
    return "".join(separator.join(f'"{cell}"' for cell in row) + "\n" for row in cells)


@pytest.mark.parametrize("suffix", ["", ".wav", ".WAV", ".flac"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_odd_id_is_found_by_its_files_name(tmp_path: Path, suffix: str, form: str) -> None:
    names = ClipNames(named(tmp_path))
    for one in ODD:
        if suffix == ".wav" and one == "fold1/b":
            continue  # which is the id of another clip
        assert names.find(normalize(form, one) + suffix, "here") == one


@pytest.mark.parametrize(
    ("separator", "encoding"),
    [(",", "utf-8"), (",", "utf-8-sig"), (";", "utf-8-sig"), ("\t", "utf-16"), (";", "utf-16")],
)
def test_the_table_that_was_imported_names_the_rows(
    tmp_path: Path, separator: str, encoding: str
) -> None:
    collection = named(tmp_path)
    wanted = [one for one in ODD if one != "fold1/b"]
    text = csv_of([f"{one}.wav" for one in wanted], separator)
    for name in ("clips.csv", "clips.CSV", "clips.txt"):
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        assert read_id_column(path, collection) == wanted
        assert read_ids(path, collection) == wanted


@pytest.mark.parametrize("head", ["fname", "filename", "Filename", "file_name", "clip"])
def test_tables_of_any_reader_and_our_own_name_clips(tmp_path: Path, head: str) -> None:
    path = tmp_path / "clips.csv"
    path.write_text(csv_of(["007.wav"], head=head))
    assert read_id_column(path, named(tmp_path)) == ["007"]


def test_a_list_is_read_as_notepad_saves_it(tmp_path: Path) -> None:
    collection, path = named(tmp_path), tmp_path / "q.txt"
    path.write_bytes(b"\xef\xbb\xbf007\r\n\r\n  7.wav \r\n7\r\nnan")
    assert read_ids(path, collection) == ["007", "7", "nan"]
    path.write_text("a,b\nfname\n", encoding="utf-16")
    assert [name for _, name in read_names(path)] == ["a,b", "fname"]  # which is no table


def test_the_imported_csv_itself_serves(tmp_path: Path, source: Path) -> None:
    rows = table(source)
    write_table(source, [rows[0], *([f"{row[0]}.wav", *row[1:]] for row in rows[1:])])
    import_collection(tmp_path / "data", "mine", source, "csv", workers=1)
    mine = open_collection(tmp_path / "data", "mine")
    assert read_id_column(source / "clips.csv", mine) == [clip.id for clip in mine.clips]
    kept = mine.folder / "clips.csv"
    assert read_id_column(kept, mine) == [clip.id for clip in mine.clips]


def test_an_id_that_is_there_wins_over_one_without_suffix(tmp_path: Path) -> None:
    names = ClipNames(named(tmp_path))
    assert names.find("fold1/b.wav", "") == "fold1/b.wav"
    assert names.find("fold1\\b.wav", "") == "fold1/b.wav"
    assert names.find("fold1/b.flac", "") == "fold1/b"
    assert names.find("fold1/b.txt", "") is None


def test_an_id_that_kept_its_suffix_is_found_without_it(tmp_path: Path) -> None:
    names = ClipNames(named(tmp_path, ["..wav", "a.wav", "a.flac", "b.flac", "b"]))
    assert [names.find(one, "here") for one in (".", "b", "b.flac")] == ["..wav", "b", "b.flac"]
    with pytest.raises(InputError, match=r"^here: 'a' could mean 'a.wav' and 'a.flac'"):
        names.find("a", "here")


def test_a_name_that_could_mean_two_clips_is_refused(tmp_path: Path) -> None:
    """Collections of before, whose ids were taken as they stood, may hold both forms."""
    composed, apart = normalize("NFC", "éé"), normalize("NFD", "éé")
    names = ClipNames(named(tmp_path, [composed, apart]))
    assert names.find(composed, "here") == composed
    assert names.find(f"{apart}.wav", "here") == apart
    with pytest.raises(InputError, match=r"^here: 'ée.' could mean .* Unicode forms alone"):
        names.find("ée\u0301", "here")


WRONG = {
    "a stranger in a list": ("q.txt", "007\n\nnobody.wav\n", "q.txt, line 3: 'nobody.wav' is not"),
    "a stranger in a table": ("q.csv", "fname\n007\nx\ny\n", "q.csv, line 3: 'x' is not in the"),
    "nothing": ("q.txt", " \n\n", "q.txt: there is no clip id in it"),
    "no column": ("q.csv", "name,labels\na,b\n", "line 1: the column 'fname' is missing; the"),
    "no text": ("q.txt", "\udcff\n", "q.txt, line 1: the text is not UTF-8 (byte 0xff)"),
    "no file": ("none.txt", "", "none.txt: there is no such file"),
}


@pytest.mark.parametrize(("name", "text", "said"), WRONG.values(), ids=WRONG)
def test_what_names_no_clips_is_one_sentence(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    if text:
        (tmp_path / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(InputError) as caught:
        read_ids(tmp_path / name, named(tmp_path))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_row_is_named_once_and_by_something(tmp_path: Path) -> None:
    collection, path = named(tmp_path), tmp_path / "ids.csv"
    path.write_text("fname,x\n007,\n7.wav,\n7,\n")
    with pytest.raises(InputError, match=r"line 4: the clip '7' is there twice \(first: line 3\)"):
        read_id_column(path, collection)
    path.write_text("fname,x\n007,\n,1\n")
    with pytest.raises(InputError, match="line 3: there is no fname"):
        read_id_column(path, collection)
    path.write_text("fname,x\n007,\nx,\ny,\n")
    with pytest.raises(InputError, match=r"ids.csv: 'x', 'y' are not in the collection 'odd'"):
        read_id_column(path, collection)


def test_a_line_that_is_too_long_for_a_cell_is_a_name_that_nobody_has(tmp_path: Path) -> None:
    path = tmp_path / "q.txt"
    path.write_text("x" * 200_000)
    with pytest.raises(InputError, match=r"q\.txt, line 1: 'xxx.* is not in the collection"):
        read_ids(path, named(tmp_path))


def test_the_imported_csv_serves_where_folds_have_files_of_one_name(tmp_path: Path) -> None:
    rows = [["x.wav", "Dog", "1"], ["x.wav", "Cat", "2"], ["y.wav", "Dog", "1"]]
    for seed, (name, _, fold) in enumerate(rows):
        write_tiny(tmp_path / "audio" / f"fold{fold}" / name, seed)
    write_table(tmp_path, [["fname", "labels", "fold"], *rows])
    mine, _ = import_collection(tmp_path / "data", "mine", tmp_path, "csv", workers=1)
    assert [clip.id for clip in mine.clips] == ["fold1/x.wav", "fold2/x.wav", "y"]
    table = tmp_path / "clips.csv"
    assert read_id_column(table, mine) == read_ids(table, mine) == [clip.id for clip in mine.clips]
    write_table(tmp_path, [["fname", "labels", "fold"], ["x.wav", "Dog", "3"]])
    with pytest.raises(InputError, match=r"clips\.csv: 'x\.wav' is not in the collection"):
        read_id_column(table, mine)
