"""imported-tables.md: what a table of clips may be, and what is refused."""

from embeddings.audio.decoding import SUFFIXES
from embeddings.collection.label_cells import LABEL_SEPARATORS
from embeddings.collection.sources import KNOWN_COLUMNS
from embeddings.collection.spreadsheets import SEPARATORS
from tools.reference import markdown
from tools.reference.markdown import codes

_HEAD = """\
What `flask collections import` takes as the CSV of a collection, and every command that reads a
CSV of clips."""

_TEXT = """\
## The text

UTF-8, with or without a byte order mark, or UTF-16 with one, as Excel saves "Unicode Text". Excel
saves UTF-8 by *Save As, CSV UTF-8*; any other encoding is refused with the line and the byte, since
it cannot be told which it is. Lines end as in Unix, Windows or old Macs.

Columns are separated by {separators}:
by what splits the line of columns' names so that all needed ones are there. Where two do, it is an
error. A first line `sep=;`, as Excel has it, says it outright (also
`sep=|`). Cells are quoted as CSV quotes them. Blank lines and rows of bare separators are no rows.

These refuse the whole table, with file and line: an encoding or quotes that are wrong, a needed
column that is missing, a column's name twice (letter case aside, for the columns below), a row with
more or fewer cells than there are names. `--skip-broken` cannot help there: what a row says is not
known then."""

_COLUMNS = """\
## The columns

`fname` and `labels` must be there, in any order and letter case. These are known, too:
{known};
of the first that has text in a row title, author and licence are taken. All else, a second title
too, is kept under its column's name, but for columns without one, as pandas writes its index."""

_FNAME = """\
## fname

The name of a sound file in `audio/`. It may leave out the suffix, in any letter case
({suffixes}),
and the folders below `audio/` where only one file has the name; a column `fold` says which folder
goes first (`2` is `2`, `fold2`, `fold_2` or `fold-2`). Normal forms of Unicode need not be the
file's: what macOS writes decomposed is found. Any character but control characters, line separators
and Unicode's noncharacters may stand in it. Folders that are links are looked into, each once.

The clip's id is the fname in Unicode's form NFC, with `/` between folders, without white space at
its ends and without the suffix, which stays where only dots would be left. Where two files of the
table would have the same id, as `a.wav` and `a.flac`, each keeps its suffix in the id; where these
are alike, too, as `x.wav` in two folds, the id is the file's path below `audio/`. Of files whose
names differ in their normal form alone one has to be renamed."""

_LABELS = """\
## labels

Classes, separated by what `--label-separator` says
({signs}; the first unless told; `none` makes each cell one class).
A class that has the separator in its name is quoted inside the cell as CSV quotes cells, which an
editor then shows with doubled quotes:

| in a spreadsheet's cell | in the file | classes |
|---|---|---|
| Dog,Animal | `"Dog,Animal"` | Dog; Animal |
| "Chuckle, chortle",Dog | `\"""Chuckle, chortle"",Dog"` | Chuckle, chortle; Dog |
| ["Chuckle, chortle", "Dog"] | `"[""Chuckle, chortle"", ""Dog""]"` | Chuckle, chortle; Dog |
| ['Chuckle, chortle', 'Dog'] | `"['Chuckle, chortle', 'Dog']"` | Chuckle, chortle; Dog |

Lists are those of JSON or Python. What cannot be told apart is refused: quotes or brackets that do
not close before a separator, brackets around what is no list, a line break in a name, and names
side by side that another row quotes as one, or that are one in AudioSet ("Chuckle, chortle"). White
space in names is one space, and names are in NFC, in `families.json`, too.

What Sounding Board writes has classes and families in one cell by the same rule: quoted where there
is a separator or a quote in the name."""

_BROKEN = """\
## Clips that cannot be taken

These concern one clip. Without `--skip-broken` all of them are listed together and nothing is
stored; with it they are left out and listed, and each row is either a clip or in that list:

- an fname that is empty, has a control character, or leads out of `audio/`
- no such file (a name close to it is told), or several
- a clip or file that an earlier row has: the first row that can be taken stays
- no label, or labels that cannot be told apart
- audio that cannot be read, is empty or too long, or has samples that are no numbers"""


def page() -> str:
    """Return the page of tables that are imported."""
    return markdown.page(
        "Tables that are imported",
        _HEAD,
        _TEXT.format(separators=" or ".join(SEPARATORS.values())),
        _COLUMNS.format(known=codes(KNOWN_COLUMNS)),
        _FNAME.format(suffixes=", ".join(SUFFIXES)),
        _LABELS.format(signs=codes(LABEL_SEPARATORS).strip()),
        _BROKEN,
    )
