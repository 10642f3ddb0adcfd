"""The pictures and the folder of a paper: lines, whole, the same bytes, or one sentence."""

import re
import sys
from collections.abc import Sequence
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from embeddings.errors import InputError
from evaluation.figures.figure import DIVERGING, Figure
from evaluation.figures.heat_map import cells
from evaluation.figures.shown import Fact, Section
from evaluation.reports.paper.cells import as_rectangles
from evaluation.reports.paper.document import figure_tex
from evaluation.reports.paper.folder import write_paper
from evaluation.reports.paper.latex import latex
from evaluation.reports.paper.pictures import COLUMN, PAGE, NoPictures, Picture, draw, picture
from tests.support.figures.paper_tables import sound, table

ABOUT = {"Study": "A made study_1", "Protocol": "sha256:abc", "Seed": "1"}


def figure(name: str = "heat", simulated: bool = False, **layout: object) -> Figure:
    """Return a heat map with a number in each cell but one."""
    values = np.array([[0.0, 1.0, 2.0], [nan, -2.0, 0.5]])
    texts = np.vectorize(lambda one: f"{one:.1f}")(values)
    axes = {"xaxis": {"range": [-0.5, 2.5]}, "yaxis": {"range": [-0.5, 1.5]}}
    plot = {
        "data": cells([0, 1, 2], [0, 1], values, texts, DIVERGING, (-2, 2)),
        "layout": axes | {"height": 300, "title": {"text": "TITLE"}} | layout,
    }
    kind = "simulated" if simulated else "computed"
    numbers = pd.DataFrame({"system": ["a"], "provenance": [kind], "value": [1 / 3]})
    return Figure(name, "Heat of S_0", "Made of 5 % of all.", numbers, plot, simulated)


def sections() -> list[Section]:
    """Return two sections; a figure has the name of a table."""
    return [
        Section("scores", "Scores & all", ("Words.",), ("A notice of 5 %.",),
                (Fact("Raters", "8", "all passed"),), (table(), figure("systems"))),
        Section("more", "More", parts=(table(60, "long"), figure(simulated=True))),
    ]  # fmt: skip


def drawn(pictures: Sequence[Picture], folder: Path) -> None:
    """Draw nothing, but leave the files."""
    for one in pictures:
        for form in ("pdf", "svg"):
            (folder / f"{one.name}.{form}").write_bytes(b"drawn")


def test_a_picture_is_on_white_and_as_wide_as_a_page_or_a_column() -> None:
    one = picture(figure(), "heat")
    assert (one.width, one.height) == (PAGE, 300) == (672, 300)
    assert "title" not in one.plot["layout"]
    assert one.plot["layout"]["paper_bgcolor"] == "#fff"
    assert one.plot["layout"]["xaxis"]["range"] == [-0.5, 2.5]
    assert picture(figure(), "heat", columns=1).width == COLUMN == 326
    needs = figure(meta={"least_width": 400})
    assert picture(needs, "heat", columns=1).width == PAGE
    assert picture(figure(meta={"least_width": 900}), "heat").width == 900
    most = picture(figure(meta={"least_width": 300, "most_width": 480}), "heat")
    assert most.width == 480
    for own, kind, width in (
        (one, "figure*", r"\textwidth"),
        (most, "figure*", r"\ifdim\textwidth<5.00in \textwidth\else 5.00in\fi"),
        (picture(figure(), "heat", 1), "figure",
         r"\ifdim\columnwidth<3.40in \columnwidth\else 3.40in\fi"),
    ):  # fmt: skip
        tex = figure_tex(figure(), own)
        assert f"[width={width},height" in tex
        assert rf"\begin{{{kind}}}" in tex


def test_cells_become_rectangles_of_their_colours() -> None:
    plot = picture(figure(shapes=[{"type": "line"}]), "heat").plot
    assert [one["type"] for one in plot["data"]] == ["scatter"]
    *shapes, line = plot["layout"]["shapes"]
    assert line == {"type": "line"}
    found = {(one["x0"] + 0.5, one["y0"] + 0.5): one["fillcolor"] for one in shapes}
    colours = dict(DIVERGING)
    assert set(found) == {(0, 0), (1, 0), (2, 0), (1, 1), (2, 1)}  # what is undefined is a gap
    assert found[0, 0] == colours[0.5]
    assert found[2, 0] == colours[1.0]
    assert found[1, 1] == colours[0.0]
    assert found[1, 0] == "#e2ac83"  # halfway
    assert all(one["x1"] - one["x0"] == one["y1"] - one["y0"] == 1 for one in shapes)
    free = picture(figure(xaxis={}), "heat").plot
    assert [one["type"] for one in free["data"]] == ["heatmap", "scatter"]
    assert as_rectangles(free) is free


def test_a_figure_says_that_it_is_simulated() -> None:
    tex = figure_tex(figure(simulated=True), picture(figure(), "heat"))
    sound(tex)
    assert r"\caption[Heat of S\_0 (simulated)]{Heat of S\_0 (simulated). Made of 5 \%" in tex
    assert "know nothing of the sounds" in tex
    assert r"\label{fig:heat}" in tex
    assert "simulated" not in figure_tex(figure(), picture(figure(), "heat"))


def test_the_folder_has_everything_once(tmp_path: Path) -> None:
    found = write_paper(tmp_path / "out", sections(), ABOUT, pictures=drawn)
    assert found == sorted((tmp_path / "out").iterdir())
    assert {one.name for one in found} == {
        "README.txt", "paper.tex",
        *(f"{name}.{kind}" for name in ("systems", "long") for kind in ("tex", "csv")),
        *(f"{name}.{kind}" for name in ("systems-figure", "heat")
          for kind in ("tex", "csv", "pdf", "svg")),
    }  # fmt: skip
    texts = {one.name: one.read_text(encoding="utf-8") for one in found}
    for name, text in texts.items():
        if name.endswith(".tex"):
            sound(text)
    inputs = re.findall(r"\\input\{(.*)\}", texts["paper.tex"])
    assert inputs == ["systems.tex", "systems-figure.tex", "long.tex", "heat.tex"]
    assert r"\section{Scores \& all}" in texts["paper.tex"]
    assert r"\textbf{A notice of 5 \%.}" in texts["paper.tex"]
    assert r"\item Raters: 8 (all passed)" in texts["paper.tex"]
    assert "includegraphics[width=\\textwidth,height=0.8" in texts["heat.tex"]
    assert texts["systems.csv"] == table().csv()
    assert texts["heat.csv"] == figure(simulated=True).csv()
    assert "adjustbox and varwidth" in texts["README.txt"]
    assert all(f"{key}: {value}\n" in texts["README.txt"] for key, value in ABOUT.items())
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_what_was_found_is_the_abstract(tmp_path: Path) -> None:
    said = "By mean grade, A is above B (5 % risk)."
    for summary in (said, ""):
        folder = tmp_path / (summary[:2] or "none")
        write_paper(folder, sections(), ABOUT, summary=summary, pictures=None)
        text = (folder / "paper.tex").read_text()
        assert ("\\begin{abstract}" in text) == bool(summary)
        assert (latex(said) in text) == bool(summary)


def test_the_same_sections_give_the_same_bytes(tmp_path: Path) -> None:
    first = write_paper(tmp_path / "a", sections(), ABOUT, pictures=drawn)
    (tmp_path / "b").mkdir()  # an empty folder is as good as a new one
    second = write_paper(tmp_path / "b", sections(), ABOUT, pictures=drawn)
    assert [one.read_bytes() for one in first] == [one.read_bytes() for one in second]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="is not empty"):
        write_paper(tmp_path, sections(), ABOUT, pictures=drawn)
    with pytest.raises(InputError, match="is not empty"):
        write_paper(tmp_path / "mine.txt", sections(), ABOUT, pictures=drawn)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]


def test_nothing_half_made_stays(tmp_path: Path) -> None:
    def broken(pictures: Sequence[Picture], folder: Path) -> None:
        drawn(pictures[:1], folder)
        raise InputError("The browser fell over.")

    with pytest.raises(InputError, match="fell over"):
        write_paper(tmp_path / "out", sections(), ABOUT, pictures=broken)
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_there_are_tables_and_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("kaleido")
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    said: list[str] = []
    found = write_paper(tmp_path / "out", sections(), ABOUT, say=said.append)
    assert [one for one in said if "apt-get install chromium" in one] == said
    assert len(said) == 1
    names = {one.name for one in found}
    assert {"systems.tex", "long.tex", "heat.csv", "systems-figure.csv"} <= names
    assert not any(one.endswith((".pdf", ".svg")) for one in names)
    document = (tmp_path / "out" / "paper.tex").read_text()
    assert re.findall(r"\\input\{(.*)\}", document) == ["systems.tex", "long.tex"]
    assert latex(said[0]) in document
    assert said[0] in (tmp_path / "out" / "README.txt").read_text()


def test_without_kaleido_the_sentence_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    write_paper(tmp_path / "out", sections(), ABOUT)
    assert "pip install kaleido==1.5.0" in capsys.readouterr().err
    with pytest.raises(NoPictures):
        draw([picture(figure(), "heat")], tmp_path)
    draw([], tmp_path)
    assert not list(
        write_paper(tmp_path / "two", sections(), ABOUT, pictures=None)[0].parent.glob("*.pdf")
    )


@pytest.mark.browser
def test_chromium_draws_lines_and_no_points(tmp_path: Path, chromium: str) -> None:
    pytest.importorskip("kaleido")
    narrow = picture(figure("narrow", annotations=[{"text": "S_0 &amp; ρ"}]), "narrow", columns=1)
    draw([picture(figure(), "wide"), narrow], tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "narrow.pdf", "narrow.svg", "wide.pdf", "wide.svg",
    ]  # fmt: skip
    for one, width in (("wide", 504), ("narrow", 244.5)):
        pdf = (tmp_path / f"{one}.pdf").read_bytes()
        box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
        assert box
        assert [float(side) for side in box.groups()] == pytest.approx([width, 225], abs=1)
        assert b"/Subtype /Image" not in pdf
        assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
        svg = (tmp_path / f"{one}.svg").read_text(encoding="utf-8")
        assert "<image" not in svg
        assert "TITLE" not in svg
    assert "S_0 &amp; ρ" in svg


@pytest.mark.browser
def test_what_cannot_be_drawn_is_told(tmp_path: Path, chromium: str) -> None:
    pytest.importorskip("kaleido")
    wrong = Picture("wrong", {"data": [{"type": "scatter"}], "layout": 5}, 300, 300)
    with pytest.raises(InputError, match="'wrong' could not be drawn"):
        draw([wrong], tmp_path)
