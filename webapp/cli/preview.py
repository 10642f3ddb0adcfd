"""flask collections preview: what an import would bring."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from flask.cli import with_appcontext

from embeddings.collection.previewing import DECODED_SECONDS, Preview, preview_collection
from embeddings.collection.sources import Options
from webapp.cli.source_options import layouts, source_options

_BROKEN = 20
_CLASSES = 40


@click.command(
    "preview",
    help=f"""Show what an import of PATH would bring, and store nothing.

First clips, classes, families, and what is broken or suspicious. Tables and file names are looked
at whole, and some of the sounds.

\b
{layouts()}""",
)
@source_options
@with_appcontext
def preview_command(path: Path, reader: str, options: Options) -> None:
    """Show what an import of PATH would bring."""
    for line in preview_lines(preview_collection(path, reader, options=options)):
        click.echo(line)


def preview_lines(found: Preview) -> Iterator[str]:
    """Yield what a preview says, line by line."""
    named = f"; licence: {found.licence}" if found.licence else ""
    yield f"{found.description}: {found.clips} clips, {len(found.class_counts)} classes, " + (
        f"{len(found.families)} families{named}."
    )
    yield "First clips:"
    for clip in found.first:
        length = "     -   " if clip.seconds is None else f"{clip.seconds:7.2f} s"
        yield f"  {length}  {clip.id}  [{', '.join(clip.labels)}]  {clip.file}"
    family_of = {label: family for family, labels in found.families.items() for label in labels}
    yield "Classes, with their clips and family:"
    yield from _some(
        [
            f"{count:6}  {label}" + (f"  ({family_of[label]})" if label in family_of else "")
            for label, count in found.class_counts.items()
        ],
        _CLASSES,
    )
    for what, lines in (("Broken", found.broken), ("Suspicious", found.suspicious)):
        yield f"{what}: {len(lines) or 'none seen'}"
        yield from _some(lines, _BROKEN)
    unseen = f", and nothing of the other {found.unseen}" if found.unseen else ""
    yield (
        f"Looked at: every row and file name; of {found.decoded} sounds the first "
        f"{DECODED_SECONDS:.0f} s were decoded{unseen}. Nothing was stored; an import decodes all."
    )


def _some(lines: Sequence[str], most: int) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:most])
    if len(lines) > most:
        yield f"  ... and {len(lines) - most} more"
