"""The folder of a paper: LaTeX that is sound, numbers as they are, pictures of lines."""

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.figures.shown import Cell, Heading, Table, number
from evaluation.reports.paper.latex import engine, latex
from evaluation.reports.paper.paper_tables import LONG, table_tex
from evaluation.reports.paper.widths import WIDTH, Column, ems, lay_out
from tests.support.figures.paper_tables import sound, table, wide

HOSTILE = 'a_b & 50 % #1 $x {y} ~ ^ \\ [z] *! "q" a--b <t> | ρ ≥ τ − × – — “w” naïve'


def rows_of(tex: str) -> list[list[str]]:
    """Return the cells of the rows of a table's body, as LaTeX has them."""
    body = tex.split(r"\midrule", 1)[1].split(r"\endfoot")[-1].split(r"\bottomrule")[0]
    lines = [line for line in body.splitlines() if line.endswith(r"\\")]
    return [re.split(r"(?<!\\) & ", line.removesuffix(r" \\")) for line in lines]


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
    assert r"\begin{tabular}{lrr<{\hspace{0.6em}}}" in tex
    assert r"\caption[Scores of S\_0]{Scores of S\_0. n = 30 queries" in tex
    assert r"\label{tab:systems}" in tex
    assert "marked simulated" in tex
    assert "% Mean: The mean grade." in tex


def test_groups_stand_apart() -> None:
    tex = table_tex(table(group="Measured"), "systems")
    sound(tex)
    lines = tex.splitlines()
    names = [line for line in lines if r"\emph" in line]
    assert names == [r"\multicolumn{3}{l}{\emph{Measured}} \\*",
                     r"\multicolumn{3}{l}{\emph{Simulated \& made}} \\*"]  # fmt: skip
    assert [lines[lines.index(one) - 1] for one in names] == [r"\midrule"] * 2


@pytest.mark.parametrize("rows", [0, 1, LONG, LONG + 1])
def test_a_long_table_goes_over_pages(rows: int) -> None:
    tex = table_tex(table(rows), "long")
    sound(tex)
    assert (r"\begin{longtable}" in tex) == (rows > LONG)
    assert (r"\begin{tabular}" in tex) == (rows <= LONG)
    assert len(rows_of(tex)) == max(rows, 1)
    assert ("There are no rows." in tex) == (rows == 0)


def test_names_are_broken_into_lines_and_numbers_never() -> None:
    name, interval = "A system · L2, PCA 100 · MCSS (simulated)", "−13.3 [−19.7, −7.0]"
    headings = [Heading("System", numeric=False), Heading("less", numeric=False)]
    headings += [Heading("Difference", "of these raters")] * 4
    row = [Cell(name), Cell(name), *[Cell(interval, numeric=True)] * 4]
    tex = table_tex(Table(headings, {"": [row] * 90}, pd.DataFrame()), "pairs")
    sound(tex)
    spec = tex.split(r"\begin{longtable}")[1].splitlines()[0]
    shares = re.findall(r">\{\\raggedright\\arraybackslash\}p\{([\d.]+)\\textwidth\}", spec)
    assert len(shares) == 2
    assert spec.endswith("rrrr}")
    assert 0.1 < float(shares[0]) < 0.35
    assert tex.count(r"\begin{longtable}") == 1
    assert r"\setlength{\extrarowheight}{2pt}" in tex
    few = table_tex(Table(headings[1:3], {"": [row[1:3]]}, pd.DataFrame()), "few")
    assert r"\begin{tabular}{lr}" in few


@pytest.mark.parametrize("rows", [4, LONG + 1])
def test_columns_that_have_no_room_follow_below(rows: int) -> None:
    tex = table_tex(wide(40, rows), "wide")
    sound(tex)
    kind = "longtable" if rows > LONG else "tabular"
    parts = tex.split(rf"\begin{{{kind}}}")[1:]
    assert len(parts) > 1
    assert r"\resizebox" not in tex
    bodies = [[row for row in rows_of(part) if len(row) > 1] for part in parts]
    assert all(len(body) == rows for body in bodies)
    assert all(row[0] == r"S \ensuremath{\cdot} L2, PCA 100" for body in bodies for row in body)
    assert sum(len(body[0]) - 1 for body in bodies) == 40
    assert tex.count(r"\label") == 1
    assert tex.count(r"\addtocounter{table}{-1}") == (len(parts) - 1) * (rows > LONG)


@given(st.lists(st.tuples(st.text(max_size=80), st.booleans()), min_size=1, max_size=12))
def test_every_layout_fits(columns: list[tuple[str, bool]]) -> None:
    of = [Column((text[:30],), (text, text * 9), numeric, "ab") for text, numeric in columns]
    found = lay_out(of)
    for part in found.parts:
        assert sum(one.width + 2 * found.gap for one in part) <= WIDTH + 1e-6
        for one in part:
            wide = max(ems(text) for text in of[one.column].cells) * found.em
            assert one.broken or wide <= one.width
    places = [one.column for part in found.parts for one in part]
    assert set(places) == set(range(len(of)))


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
