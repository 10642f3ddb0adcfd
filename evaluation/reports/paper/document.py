"""The document that takes every table and figure in, and what is said of how they were made."""

from collections.abc import Iterator, Mapping, Sequence

from embeddings import __version__
from evaluation.figures.figure import Figure
from evaluation.figures.shown import Section, Table
from evaluation.reports.paper.latex import captioned, comment, engine, latex
from evaluation.reports.paper.paper_tables import MADE
from evaluation.reports.paper.pictures import COLUMN, INCH, PAGE, Picture

_PREAMBLE = r"""\documentclass[10pt]{article}
% LuaLaTeX and XeLaTeX have their own fonts; pdfLaTeX's standard ones lack some letters.
\ifdefined\Umathcode\else
\usepackage[T1]{fontenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\fi
\usepackage{array}
\usepackage{booktabs}
\usepackage{varwidth}
\usepackage{graphicx}
\usepackage{adjustbox}
\extrafloats{500} % a section has no text between its tables and figures
\setlength{\textwidth}{7in}
\setlength{\oddsidemargin}{-0.25in}
\setlength{\textheight}{9in}
\setlength{\topmargin}{-0.5in}
\setlength{\belowcaptionskip}{6pt}
\setlength{\emergencystretch}{3em}
"""


def figure_tex(figure: Figure, picture: Picture) -> str:
    """Return a figure as LaTeX that a document takes by ``\\input``; its label is ``fig:NAME``.

    A picture of one column is in a ``figure``, a wider one in a ``figure*``, which goes over both
    columns of a document that has two.
    """
    kind = "figure" if picture.width <= COLUMN else "figure*"
    own = f"{picture.width / INCH:.2f}in"
    line = r"\columnwidth" if kind == "figure" else r"\textwidth"
    width = line if picture.width >= PAGE else rf"\ifdim{line}<{own} {line}\else {own}\fi"
    body = "\n".join(
        [
            rf"\begin{{{kind}}}[htbp]",
            r"\centering",
            rf"\includegraphics[width={width},height=0.8\textheight,keepaspectratio]"
            rf"{{{picture.name}.pdf}}",
            captioned(_title(figure), _caption(figure), f"fig:{picture.name}"),
            rf"\end{{{kind}}}",
        ]
    )
    head = [comment(f"{picture.name}: {figure.title}"), comment(r"Wants \usepackage{graphicx}.")]
    return "\n".join([*head, *engine(body), body]) + "\n"


def _title(figure: Figure) -> str:
    said = "simulated" in figure.title.lower()
    return f"{figure.title} (simulated)" if figure.simulated and not said else figure.title


def _caption(figure: Figure) -> str:
    columns = [one for one in figure.table if str(one).startswith("provenance")]
    made = bool((figure.table[columns] == "simulated").any(axis=None)) if columns else False
    return f"{figure.caption} {MADE}" if made else figure.caption


def paper_tex(
    sections: Sequence[Section],
    names: Mapping[int, str],
    about: Mapping[str, str],
    left_out: str = "",
    summary: str = "",
) -> str:
    """Return the document that has every section in it, one after the other.

    Parameters
    ----------
    sections : as a page shows them
    names : the ``id()`` of each part -> the name of its file; a part without one is left out
    about : as `evaluation.reports.paper.folder.write_paper` has it
    left_out : why there are no figures; "" where there are
    summary : what was found, in a few sentences; "" for nothing
    """
    lines = [rf"\title{{{latex(about.get('Study', 'Results'))}}}", r"\author{}", r"\date{}"]
    lines += ["", r"\begin{document}", r"\maketitle", ""]
    if summary:
        lines += [r"\begin{abstract}", latex(summary), r"\end{abstract}", ""]
    if left_out:
        lines += [latex(left_out), ""]
    for section in sections:
        lines += [*_section(section, names), ""]
    return _PREAMBLE + "\n".join([*lines, r"\end{document}"]) + "\n"


def _section(section: Section, names: Mapping[int, str]) -> Iterator[str]:
    yield rf"\section{{{latex(section.title)}}}\label{{sec:{section.name}}}"
    for notice in section.notices:
        yield rf"\textbf{{{latex(notice)}}}" + "\n"
    for words in section.words:
        yield latex(words) + "\n"
    if section.facts:
        yield r"\begin{itemize}"
        for one in section.facts:
            note = f" ({latex(one.note)})" if one.note else ""
            yield rf"\item {latex(one.name)}: {latex(one.value)}{note}"
        yield r"\end{itemize}"
    for part in section.parts:
        if id(part) in names:
            yield rf"\input{{{names[id(part)]}.tex}}"
    yield r"\clearpage"


def readme(
    about: Mapping[str, str], named: Sequence[tuple[str, Figure | Table]], left_out: str = ""
) -> str:
    """Return what README.txt says: of what the files are made, and which there are."""
    lines = [f"Made by Sounding Board {__version__}.", ""]
    lines += [f"{key}: {' '.join(value.split())}" for key, value in about.items()]
    lines += [
        "",
        "paper.tex takes every table and figure in: run pdflatex paper.tex twice, or lualatex",
        "where its first lines ask for that. It wants adjustbox and varwidth (Debian has them in",
        "texlive-latex-extra).",
        "A table is NAME.tex, with its numbers as they are in NAME.csv; -- is undefined.",
    ]
    if left_out:
        lines += [left_out]
    else:
        lines += ["A figure is NAME.pdf and NAME.svg, with its caption in NAME.tex and its"]
        lines += ["numbers in NAME.csv."]
    lines += [""]
    for name, part in named:
        kind = "figure" if isinstance(part, Figure) else "table"
        lines.append(f"{name}: {kind}, {' '.join(part.title.split())}")
    return "\n".join(lines) + "\n"
