"""Small faults that can be planted in Python source, each as one change of a span of its text."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

SWAPPED = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"), ast.Is: ("is", "is not"), ast.IsNot: ("is not", "is"),
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"), ast.Mod: ("%", "*"), ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"), ast.And: ("and", "or"), ast.Or: ("or", "and"),
}  # fmt: skip
NAMES = {
    "min": "max", "max": "min", "argmin": "argmax", "argmax": "argmin", "any": "all", "all": "any",
    "minimum": "maximum", "maximum": "minimum", "nanmin": "nanmax", "nanmax": "nanmin",
    "ceil": "floor", "floor": "ceil", "nanmean": "mean", "cumsum": "sum",
}  # fmt: skip
# Arguments that a call also works without, and then does something else.
DROPPED = {"axis", "ddof", "key", "keepdims", "kind", "minlength", "reverse", "side"}
LAST_AXIS = {"argpartition", "argsort", "diff", "partition", "sort"}  # go along it by themselves
# What only words a message, types or tests the code itself: a change is none of behaviour.
SKIPPED = (ast.JoinedStr, ast.Assert, ast.Import, ast.ImportFrom, ast.Raise)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: the text from `start` to `end` of a file becomes `new`.

    Attributes
    ----------
    file : relative to the project
    start, end : places in the file's text
    first, last : the lines, from one, of what is changed
    statement : the first line of the statement that it is in
    line : the text of the first line, without the space around it
    change : "old -> new" in words short enough for a table
    number : of those with the same line and change in the file, from zero
    """

    file: str
    start: int
    end: int
    new: str
    first: int
    last: int
    statement: int
    line: str
    change: str
    number: int = 0

    @property
    def name(self) -> str:
        """What it is called for as long as its line stays what it is, wherever it moves."""
        return f"{self.file}: {self.line} [{self.change}] #{self.number}"

    def applied(self, text: str) -> str:
        """Return the file's text with the fault in it."""
        return text[: self.start] + self.new + text[self.end :]


def find(file: str, text: str) -> list[Mutant]:
    """Return every fault that can be planted in a file, in the order of its text."""
    found = {(one.start, one.end, one.new): one for one in _Finder(file, text).all()}
    times: Counter[tuple[str, str]] = Counter()
    numbered = []
    for place in sorted(found):
        alike = found[place].line, found[place].change
        numbered.append(replace(found[place], number=times[alike]))
        times[alike] += 1
    return numbered


def compiles(text: str) -> bool:
    """Tell whether a text is Python."""
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


class _Finder:
    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))

    def all(self) -> Iterator[Mutant]:
        for node, statement in _walk(ast.parse(self.text)):
            for start, end, new in self._changes(node):
                yield self._mutant(start, end, new, statement)

    def _mutant(self, start: int, end: int, new: str, statement: ast.stmt) -> Mutant:
        old = " ".join(self.text[start:end].split())
        first = self.text.count("\n", 0, start) + 1
        last = self.text.count("\n", 0, end) + 1
        line = self.lines[first - 1].strip()
        change = f"{_short(old)} -> {_short(new) or 'nothing'}"
        return Mutant(self.file, start, end, new, first, last, statement.lineno, line, change)

    def _at(self, line: int, column: int) -> int:
        """Return the place in the text: columns are counted in bytes of UTF-8."""
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def _span(self, node: ast.AST) -> tuple[int, int]:
        return (
            self._at(node.lineno, node.col_offset),  # type: ignore[attr-defined]
            self._at(node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
        )

    def _changes(self, node: ast.AST) -> Iterator[tuple[int, int, str]]:
        match node:
            case ast.Compare():
                for left, kind, right in zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                ):
                    yield from self._operator(left, kind, right)
            case ast.BinOp() if not _is_path(node):
                yield from self._operator(node.left, node.op, node.right)
            case ast.BoolOp():
                for left, right in zip(node.values, node.values[1:], strict=False):
                    yield from self._operator(left, node.op, right)
            case ast.AugAssign() if type(node.op) in SWAPPED:
                old, new = SWAPPED[type(node.op)]
                yield from self._between(node.target, node.value, f"{old}=", f"{new}=")
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
                start, end = self._span(node)
                yield start, end, self.text[self._span(node.operand)[0] : end]
            case ast.Constant():
                yield from self._constant(node)
            case ast.Return() if node.value and not isinstance(node.value, ast.Constant):
                yield *self._span(node), "return None"
            case ast.Expr(value=ast.Call()) | ast.Assign(targets=[ast.Attribute()]):
                yield *self._span(node), "pass"
            case ast.Assign(targets=[ast.Subscript()]) | ast.Raise() | ast.Continue() | ast.Break():
                yield *self._span(node), "pass"
            case ast.If() | ast.While() | ast.IfExp():
                start, end = self._span(node.test)
                yield start, end, f"not ({self.text[start:end]})"
            case ast.Name() | ast.Attribute():
                yield from self._other_name(node)
            case ast.Call():
                yield from self._arguments(node)

    def _operator(self, left: ast.expr, kind: ast.AST, right: ast.expr) -> Iterator:
        if type(kind) in SWAPPED:
            yield from self._between(left, right, *SWAPPED[type(kind)])

    def _between(self, left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator:
        start, end = self._span(left)[1], self._span(right)[0]
        pattern = rf"\b{old}\b".replace(" ", r"\s+") if old[0].isalpha() else re.escape(old)
        if found := re.search(pattern, self.text[start:end]):
            yield start + found.start(), start + found.end(), new

    def _constant(self, node: ast.Constant) -> Iterator[tuple[int, int, str]]:
        value = node.value
        if isinstance(value, bool):
            yield *self._span(node), str(not value)
        elif isinstance(value, int):
            yield *self._span(node), str(value + 1)
        elif isinstance(value, float):
            yield *self._span(node), repr(value * 1.5 if value else 1.0)

    def _other_name(self, node: ast.Name | ast.Attribute) -> Iterator[tuple[int, int, str]]:
        name = node.id if isinstance(node, ast.Name) else node.attr
        if name in NAMES and isinstance(node.ctx, ast.Load):
            end = self._span(node)[1]
            yield end - len(name), end, NAMES[name]

    def _arguments(self, node: ast.Call) -> Iterator[tuple[int, int, str]]:
        for one in node.keywords:
            if one.arg == "axis" and _is_number(one.value, 0, 1):
                yield *self._span(one.value), str(1 - one.value.value)  # type: ignore[attr-defined]
            if one.arg in DROPPED and not (one.arg == "axis" and _name(node.func) in LAST_AXIS):
                start, end = self._span(one)
                before = re.search(r",\s*$", self.text[:start])
                yield (before.start() if before else start), end, ""


def _walk(tree: ast.Module) -> Iterator[tuple[ast.AST, ast.stmt]]:
    """Yield the nodes that may be changed, each with the statement that it is in."""
    todo: list[tuple[ast.AST, ast.stmt]] = [(one, one) for one in reversed(tree.body)]
    while todo:
        node, statement = todo.pop()
        yield node, statement
        if isinstance(node, SKIPPED):
            continue
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list"):
                continue
            if isinstance(node, ast.keyword) and node.arg == "axis":
                continue  # its own change is the other axis
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    todo.append((child, child if isinstance(child, ast.stmt) else statement))


def _is_path(node: ast.BinOp) -> bool:
    """Tell whether a division has a text on its right, and so joins a path."""
    text = isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)
    return isinstance(node.op, ast.Div) and (text or isinstance(node.right, ast.JoinedStr))


def _name(node: ast.expr) -> str:
    """Return the last name of what is called, "" where it has none."""
    return getattr(node, "attr", getattr(node, "id", ""))


def _is_number(node: ast.expr, *numbers: int) -> bool:
    return isinstance(node, ast.Constant) and node.value in numbers


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
