"""What says where a collection's sounds are and how they are read: of import and of preview."""

import textwrap
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from embeddings.collection.label_cells import LABEL_SEPARATORS
from embeddings.collection.readers import READERS, find_reader
from embeddings.collection.sources import Options
from embeddings.errors import InputError

_WIDTH = 78


def layouts() -> str:
    """Return what each reader reads, a line or more each, for the help."""
    wide = max(len(reader.usage) for reader in READERS.values())
    return "\n".join(
        textwrap.fill(
            f"--reader {reader.usage:{wide}}  {reader.layout}",
            _WIDTH,
            subsequent_indent=" " * (wide + len("--reader   ")),
            break_on_hyphens=False,
        )
        for reader in READERS.values()
    )


class _ReaderName(click.ParamType):
    """The name of a reader, with what it takes behind a colon."""

    name = "reader"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        try:
            return find_reader(value).name
        except InputError as error:
            self.fail(str(error), param, ctx)


_OPTIONS = (
    click.argument("path", type=click.Path(path_type=Path)),
    click.option(
        "--reader",
        type=_ReaderName(),
        metavar="READER",
        required=True,
        help="The layout of PATH, as above.",
    ),
    click.option(
        "--families", type=click.Path(path_type=Path), help="A JSON file of family -> [classes]."
    ),
    click.option(
        "--group-column", help="The column that names each clip's uploader or source recording."
    ),
    click.option(
        "--label-separator",
        type=click.Choice(LABEL_SEPARATORS),
        default=LABEL_SEPARATORS[0],
        metavar="SIGN",
        help="Between two labels in a cell: , (unless told), | or ;. none: each cell is one label.",
    ),
    click.option("--id-column", help="The column that names each clip, of --reader hf."),
    click.option("--label-column", help="The column of the labels, of --reader hf."),
)
_TAKEN = ("families", "group_column", "label_separator", "id_column", "label_column")


def source_options(command: Callable) -> Callable:
    """Give a command PATH, --reader and the options of reading, as `path`, `reader`, `options`."""

    @wraps(command)
    def with_options(**given: Any) -> Any:
        options = Options(**{name: given.pop(name) for name in _TAKEN})
        return command(**given, options=options)

    given_all: Callable = with_options
    for option in reversed(_OPTIONS):
        given_all = option(given_all)
    return given_all
