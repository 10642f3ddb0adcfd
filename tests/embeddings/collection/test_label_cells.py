"""Classes in a cell: what is told apart, and what is refused since it cannot be."""

import pytest

from embeddings.collection.label_cells import cell_labels, label_cell, one_line, read_label_cells

COMMA = "Chuckle, chortle"


def read(cell: str, separator: str = ",") -> tuple[str, ...]:
    """Return the classes of one cell that is as it must be."""
    ((labels, problem),) = read_label_cells([cell], separator)
    assert problem == ""
    return labels


@pytest.mark.parametrize(
    ("cell", "separator", "wanted"),
    [
        ("Dog", ",", ("Dog",)),
        ("Dog,Animal", ",", ("Dog", "Animal")),
        (" Dog , Animal,,Dog ", ",", ("Dog", "Animal")),
        ('"Chuckle, chortle",Dog', ",", (COMMA, "Dog")),
        (' "Chuckle, chortle" , "Dog" ', ",", (COMMA, "Dog")),
        ('"Say ""hi"", twice"', ",", ('Say "hi", twice',)),
        ('"""Hi"""', ",", ('"Hi"',)),
        ('5" pipe', ",", ('5" pipe',)),
        ('Dog "big", Cat', ",", ('Dog "big"', "Cat")),
        ("dog's bark, cat's", ",", ("dog's bark", "cat's")),
        ("'Tis, Dog", ",", ("'Tis", "Dog")),
        ("Dog (big), Cat (small)", ",", ("Dog (big)", "Cat (small)")),
        ('["Chuckle, chortle", "Dog"]', ",", (COMMA, "Dog")),
        ("['Chuckle, chortle', 'Dog']", ",", (COMMA, "Dog")),
        ("""['Dog', "cat's",]""", ",", ("Dog", "cat's")),
        ('["\\u00e9", "a\\"b"]', ",", ("é", 'a"b')),
        ("[ ]", ",", ()),
        ("", ",", ()),
        (" , ,", ",", ()),
        ("Dog|Chuckle, chortle", "|", ("Dog", COMMA)),
        ('"a|b"|c', "|", ("a|b", "c")),
        ("Dog; Chuckle, chortle", ";", ("Dog", COMMA)),
        ("['a', 'b']", ";", ("a", "b")),
        (COMMA, "none", (COMMA,)),
        ("[music]", "none", ("[music]",)),
        ('"a" b', "none", ('"a" b',)),
        ("Gebru\u0308ll,Gebrüll", ",", ("Gebrüll",)),
        ("\u00a0Dog\u3000Bark\u00a0", ",", ("Dog Bark",)),
        ("👩\u200d🚀,\u05d0\u200f", ",", ("👩\u200d🚀", "\u05d0\u200f")),
        ("NA,nan,None,007", ",", ("NA", "nan", "None", "007")),
    ],
)
def test_what_a_cell_says(cell: str, separator: str, wanted: tuple[str, ...]) -> None:
    assert read(cell, separator) == wanted


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (COMMA, "the labels 'Chuckle, chortle' may be one class or several; write it in quotes"),
        ("Dog,Walk,footsteps,Cat", "the labels 'Walk, footsteps' may be one class or several"),
        ('"Chuckle, chortle', "do not close before a separator; write a class that has ','"),
        ('"Chuckle" chortle, Dog', "do not close"),
        ('Dog "big, bad"', "do not close"),
        ("'Chuckle, chortle', Dog", "do not close"),
        ("“Chuckle, chortle”", "do not close"),
        ("„Chuckle, chortle“", "do not close"),
        ("Dog (big, bad), Cat", "do not close"),
        ("[Dog, Cat]", "are in brackets, and no list of JSON or Python"),
        ("['Dog' 'Cat']", "are in brackets"),
        ("['Dog', 1]", "are in brackets"),
        ("[['Dog']]", "are in brackets"),
        ("['Dog', __import__('os').getcwd()]", "are in brackets"),
        ("['\\d']", "are in brackets"),
        ("Dog\nAnimal", "the label 'Dog\\nAnimal' has a line break in it"),
        ('["a\\u2028b"]', "has a line break in it"),
        ('["\\ud800"]', "has half a character in it"),
        ("[" * 100_000 + "]" * 100_000, "are in brackets"),
        ("['" + "a" * 50_000 + " " * 50_000 + "]", "are in brackets"),
    ],
)
def test_what_cannot_be_told_apart_is_an_error(cell: str, sentence: str) -> None:
    ((_, problem),) = read_label_cells([cell])
    assert sentence in problem
    assert len(problem) < 400
    assert "\n" not in problem


def test_what_one_row_quotes_no_other_row_takes_apart() -> None:
    cells = ["fire, crackling", '"Fire, crackling",Dog', "Fire,Dog", 'fire,"crackling"']
    (_, problem), second, third, fourth = read_label_cells(cells)
    assert "the labels 'fire, crackling' may be one class or several" in problem
    assert second == (("Fire, crackling", "Dog"), "")
    assert third == (("Fire", "Dog"), "")
    assert fourth == (("fire", "crackling"), "")
    ((_, problem),) = read_label_cells([", ".join(f"c{one}" for one in range(20_000))])
    assert problem == ""


def test_a_cell_that_was_written_reads_back() -> None:
    names = (COMMA, "Dog", 'a"b', '"', '""', "x;y", "[a]", "'a", "a|b", "NA")
    for separator in (",", ";", "|"):
        assert cell_labels(label_cell(names, separator), separator) == names
        for name in names:
            assert cell_labels(label_cell([name], separator), separator) == (name,)
    assert label_cell(["Bark", "Dog"]) == "Bark,Dog"
    assert cell_labels("") == ()


def test_a_cell_of_a_version_before_reads_as_it_did() -> None:
    assert cell_labels('5" pipe,"Chuckle,chortle') == ('5" pipe', '"Chuckle', "chortle")


def test_one_line_keeps_what_is_written() -> None:
    assert one_line(" a\r\nb\tc\x07\u2028d\u00a0 e\ufffe ") == "a b c d e"
    assert one_line("e\u0301 \u00ad\u200d\u200f👩\u200d🚀") == "é \u00ad\u200d\u200f👩\u200d🚀"
