"""Tables as LaTeX: booktabs, numbers to the right, what is undefined as a dash with its reason."""

from collections.abc import Callable, Iterator
from string import ascii_lowercase

from evaluation.figures.charts import marked
from evaluation.figures.shown import Cell, Heading, Table
from evaluation.reports.paper.latex import breakable, captioned, comment, engine, latex
from evaluation.reports.paper.widths import MARK, WIDTH, Column, Layout, Place, ems, lay_out

LONG = 40
"""A table of more rows goes over several pages."""
UNDEFINED = "--"

_HIGH = 520
"""Points that the rows of a table on one page may take."""
_MOST_NOTES = len(ascii_lowercase)
MADE = "Numbers of systems marked simulated come from made vectors that know nothing of the sounds."
"""What is said below whatever has simulated systems in it."""
_WANTS = r"Wants \usepackage{array,booktabs,longtable}."


def table_tex(table: Table, name: str) -> str:
    """Return a table as LaTeX that a document takes by ``\\input``.

    Of more than `LONG` rows it is a ``longtable``, else a ``tabular`` in a ``table``. It fits a
    text of seven inches: names are broken into lines, numbers never, and columns that have no room
    even so follow below, the names of the rows before them again. Each note of a missing number
    stands below it, the other notes too where they are few.

    Parameters
    ----------
    table : the table as it is shown
    name : of its file; the label is ``tab:`` and it
    """
    head = [comment(f"{name}: {table.title}"), comment(_WANTS), *_definitions(table)]
    rows = [row for group in table.groups.values() for row in group]
    layout = lay_out(_texts(table.headings, rows))
    long = len(rows) * len(layout.parts) > LONG or layout.height > _HIGH
    lines = (_long if long else _short)(table, layout, name)
    text = "\n".join(lines) + "\n"
    return "\n".join([*head, *engine(text), text])


def _definitions(table: Table) -> list[str]:
    """Return what the columns mean, as comments: whoever sets the table has them at hand."""
    told = [f"{_titled(one)}: {one.definition}" for one in table.headings if one.definition]
    return [comment(one) for one in dict.fromkeys(told)]


def _texts(headings: list[Heading], rows: list[list[Cell]]) -> list[Column]:
    """Return the texts of each column, and the longest mark of a note in it."""
    notes = _notes(rows)
    return [
        Column(
            (_titled(one), one.kind),
            tuple(_said(row[at]) for row in rows),
            one.numeric,
            max((notes.get(row[at].note, "") for row in rows), key=len, default=""),
        )
        for at, one in enumerate(headings)
    ]


def _short(table: Table, layout: Layout, name: str) -> list[str]:
    own: list[str] = []
    for number, part in enumerate(layout.parts):
        own += [
            *([r"\par\medskip"] if number else []),
            rf"\begin{{tabular}}{{{_columns(table, part)}}}",
            r"\toprule", *_head(table, part, layout), r"\midrule",
            *_body(table, part, layout), r"\bottomrule",
            r"\end{tabular}",
        ]  # fmt: skip
    return [
        r"\begin{table}[htbp]",
        r"\centering",
        captioned(table.title, _caption(table), f"tab:{name}"),
        _type(layout),
        *own,
        *_below(_notes(_rows(table))),
        r"\end{table}",
    ]


def _long(table: Table, layout: Layout, name: str) -> list[str]:
    lines = ["{" + _type(layout) + r"\setlength{\LTcapwidth}{\textwidth}"]
    for number, part in enumerate(layout.parts):
        head = [r"\toprule", *_head(table, part, layout), r"\midrule"]
        caption = captioned(table.title, _caption(table), f"tab:{name}")
        if number:  # the same table, so that the number and the list of tables stay
            lines += [r"\addtocounter{table}{-1}"]
            caption = rf"\caption[]{{{latex(table.title)}: more columns}}"
        lines += [
            rf"\begin{{longtable}}{{{_columns(table, part)}}}",
            caption + r" \\",
            *head, r"\endfirsthead",
            *head, r"\endhead",
            r"\bottomrule", r"\endfoot",
            *_body(table, part, layout),
            r"\end{longtable}",
        ]  # fmt: skip
    return [*lines, *_below(_notes(_rows(table))), "}"]


def _type(layout: Layout) -> str:
    """Return the size of type and the gaps; lines of one row are nearer than two rows."""
    own = rf"\{layout.size}\setlength{{\tabcolsep}}{{{layout.gap}pt}}"
    broken = any(one.broken for part in layout.parts for one in part)
    return own + r"\setlength{\extrarowheight}{2pt}" if broken else own


def _rows(table: Table) -> list[list[Cell]]:
    return [row for rows in table.groups.values() for row in rows]


def _caption(table: Table) -> str:
    kinds = {cell.provenance for rows in table.groups.values() for row in rows for cell in row}
    kinds |= {one.provenance for one in table.headings}
    return f"{table.caption} {MADE}" if "simulated" in kinds else table.caption


def _columns(table: Table, part: list[Place]) -> str:
    """Return the columns' alignment: numbers right, texts left, long ones in lines."""
    room = _mark_rooms(table)
    return "".join(
        _column(one, table.headings[one.column].numeric, one.broken) + room[one.column]
        for one in part
    )


def _mark_rooms(table: Table) -> list[str]:
    """Return what makes room for the marks of a column's numbers; they stand outside of them."""
    columns = _texts(table.headings, _rows(table))
    return [
        rf"<{{\hspace{{{MARK * len(one.mark):.1f}em}}}}" if one.numeric and one.mark else ""
        for one in columns
    ]


def _column(place: Place, numeric: bool, broken: bool, kind: str = "p") -> str:
    """Return how a cell is aligned; the width of one in lines is a share of the text's."""
    if not broken:
        return "r" if numeric else "l"
    ragged = "raggedleft" if numeric else "raggedright"
    share = f"{place.width / WIDTH:.4f}"
    return rf">{{\{ragged}\arraybackslash}}{kind}{{{share}\textwidth}}"


def _titled(one: Heading) -> str:
    return marked(one.title, one.provenance) if one.provenance else one.title


def _head(table: Table, part: list[Place], layout: Layout) -> Iterator[str]:
    """Yield the headings' row, and that of what distinguishes them where anything does."""
    own = [(one, table.headings[one.column]) for one in part]
    room = _mark_rooms(table)
    lines = [[_titled(heading) for _, heading in own], [heading.kind for _, heading in own]]
    for texts in lines if any(lines[1]) else lines[:1]:
        yield (
            " & ".join(
                rf"\multicolumn{{1}}{{{_column(one, heading.numeric, one.head_broken, 'b')}"
                rf"{'' if one.head_broken else room[one.column]}}}"
                rf"{{{breakable(text, _wide(one, layout)) if one.head_broken else latex(text)}}}"
                for (one, heading), text in zip(own, texts, strict=True)
            )
            + r" \\"
        )


def _wide(place: Place, layout: Layout) -> Callable[[str], bool]:
    """Return what tells whether a word is wider than its column."""
    return lambda word: ems(word) * layout.em > place.width


def _body(table: Table, part: list[Place], layout: Layout) -> Iterator[str]:
    """Yield the rows, each group below a line and its name."""
    notes = _notes(_rows(table))
    if not any(table.groups.values()):
        yield rf"\multicolumn{{{len(part)}}}{{l}}{{There are no rows.}} \\"
    filled = {heading: rows for heading, rows in table.groups.items() if rows}
    for number, (heading, rows) in enumerate(filled.items()):
        if number:
            yield r"\midrule"
        if heading:
            yield _group(heading, part, layout)
        for row in rows:
            yield " & ".join(_cell(row[one.column], notes, one, layout) for one in part) + r" \\"


def _group(heading: str, part: list[Place], layout: Layout) -> str:
    """Return the row of a group's name: in lines where it is longer than the table is wide."""
    whole = sum(one.width for one in part) + 2 * layout.gap * (len(part) - 1)
    across = Place(0, min(max(whole, WIDTH / 3), WIDTH - 2 * layout.gap), True, True)
    broken = ems(heading) * layout.em > across.width
    said = breakable(heading, _wide(across, layout)) if broken else latex(heading)
    kind = _column(across, False, broken)
    return rf"\multicolumn{{{len(part)}}}{{{kind}}}{{\emph{{{said}}}}} \\*"


def _cell(cell: Cell, notes: dict[str, str], place: Place, layout: Layout) -> str:
    text = _said(cell)
    whole = breakable(text, _wide(place, layout)) if place.broken else latex(text)
    whole = UNDEFINED if _missing(cell) else whole
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
