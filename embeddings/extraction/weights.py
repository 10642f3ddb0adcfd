"""Where the networks' weights come from and lie, and whether they are what they were.

Weights are never fetched without being asked for. Each file's SHA-256 is recorded when it is first
seen and must be the same ever after::

    weights/FILE            a published checkpoint, under its own name
    weights/weights.json    file -> SHA-256, bytes, when and from where it came
"""

import os
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from embeddings.errors import InputError
from embeddings.files import only_writer, read_json, sha256_of, whole_file, write_json
from embeddings.progress import progress
from embeddings.representations import CARDS, Card, Variation

_CHUNK = 1 << 20
_SECONDS = 60  # without a byte before a download counts as broken


@dataclass(frozen=True, slots=True)
class Weights:
    """A checkpoint and its state: "there", "changed" (another SHA-256 than recorded), "missing"."""

    card: Card
    variation: Variation
    path: Path
    state: str
    sha256: str


def weights_folder(data: Path) -> Path:
    """Return the folder of all weights under the data folder."""
    return data / "weights"


def find_variation(card: Card, name: str | None = None) -> Variation:
    """Return a card's variation by name, its default where none is named; InputError if none."""
    if name is None and card.variations:
        return card.variations[0]
    for variation in card.variations:
        if variation.name == name:
            return variation
    known = ", ".join(one.name for one in card.variations) or "none: it has no weights"
    raise InputError(f"{card.name} has no variation {name!r}; it has: {known}.")


def list_weights(data: Path, *, verify: bool = False) -> list[Weights]:
    """Return the state of every checkpoint; with `verify` every file is read and compared."""
    known = _records(data)
    found = []
    for card in CARDS.values():
        for variation in card.variations:
            path = weights_folder(data) / variation.file
            recorded = known.get(variation.file, {})
            state = "there" if path.is_file() else "missing"
            if state == "there" and recorded:
                same = path.stat().st_size == recorded["bytes"]
                if same and verify:
                    same = sha256_of(path) == recorded["sha256"]
                state = "there" if same else "changed"
            found.append(Weights(card, variation, path, state, recorded.get("sha256", "")))
    return found


def verified_weights(data: Path, card: Card, variation: Variation) -> tuple[Path, str]:
    """Return a checkpoint's path and SHA-256, which is recorded now if it is seen first.

    Raises InputError where the file is missing (the sentence says which command gets it and where
    to put it by hand) or is not what it was.
    """
    path = weights_folder(data) / variation.file
    if not path.is_file():
        raise InputError(
            f"The weights of {card.name} ({variation.name}) are not here: "
            f"flask weights fetch {card.name} gets them, or download {variation.address} "
            f"and flask weights add FILE puts them at {path}."
        )
    return path, _record(data, path, "put there by hand")


def fetch_weights(
    data: Path, card: Card, variation: Variation, *, source: Path | None = None
) -> Path:
    """Download a checkpoint, going on where an earlier download stopped; return its path.

    `source` is a folder to take the file from instead, for machines without a network. What is
    there already and is what it was stays. Raises InputError where it cannot be had.
    """
    path = weights_folder(data) / variation.file
    path.parent.mkdir(parents=True, exist_ok=True)
    with only_writer(data / "locks" / f"weights-{variation.file}", f"fetching {variation.file}"):
        if path.is_file():
            _record(data, path, "put there by hand")
            return path
        if source is not None:
            add_weights(data, source / variation.file)
            return path
        partial = path.with_name(f".{path.name}.part")
        _download(variation.address, partial, variation.file)
        if variation.sha256 and sha256_of(partial) != variation.sha256:
            partial.unlink()
            raise InputError(_not_published(variation.file, variation.sha256))
        os.replace(partial, path)
        _record(data, path, variation.address)
    return path


def published_sha256(name: str) -> str:
    """Return the SHA-256 that the checkpoint of a file name must have, by its card.

    Raises InputError where no card knows the name, or the card no SHA-256.
    """
    for card in CARDS.values():
        for variation in card.variations:
            if variation.file == name:
                if variation.sha256:
                    return variation.sha256
                raise InputError(
                    f"The card of {card.name} has no SHA-256 of {name}, so nobody can tell whether "
                    "a file is what it should be: fetch it from where it is published, or add it "
                    "on the command line (flask weights add)."
                )
    raise InputError(f"{name} is no checkpoint of a card; known are: {', '.join(_files())}.")


def _files() -> list[str]:
    return [one.file for card in CARDS.values() for one in card.variations]


def _not_published(name: str, wanted: str) -> str:
    return (
        f"What came as {name} is not what was published: its SHA-256 is not that of the card, "
        f"{wanted[:12]}…. Nothing was kept."
    )


def add_weights(
    data: Path, file: Path, name: str | None = None, *, wanted: str | None = None
) -> Path:
    """Copy a checkpoint that was downloaded by hand into the weights folder; return its path.

    `name` is the name it should have there, where the file's own is another, `wanted` the SHA-256
    that it must have. Raises InputError where there is no such file, no card knows the name, the
    SHA-256 is another, or another file has the name already.
    """
    name = name or file.name
    if not file.is_file():
        raise InputError(f"{file}: there is no such file.")
    if name not in _files():
        raise InputError(
            f"{name} is no checkpoint of a card; known are: {', '.join(_files())} (--as NAME)."
        )
    if wanted is not None and sha256_of(file) != wanted:
        raise InputError(_not_published(name, wanted))
    path = weights_folder(data) / name
    if path.is_file():
        if sha256_of(path) != sha256_of(file):
            raise InputError(f"{path} is there already and is another file; remove it first.")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        with file.open("rb") as given, whole_file(path) as target:
            shutil.copyfileobj(given, target, _CHUNK)
    _record(data, path, str(file))
    return path


def _download(address: str, partial: Path, name: str) -> None:
    start = partial.stat().st_size if partial.is_file() else 0
    asked = urllib.request.Request(address, headers={"User-Agent": "sounding-board"})
    if start:
        asked.add_header("Range", f"bytes={start}-")
    try:
        with urllib.request.urlopen(asked, timeout=_SECONDS) as answer:
            if answer.status != 206:  # the server begins anew
                start = 0
            total = start + int(answer.headers.get("Content-Length") or 0)
            with (
                partial.open("ab" if start else "wb") as file,
                progress(total, "B", name, done=start) as bar,
            ):
                while chunk := answer.read(_CHUNK):
                    file.write(chunk)
                    bar.update(len(chunk))
            if total and partial.stat().st_size < total:
                raise OSError("the connection was closed early")
    except urllib.error.HTTPError as error:
        if error.code == 416 and start:  # all of it is there already
            return
        raise InputError(f"{address}: the server answered {error.code} {error.reason}.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError(
            f"{address}: could not be downloaded ({reason}). What came is kept: the same command "
            "goes on from there."
        ) from error


def _records(data: Path) -> dict[str, dict]:
    path = weights_folder(data) / "weights.json"
    return read_json(path) if path.is_file() else {}


def _record(data: Path, path: Path, source: str) -> str:
    """Compare a file with its record, or record it; return its SHA-256."""
    found = sha256_of(path)
    with only_writer(data / "locks" / "weights-record", "recording weights", wait=60):
        known = _records(data)
        recorded = known.get(path.name)
        if recorded and recorded["sha256"] != found:
            raise InputError(
                f"{path} is not what it was: its SHA-256 is {found[:12]}…, and "
                f"{recorded['sha256'][:12]}… was recorded on {recorded['seen_at'][:10]}. "
                "Remove it and fetch it again."
            )
        if not recorded:
            known[path.name] = {
                "sha256": found,
                "bytes": path.stat().st_size,
                "seen_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "from": source,
            }
            write_json(weights_folder(data) / "weights.json", known)
    return found
