"""Tables in the forms that spreadsheets and editors write them: each gives the same rows."""

from pathlib import Path

import pytest

from embeddings.collection.spreadsheets import read_rows
from embeddings.errors import InputError

ROWS = [("a.wav", "Dog"), ('Gebrüll "é".wav', "Dog,Animal"), ("犬;声.wav", "two\nlines")]
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t"}
ENCODINGS = {
    "utf-8": "utf-8",
    "utf-8 with BOM": "utf-8-sig",
    "utf-16 little": "utf-16-le",
    "utf-16 big": "utf-16-be",
}
ENDS = {"LF": "\n", "CRLF": "\r\n", "CR": "\r"}
HEADS = ("fname{0}labels", '"fname"{0}"labels"', " Fname {0}LABELS\u00a0", "labels{0}fname")
SAID = ("", "sep={0}", '"sep={0}"')


def written(text: str, encoding: str) -> bytes:
    """Return `text` as a file of this encoding has it; UTF-16 has its mark."""
    return (("\ufeff" if "16" in encoding else "") + text).encode(encoding)


def lines(separator: str, head: str, said: str) -> list[str]:
    """Return the lines of a table of `ROWS`, with blank ones and rows of bare separators."""
    rows = ROWS if not head.startswith("labels") else [row[::-1] for row in ROWS]
    cells = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in rows]
    bare = ["", separator, separator * 5, f" {separator} ", f'""{separator}""']
    table = [head.format(separator), *(separator.join(row) for row in cells), *bare]
    return [said.format(separator), *table] if said else table


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", SEPARATORS)
def test_every_dialect_gives_the_same_rows(
    tmp_path: Path, separator: str, encoding: str, end: str
) -> None:
    for head in HEADS:
        for said in SAID:
            text = ENDS[end].join(lines(SEPARATORS[separator], head, said))
            for last in ("", ENDS[end]):
                path = tmp_path / "any.csv"
                path.write_bytes(written(text + last, ENCODINGS[encoding]))
                rows = read_rows(path, ("fname", "labels"))
                found = [(row["fname"], row["labels"]) for _, row in rows]
                assert found == ROWS, (head, said, last)


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'sep=,\r\n\r\nfname,labels\r\n,\r\na,"x\r\ny"\r\n\r\nb,z\r\n')
    assert [line for line, _ in read_rows(path, ("fname",))] == [5, 8]


def test_other_columns_are_kept_and_nameless_ones_are_not(tmp_path: Path) -> None:
    """What pandas writes first where nobody told it otherwise has no name."""
    path = tmp_path / "a.csv"
    path.write_text(",fname, Über Titel ,fname2,,\n0,a,b, c ,,\n")
    assert read_rows(path, ("fname",)) == [(2, {"fname": "a", "Über Titel": "b", "fname2": " c "})]


def test_a_column_alone_is_separated_by_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("fname\na;b.wav\nc d\n")
    assert [row["fname"] for _, row in read_rows(path, ("fname",))] == ["a;b.wav", "c d"]
    path.write_text("fname\na,b.wav\n")
    with pytest.raises(InputError, match="line 2: the row has 2 cells, separated by commas"):
        read_rows(path, ("fname",))


def test_the_name_that_was_asked_for_goes_before_one_in_other_letters(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Fname,fname,TITLE\nx,a,t\n")
    assert read_rows(path, ("fname",), known=("title",)) == [
        (2, {"Fname": "x", "fname": "a", "title": "t"})
    ]


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"fname\rlabels\xfc\r", "line 2: the text is not UTF-8 (byte 0xfc); save"),
        ('fname,x\na,"b\n'.encode("utf-16"), "line 2: not valid CSV"),
        (b'"fname"x,y\na,b\n', "line 1: not valid CSV"),
        (b"fname\n" + b"a" * 200_000 + b"\n", "line 2: not valid CSV: field larger"),
        (b"\xff\xfef\x00\x00\x00", "line 1: there is a NUL"),
        (b"sep=\nfname\n", "line 1: sep= must name one of"),
        (b"", "line 1: the column 'fname' is missing; the columns are: none."),
        (b"\n,,\n\n", "line 4: the column 'fname' is missing; the columns are: none."),
        (b"\r\n;; \r\n\t\rfname;x;fname", "line 4: the column 'fname' is there twice"),
        (b"fname\n\n", "there is no row below the first line"),
    ],
)
def test_what_is_no_table_is_one_sentence(tmp_path: Path, raw: bytes, sentence: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        read_rows(path, ("fname",))
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
