"""Text as LaTeX sets it: nothing that a name or a sentence has in it is read as a command."""

import re
import unicodedata

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi",
    "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi",
    "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
_SIGNS = {
    "−": "-", "×": r"\times", "·": r"\cdot", "±": r"\pm", "≤": r"\leq", "≥": r"\geq",
    "≠": r"\neq", "≈": r"\approx", "∞": r"\infty", "→": r"\rightarrow", "←": r"\leftarrow",
    "↔": r"\leftrightarrow", "↑": r"\uparrow", "↓": r"\downarrow", "√": r"\surd", "°": r"^{\circ}",
    "′": r"^{\prime}", "²": "^{2}", "³": "^{3}", "₁": "_{1}", "₂": "_{2}",
}  # fmt: skip
_PLAIN = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': "''", "`": r"\`{}",
    # After the end of a row these would be read as its arguments.
    "[": "{[}", "]": "{]}", "*": "{*}",
    "–": r"\textendash{}", "—": r"\textemdash{}", "‑": "-", "…": r"\ldots{}",
    "“": "``", "”": "''", "‘": "`", "’": "'",
    "\N{NO-BREAK SPACE}": "~", "\N{NARROW NO-BREAK SPACE}": r"\,", "\N{THIN SPACE}": r"\,",
}  # fmt: skip
_MATHS = {key: rf"\ensuremath{{{sign}}}" for key, sign in _SIGNS.items()}
_LATIN = {key: rf"\ensuremath{{\{name}}}" for key, name in _GREEK.items()}
_TABLE = str.maketrans(_LATIN | _MATHS | _PLAIN)
_LAST_KNOWN = "ſ"
"""The last letter of Latin Extended-A: what is behind it has no glyph in pdfLaTeX's fonts."""

_LONG_WORD = 12
"""Letters of a word that is kept whole, whatever it costs."""


def latex(text: str) -> str:
    """Return a text as LaTeX that sets it letter by letter, in one line.

    Letters with accents stay as they are, since LaTeX reads UTF-8; `engine` says what they want.
    """
    kept = "".join(map(_visible, unicodedata.normalize("NFC", text))).translate(_TABLE)
    apart = re.sub(r"-(?=-)", "-{}", kept)  # two hyphens would become a dash
    # Spaces alone: the other blanks of Unicode are set as what they are.
    return re.sub(" +", " ", apart).strip(" ")


def breakable(text: str) -> str:
    """Return a text as `latex` has it, whose long words may be broken into lines."""
    words = [word for word in unicodedata.normalize("NFC", text).split(" ") if word]
    return " ".join(
        _pieces(word) if len(word) > _LONG_WORD else latex(word) for word in words
    ).strip(" ")


def _pieces(word: str) -> str:
    """Return a word with breaks behind its signs, and where need be within its letters."""
    runs = [re.findall(r".{1,3}", run, re.DOTALL) for run in re.findall(r"[^\W_]+|[\W_]+", word)]
    return r"\allowbreak{}".join(r"\penalty500{}".join(map(latex, run)) for run in runs)


def _visible(letter: str) -> str:
    if letter.isspace() and ord(letter) not in _TABLE:
        return " "
    return "" if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co") else letter


def comment(text: str) -> str:
    """Return a text as a line that LaTeX passes over."""
    return f"% {' '.join(text.split())}".rstrip()


def engine(tex: str) -> list[str]:
    """Return what a file says of the engines that can set it, as comments; nothing for ASCII."""
    shown = "\n".join(line for line in tex.splitlines() if not line.startswith("%"))
    if tex.isascii():
        return []
    old = comment(r"UTF-8: LaTeX from before 2018 wants \usepackage[utf8]{inputenc}.")
    if max(shown, default="") <= _LAST_KNOWN:
        return [old]
    return [old, comment("It has letters beyond the Latin ones: set it with LuaLaTeX or XeLaTeX.")]


def captioned(title: str, caption: str, label: str) -> str:
    """Return a caption that begins with the title, and its label; ready LaTeX."""
    short = latex(title)
    end = "" if not short or short[-1] in ".?!:" else "."
    whole = f"{short}{end} {latex(caption)}".strip()
    return f"\\caption[{short}]{{{whole}}}\\label{{{label}}}"
