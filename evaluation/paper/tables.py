"""Tables as LaTeX: booktabs, numbers to the right, what is undefined as a dash with its reason."""

from collections.abc import Iterator
from string import ascii_lowercase

from evaluation.charts import marked
from evaluation.paper.latex import captioned, comment, engine, latex
from evaluation.shown import Cell, Heading, Table

LONG = 40
"""A table of more rows goes over several pages."""
UNDEFINED = "--"

_SIZES = (
    ("normalsize", 5.0, 6), ("small", 4.5, 5), ("footnotesize", 4.0, 4), ("scriptsize", 3.6, 3),
    ("tiny", 2.7, 2),
)  # fmt: skip
"""Sizes of type: points of a letter, and beside a column."""
_WIDTH = 504
"""Points of the text's width, seven inches."""
_WIDE = 40
"""Letters of a text that is broken into lines."""
_MOST_NOTES = len(ascii_lowercase)
MADE = "Numbers of systems marked simulated come from made vectors that know nothing of the sounds."
"""What is said below whatever has simulated systems in it."""
_WANTS = r"Wants \usepackage{array,booktabs,longtable,graphicx}."


def table_tex(table: Table, name: str) -> str:
    """Return a table as LaTeX that a document takes by ``\\input``.

    Of more than `LONG` rows it is a ``longtable``, else a ``tabular`` in a ``table``; one that is
    too wide for seven inches in the smallest type is scaled down. Each note of a missing number
    stands below it, the other notes too where they are few.

    Parameters
    ----------
    table : the table as it is shown
    name : of its file; the label is ``tab:`` and it
    """
    head = [comment(f"{name}: {table.title}"), comment(_WANTS), *_definitions(table)]
    rows = [row for group in table.groups.values() for row in group]
    lines = _long(table, rows, name) if len(rows) > LONG else _short(table, rows, name)
    text = "\n".join(lines) + "\n"
    return "\n".join([*head, *engine(text), text])


def _definitions(table: Table) -> list[str]:
    """Return what the columns mean, as comments: whoever sets the table has them at hand."""
    told = [f"{_titled(one)}: {one.definition}" for one in table.headings if one.definition]
    return [comment(one) for one in dict.fromkeys(told)]


def _short(table: Table, rows: list[list[Cell]], name: str) -> list[str]:
    size, gap, fits = _fit(table.headings, rows)
    own = [
        rf"\begin{{tabular}}{{{_columns(table.headings, rows)}}}",
        r"\toprule", *_head(table.headings), r"\midrule", *_body(table), r"\bottomrule",
        r"\end{tabular}",
    ]  # fmt: skip
    if not fits:
        own = [r"\resizebox{\textwidth}{!}{%", *own[:-1], own[-1] + "}"]
    return [
        r"\begin{table}[htbp]",
        r"\centering",
        captioned(table.title, _caption(table), f"tab:{name}"),
        rf"\{size}\setlength{{\tabcolsep}}{{{gap}pt}}",
        *own,
        *_below(_notes(rows)),
        r"\end{table}",
    ]


def _long(table: Table, rows: list[list[Cell]], name: str) -> list[str]:
    size, gap, _ = _fit(table.headings, rows)
    head = [r"\toprule", *_head(table.headings), r"\midrule"]
    return [
        rf"{{\{size}\setlength{{\tabcolsep}}{{{gap}pt}}\setlength{{\LTcapwidth}}{{\textwidth}}",
        rf"\begin{{longtable}}{{{_columns(table.headings, rows)}}}",
        captioned(table.title, _caption(table), f"tab:{name}") + r" \\",
        *head, r"\endfirsthead",
        *head, r"\endhead",
        r"\bottomrule", r"\endfoot",
        *_body(table),
        r"\end{longtable}",
        *_below(_notes(rows)),
        "}",
    ]  # fmt: skip


def _caption(table: Table) -> str:
    kinds = {cell.provenance for rows in table.groups.values() for row in rows for cell in row}
    kinds |= {one.provenance for one in table.headings}
    return f"{table.caption} {MADE}" if "simulated" in kinds else table.caption


def _fit(headings: list[Heading], rows: list[list[Cell]]) -> tuple[str, int, bool]:
    """Return the largest type in which the columns have room, its gap, and whether they have."""
    letters = sum(min(one, _WIDE) for one in _letters(headings, rows))
    for size, letter, gap in _SIZES:
        if letters * letter + 2 * gap * len(headings) <= _WIDTH:
            return size, gap, True
    return size, gap, False


def _letters(headings: list[Heading], rows: list[list[Cell]]) -> list[int]:
    """Return the letters of each column's longest cell; of a heading, those of each line."""
    found = []
    for place, one in enumerate(headings):
        cells = [len(_said(row[place])) for row in rows]
        found.append(max([len(_titled(one)), len(one.kind), 2, *cells]))
    return found


def _columns(headings: list[Heading], rows: list[list[Cell]]) -> str:
    """Return the columns' alignment: numbers right, texts left, long ones in lines."""
    lengths = _letters(headings, rows)
    wrapped = rf">{{\raggedright\arraybackslash}}p{{{_WIDE / 2:g}em}}"
    texts = ["l" if length <= _WIDE else wrapped for length in lengths]
    return "".join("r" if one.numeric else text for one, text in zip(headings, texts, strict=True))


def _titled(one: Heading) -> str:
    return marked(one.title, one.provenance) if one.provenance else one.title


def _head(headings: list[Heading]) -> Iterator[str]:
    """Yield the headings' row, and that of what distinguishes them where anything does."""
    lines = [[_titled(one) for one in headings], [one.kind for one in headings]]
    for texts in lines if any(lines[1]) else lines[:1]:
        cells = [
            rf"\multicolumn{{1}}{{{'r' if one.numeric else 'l'}}}{{{latex(text)}}}"
            for one, text in zip(headings, texts, strict=True)
        ]
        yield " & ".join(cells) + r" \\"


def _body(table: Table) -> Iterator[str]:
    """Yield the rows, each group below a line and its name."""
    notes = _notes([row for rows in table.groups.values() for row in rows])
    across = len(table.headings)
    if not any(table.groups.values()):
        yield rf"\multicolumn{{{across}}}{{l}}{{There are no rows.}} \\"
    filled = {heading: rows for heading, rows in table.groups.items() if rows}
    for number, (heading, rows) in enumerate(filled.items()):
        if number:
            yield r"\midrule"
        if heading:
            yield rf"\multicolumn{{{across}}}{{l}}{{\emph{{{latex(heading)}}}}} \\*"
        for row in rows:
            yield " & ".join(_cell(cell, notes) for cell in row) + r" \\"


def _cell(cell: Cell, notes: dict[str, str]) -> str:
    whole = UNDEFINED if _missing(cell) else latex(_said(cell))
    if cell.note not in notes:
        return whole
    mark = rf"\textsuperscript{{{notes[cell.note]}}}"
    return rf"{whole}\rlap{{{mark}}}" if cell.numeric else whole + mark  # digits stay in line


def _said(cell: Cell) -> str:
    return marked(cell.text, cell.provenance) if cell.provenance else cell.text


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
