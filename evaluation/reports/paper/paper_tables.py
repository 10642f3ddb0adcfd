"""Tables as LaTeX: booktabs, numbers to the right, what is undefined as a dash with its reason.

LaTeX measures them: a column of words is as wide as its longest line, and a table that is wider or
higher than the page has room for is set smaller.
"""

from collections.abc import Iterator
from math import ceil
from string import ascii_lowercase

from evaluation.figures.charts import marked
from evaluation.figures.shown import Cell, Heading, Table
from evaluation.reports.paper.latex import breakable, captioned, comment, engine, latex

ROWS = 40
"""Rows that stand on one page."""
COLUMNS = 7
"""Columns that stand beside those of the rows' names."""
UNDEFINED = "--"

_HEADING, _NAME, _PROSE = "8em", "16em", "24em"
"""The longest line of a heading, of a name, and of words that need several lines."""
_MOST_NOTES = len(ascii_lowercase)
MADE = "Numbers of systems marked simulated come from made vectors that know nothing of the sounds."
"""What is said below whatever has simulated systems in it."""
_WANTS = r"Wants \usepackage{adjustbox,array,booktabs,varwidth}."

Rows = list[tuple[str, list[list[Cell]]]]


def table_tex(table: Table, name: str) -> str:
    """Return a table as LaTeX that a document takes by ``\\input``.

    It is a ``table`` that fits the document's column: names are broken into lines, numbers never.
    What is beyond `ROWS` and `COLUMNS` follows in tables of the same number, the names of the rows
    before each. Each note of a missing number stands below the last, the other notes too where
    they are few.

    Parameters
    ----------
    table : the table as it is shown
    name : of its file; the label is ``tab:`` and it
    """
    head = [comment(f"{name}: {table.title}"), comment(_WANTS), *_definitions(table)]
    notes = _notes(_rows(table))
    title = captioned(table.title, _caption(table), f"tab:{name}")
    lines: list[str] = []
    for columns in _column_parts(table.headings):
        for rows in _row_parts(table):
            lines += [r"\begin{table}[htbp]", r"\centering", title]
            lines += _tabular(table, columns, rows, notes)
            lines += [r"\end{table}"]
            title = rf"{latex(table.title)} (table~\ref{{tab:{name}}}, continued)\par\smallskip"
    lines[-1:-1] = _below(notes)
    text = "\n".join(lines) + "\n"
    return "\n".join([*head, *engine(text), text])


def _definitions(table: Table) -> list[str]:
    """Return what the columns mean, as comments: whoever sets the table has them at hand."""
    told = [f"{_titled(one)}: {one.definition}" for one in table.headings if one.definition]
    return [comment(one) for one in dict.fromkeys(told)]


def _column_parts(headings: list[Heading]) -> Iterator[list[int]]:
    """Yield the columns of each part, about as many in each: the rows' names, and others."""
    named = next((at for at, one in enumerate(headings) if one.numeric), len(headings))
    names, rest = list(range(max(named, 1))), list(range(max(named, 1), len(headings)))
    parts = max(ceil(len(rest) / COLUMNS), 1)
    each = ceil(len(rest) / parts)
    for part in range(parts):
        yield names + rest[part * each : (part + 1) * each]


def _row_parts(table: Table) -> Iterator[Rows]:
    """Yield the groups' rows that stand on each page; a group that goes on has its name again."""
    page: Rows = []
    room = ROWS
    for heading, rows in table.groups.items():
        while rows:
            page.append((heading, rows[:room]))
            rows = rows[room:]
            room = ROWS - sum(len(some) for _, some in page)
            if not room:
                yield page
                page, room = [], ROWS
    if page or not any(table.groups.values()):
        yield page


def _tabular(table: Table, columns: list[int], rows: Rows, notes: dict[str, str]) -> list[str]:
    return [
        r"\begin{adjustbox}{max width=\linewidth,max totalheight=0.8\textheight}",
        rf"\begin{{tabular}}{{{''.join(_aligned(table, one, notes) for one in columns)}}}",
        r"\toprule", *_head([table.headings[one] for one in columns]), r"\midrule",
        *_body(columns, rows, notes), r"\bottomrule",
        r"\end{tabular}",
        r"\end{adjustbox}",
    ]  # fmt: skip


def _aligned(table: Table, column: int, notes: dict[str, str]) -> str:
    """Return how a column is set: numbers right, with room for their marks, texts in lines."""
    cells = [row[column] for row in _rows(table)]
    if not table.headings[column].numeric:
        width = _PROSE if any(cell.wide for cell in cells) else _NAME
        return rf">{{\raggedright\arraybackslash}}V{{{width}}}"
    mark = max((notes.get(cell.note, "") for cell in cells), key=len, default="")
    return rf"r<{{\hphantom{{\textsuperscript{{{mark}}}}}}}" if mark else "r"


def _head(headings: list[Heading]) -> Iterator[str]:
    """Yield the headings' row, and that of what distinguishes them where anything does."""
    lines = [[_titled(one) for one in headings], [one.kind for one in headings]]
    for texts in lines if any(lines[1]) else lines[:1]:
        yield " & ".join(map(_heading, headings, texts)) + r" \\"


def _heading(one: Heading, text: str) -> str:
    side, ragged = ("r", "left") if one.numeric else ("l", "right")
    box = rf"\begin{{varwidth}}[b]{{{_HEADING}}}\ragged{ragged} {breakable(text)}\end{{varwidth}}"
    return rf"\multicolumn{{1}}{{{side}}}{{{box}}}"


def _body(columns: list[int], rows: Rows, notes: dict[str, str]) -> Iterator[str]:
    """Yield the rows, each group below a line and its name."""
    across = rf"\multicolumn{{{len(columns)}}}{{l}}"
    if not rows:
        yield rf"{across}{{There are no rows.}} \\"
    for number, (heading, some) in enumerate(rows):
        if number:
            yield r"\midrule"
        if heading:
            yield rf"{across}{{\emph{{{latex(heading)}}}}} \\"
        for row in some:
            yield " & ".join(_cell(row[one], notes) for one in columns) + r" \\"


def _rows(table: Table) -> list[list[Cell]]:
    return [row for rows in table.groups.values() for row in rows]


def _caption(table: Table) -> str:
    kinds = {cell.provenance for row in _rows(table) for cell in row}
    kinds |= {one.provenance for one in table.headings}
    return f"{table.caption} {MADE}" if "simulated" in kinds else table.caption


def _titled(one: Heading) -> str:
    return marked(one.title, one.provenance) if one.provenance else one.title


def _cell(cell: Cell, notes: dict[str, str]) -> str:
    said = marked(cell.text, cell.provenance) if cell.provenance else cell.text
    whole = UNDEFINED if _missing(cell) else (latex if cell.numeric else breakable)(said)
    if cell.note not in notes:
        return whole
    mark = rf"\textsuperscript{{{notes[cell.note]}}}"
    return rf"{whole}\rlap{{{mark}}}" if cell.numeric else whole + mark  # digits stay in line


def _missing(cell: Cell) -> bool:
    return cell.text.strip() in ("", "–") and (cell.numeric or bool(cell.note))


def _notes(rows: list[list[Cell]]) -> dict[str, str]:
    """Return the mark of each note that stands below the table: a, b … z, aa, ab …"""
    cells = [cell for row in rows for cell in row if cell.note]
    every = dict.fromkeys(cell.note for cell in cells)
    if len(every) > _MOST_NOTES:
        every = dict.fromkeys(cell.note for cell in cells if _missing(cell))
    return {note: _mark(number) for number, note in enumerate(every)}


def _mark(number: int) -> str:
    tens, ones = divmod(number, _MOST_NOTES)
    return (_mark(tens - 1) if tens else "") + ascii_lowercase[ones]


def _below(notes: dict[str, str]) -> list[str]:
    if not notes:
        return []
    said = [rf"\textsuperscript{{{mark}}}~{latex(note)}" for note, mark in notes.items()]
    return [r"\par\smallskip", r"{\raggedright\footnotesize " + r"\quad ".join(said) + r"\par}"]
