"""The folder of a paper: LaTeX that is sound, numbers as they are, pictures of lines."""

import re
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.figures.shown import Cell, Heading, Section, Table, number
from evaluation.reports.paper.document import paper_tex
from evaluation.reports.paper.latex import engine, latex
from evaluation.reports.paper.paper_tables import COLUMNS, ROWS, table_tex
from tests.support.figures.paper_tables import sound, table, wide

HOSTILE = 'a_b & 50 % #1 $x {y} ~ ^ \\ [z] *! "q" a--b <t> | ρ ≥ τ − × – — “w” naïve'


def rows_of(tex: str) -> list[list[str]]:
    """Return the cells of the rows of a table's body, as LaTeX has them."""
    body = tex.split(r"\midrule", 1)[1].split(r"\bottomrule")[0]
    lines = [line for line in body.splitlines() if line.endswith(r"\\")]
    return [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in lines]


def parts_of(tex: str) -> list[list[list[str]]]:
    """Return the rows of each part of a table, without the names of groups."""
    parts = tex.split(r"\begin{tabular}")[1:]
    return [[row for row in rows_of(part) if len(row) > 1] for part in parts]


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("50 % of S_1 & {x}", r"50 \% of S\_1 \& \{x\}"),
        ("\\$#~^", r"\textbackslash{}\$\#\textasciitilde{}\textasciicircum{}"),
        ("−0.5 ≥ τ × ρ", r"\ensuremath{-}0.5 \ensuremath{\geq} \ensuremath{\tau} "
                         r"\ensuremath{\times} \ensuremath{\rho}"),
        ("a–b — “c” ‘d’", r"a\textendash{}b \textemdash{} ``c'' `d'"),
        ("a--b-{}c", r"a-{}-b-\{\}c"),
        ("[x] *y", "{[}x{]} {*}y"),
        ("  two\n lines\x00\u202e ", "two lines"),
        ("Zoë Åström", "Zoë Åström"),
        ("nDCG′", r"nDCG\ensuremath{^{\prime}}"),
        ("5\N{NO-BREAK SPACE}s", "5~s"),
    ],
)  # fmt: skip
def test_text_is_escaped(text: str, tex: str) -> None:
    assert latex(text) == tex


@given(st.text(max_size=60))
def test_no_text_is_a_command(text: str) -> None:
    tex = latex(text)
    sound(tex)
    known = (
        r"\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar|textendash"
        r"|textemdash|ldots|`)\{\}|\\ensuremath\{[^{}]*(\{[^{}]*\})?\}|\\[&%$#_{},]|\{[][*]\}|-\{\}"
    )
    assert not re.search(r"[\\&%$#_{}^\[\]*\n]", re.sub(known, "", tex))


def test_a_table_has_its_rows_and_says_what_is_missing() -> None:
    tex = table_tex(table(), "systems")
    sound(tex)
    rows = rows_of(tex)
    assert [row[1] for row in rows] == [r"\ensuremath{-}1.000", r"\ensuremath{-}0.333", "0.333",
                                        "1.000"]  # fmt: skip
    assert [row[0] for row in rows] == [r"S\_0", r"S\_1 (simulated)", r"S\_2", r"S\_3 (simulated)"]
    assert {row[2] for row in rows} == {r"--\rlap{\textsuperscript{a}}"}
    assert r"\textsuperscript{a}~Nobody graded 100 \% of it." in tex
    room = r"<{\hphantom{\textsuperscript{a}}}"
    assert rf"\begin{{tabular}}{{>{{\raggedright\arraybackslash}}V{{16em}}rr{room}}}" in tex
    assert r"\caption[Scores of S\_0]{Scores of S\_0. n = 30 queries" in tex
    assert r"\label{tab:systems}" in tex
    assert "marked simulated" in tex
    assert "% Mean: The mean grade." in tex


def test_groups_stand_apart() -> None:
    tex = table_tex(table(group="Measured"), "systems")
    sound(tex)
    lines = tex.splitlines()
    names = [line for line in lines if r"\emph" in line]
    assert names == [r"\multicolumn{3}{l}{\emph{Measured}} \\",
                     r"\multicolumn{3}{l}{\emph{Simulated \& made}} \\"]  # fmt: skip
    assert [lines[lines.index(one) - 1] for one in names] == [r"\midrule"] * 2


@pytest.mark.parametrize("rows", [0, 1, ROWS, ROWS + 1, 3 * ROWS])
def test_a_long_table_goes_over_pages(rows: int) -> None:
    tex = table_tex(table(rows, group="Measured"), "long")
    sound(tex)
    pages = max(-(-rows // ROWS), 1)
    assert tex.count(r"\begin{table}") == tex.count(r"\begin{tabular}") == pages
    assert tex.count(r"\caption") == tex.count(r"\label") == 1
    assert tex.count(r"(table~\ref{tab:long}, continued)") == pages - 1
    assert tex.count(r"\textsuperscript{a}~Nobody") == (rows > 0)
    assert r"\textsuperscript{a}~Nobody" not in tex.rpartition(r"\begin{table}")[0]
    assert ("There are no rows." in tex) == (rows == 0)
    names = [row[0] for part in parts_of(tex) for row in part]
    wanted = [rf"S\_{one}" for one in [*range(0, rows, 2), *range(1, rows, 2)]]
    assert [one.removesuffix(" (simulated)") for one in names] == wanted
    for page in tex.split(r"\begin{table}")[1:]:
        assert (r"\emph" in page) == (rows > 0)  # what goes on says of which group it is


def test_names_are_broken_into_lines_and_numbers_never() -> None:
    name, interval = "A system · L2, PCA 100 · MCSS (simulated)", "−13.3 [−19.7, −7.0]"
    headings = [Heading("System", numeric=False), Heading("Why", numeric=False)]
    headings += [Heading("Difference", "of these raters")] * 4
    row = [Cell(name), Cell(name, wide=True), *[Cell(interval, numeric=True)] * 4]
    tex = table_tex(Table(headings, {"": [row] * 9}, pd.DataFrame()), "pairs")
    sound(tex)
    lines = r">{\raggedright\arraybackslash}V"
    assert rf"\begin{{tabular}}{{{lines}{{16em}}{lines}{{24em}}rrrr}}" in tex


@pytest.mark.parametrize("rows", [4, ROWS + 1])
def test_columns_that_have_no_room_follow_below(rows: int) -> None:
    tex = table_tex(wide(40, rows), "wide")
    sound(tex)
    parts = parts_of(tex)
    pages = -(-rows // ROWS)
    assert len(parts) == 6 * pages
    assert sum(map(len, parts)) == 6 * rows
    assert all(row[0] == r"S \ensuremath{\cdot} L2, PCA 100" for part in parts for row in part)
    across = [len(part[0]) - 1 for part in parts[::pages]]
    assert sum(across) == 40
    assert max(across) == COLUMNS
    assert tex.count(r"\label") == 1


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_sets_every_table_within_the_page(tmp_path: Path) -> None:
    hostile = [[Cell("x_" + "word" * 90 + " & so " * 40), number(None, note=HOSTILE)]] * 3
    headings = [Heading(HOSTILE, "of them", numeric=False), Heading("Mean " * 9)]
    tables = {
        "long": table(3 * ROWS),
        "wide": wide(40, ROWS, Cell("−13.3 [−19.7, −7.0]", numeric=True)),
        "none": table(0),
        "hostile": Table(headings, {"": hostile}, pd.DataFrame(), "", HOSTILE.replace("ρ", "")),
    }
    for name, one in tables.items():
        (tmp_path / f"{name}.tex").write_text(table_tex(one, name), encoding="utf-8")
    section = Section("all", "All", parts=tuple(tables.values()))
    named = dict(zip(map(id, section.parts), tables, strict=True))
    (tmp_path / "paper.tex").write_text(paper_tex([section], named, {}), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout[-2000:]
    assert not re.findall("Overfull|undefined|Float too large", done.stdout)


def test_a_long_word_may_be_broken() -> None:
    said = [Heading("System", numeric=False), Heading("Why", numeric=False)]
    row = [Cell("S"), Cell("x_" + "word" * 90 + " & so " * 40)]
    tex = table_tex(Table(said, {"": [row]}, pd.DataFrame()), "said")
    sound(tex)
    assert r"x\allowbreak{}\_\allowbreak{}wor\penalty500{}dwo" in tex
    assert r"\& so \& so" in tex


def test_hostile_texts_and_many_notes() -> None:
    rows = [[Cell(HOSTILE, note=HOSTILE), number(None, note=f"why {one}")] for one in range(30)]
    headings = [Heading(HOSTILE, HOSTILE, HOSTILE, numeric=False), Heading("x")]
    of = Table(headings, {HOSTILE: rows}, pd.DataFrame(), "hostile", HOSTILE, HOSTILE)
    tex = table_tex(of, "hostile")
    sound(tex)
    assert all(len(row) == 2 for row in rows_of(tex)[1:])
    assert r"\textsuperscript{ad}~why 29" in tex
    assert "utf8" in tex
    assert "LuaLaTeX" not in tex
    other = table_tex(Table(headings[1:], {"": [[Cell("中")]]}, pd.DataFrame()), "other")
    assert "LuaLaTeX" in other
    assert engine("% nDCG′\nnDCG") == engine("é")  # a comment is not set
