"""Computing a representation of a whole collection: parallel, resumable, with failures recorded.

While it runs, finished clips lie in a journal beside the embeddings (``.NAME.partial/``). Whatever
is killed, the next run goes on from there, and the embedding that comes out has the same bytes:
where clips go through a network one by one. In batches, which clips are together moves the last
bits of a vector.
"""

import importlib.metadata
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from embeddings import __version__
from embeddings.collection.clips import Clip, Collection
from embeddings.errors import InputError
from embeddings.extraction.journal import Journal, entries_of, open_journal
from embeddings.extraction.weights import find_variation, verified_weights
from embeddings.files import check_name, only_writer
from embeddings.packages import lack_of
from embeddings.progress import progress
from embeddings.representations import CARDS, Card, mteb
from embeddings.representations.own import Own
from embeddings.representations.runner import BatchEmbedder, Embedder, Job, Representation
from embeddings.search.backends import find_device
from embeddings.systems.store import (
    Embedding,
    embedding_names,
    open_embedding,
    write_embedding,
)
from embeddings.tasks import Failure, Workers, engine

GPU_BATCH = 16
"""Clips that go through a network at once on a GPU, unless told; a guess, no GPU was measured."""


def find_card(name: str) -> Card:
    """Return the card of the representation `name`, in any case of letters; InputError if none."""
    for card in CARDS.values():
        if card.name.lower() == name.lower():
            return card
    raise InputError(f"There is no representation {name!r}; there are: {', '.join(CARDS)}.")


def embedding_name(
    card: Card, extraction: str, variation: str | None = None, backend: str | None = None
) -> str:
    """Return the folder name of the embedding that `card` gives by these choices.

    What is the default is not in the name. Raises InputError for a choice that the card has not.
    """
    if extraction not in card.extractions:
        raise InputError(
            f"{card.name} has no extraction {extraction!r}; it has: {', '.join(card.extractions)}."
        )
    if backend is not None and backend not in card.backends:
        known = ", ".join(card.backends) or "none: there is no choice"
        raise InputError(f"{card.name} has no backend {backend!r}; it has: {known}.")
    others = _not_default(card, extraction, variation, backend)
    return "-".join([card.embedding, *(re.sub(r"[^A-Za-z0-9_-]", "_", one) for one in others)])


def _not_default(
    card: Card, extraction: str, variation: str | None, backend: str | None
) -> list[str]:
    """Return the variation, the extraction and the backend that are not the card's defaults."""
    others = []
    if variation is not None and variation != find_variation(card).name:
        others.append(find_variation(card, variation).name)
    if extraction != next(iter(card.extractions)):
        others.append(extraction)
    if backend not in (None, *list(card.backends)[:1]):
        others.append(f"by {backend}")
    return others


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be computed of every clip.

    Attributes
    ----------
    representation : its name, as people know it
    name : the embedding's folder
    dim : numbers in a vector
    embedder : computes them
    facts : what else ``meta.json`` says of how they were made
    """

    representation: str
    name: str
    dim: int
    embedder: Embedder
    facts: dict[str, Any]


def plan(
    data: Path,
    card: Card,
    extraction: str | None = None,
    *,
    variation: str | None = None,
    device: str = "cpu",
    backend: str | None = None,
) -> Task:
    """Return the task of computing a representation, its packages and weights checked.

    Raises
    ------
    InputError
        A package is not installed; weights are missing or not what they were; unknown names; the
        backend cannot be used here.
    """
    extraction = extraction or next(iter(card.extractions))
    name = embedding_name(card, extraction, variation, backend)
    for module, package in card.packages:
        if lack := lack_of(module, package):
            raise InputError(f"{card.name} needs the package {package}, which {lack}.")
    package = card.packages[0][1]
    others = _not_default(card, extraction, variation, backend)
    facts: dict[str, Any] = {"title": f"{card.name} ({', '.join(others)})"} if others else {}
    facts |= {
        "extraction": extraction,
        "package": package,
        "package_version": importlib.metadata.version(package),
    }
    dim, weights = card.dim, None
    if card.kind == "extractor":
        dim = importlib.import_module(card.module).dim_of(extraction)
    if card.variations:
        chosen = find_variation(card, variation)
        dim = chosen.dim
        weights, digest = verified_weights(data, card, chosen)
        facts |= {"variation": chosen.name, "weights": chosen.file, "weights_sha256": digest}
    device = find_device(device) if card.kind == "torch" else "cpu"  # Essentia computes there
    embedder: Embedder = Representation(
        card.module, card.kind, card.resampler, extraction, weights, device
    )
    if card.backends:
        facts["backend"] = backend or next(iter(card.backends))
    if backend == "laion-clap":
        from embeddings.representations.laion_clap_package import PACKAGE, Packaged

        assert weights is not None
        embedder = Packaged(weights, device)
        embedder.check()
        facts |= {"package": PACKAGE, "package_version": importlib.metadata.version(PACKAGE)}
    return Task(card.name, name, dim, embedder, facts)


def plan_own(
    source: str,
    representation: str,
    *,
    weights: Path | None = None,
    device: str = "cpu",
    collection: Collection | None = None,
) -> Task:
    """Return the task of computing a user's own representation; see `representations.own`.

    Parameters
    ----------
    representation : its name, as people know it; lower-cased it names the embedding's folder
    collection : of what it is to be computed; its shortest clip is tried where long sounds fail

    Raises
    ------
    InputError
        The name is a card's, or the source is not as it must be.
    """
    check_name("representation", representation)
    if representation.lower() in [card.embedding for card in CARDS.values()]:
        raise InputError(f"{representation} has a card already; choose another name.")
    if weights is not None and not weights.is_file():
        raise InputError(f"{weights}: there is no such file.")
    own = Own(source, weights and weights.resolve(), find_device(device))
    of_mteb = source.startswith(mteb.PREFIX)
    if of_mteb and weights:
        raise InputError(f"{source} brings its own weights; leave out --weights.")
    lengths = [clip.seconds for clip in collection.clips] if collection else []
    dim = own.probe(min(lengths)) if lengths else own.probe()
    facts: dict[str, Any] = {"source": Path(source).name, "weights": weights and weights.name}
    if of_mteb:
        facts = {"source": source, "package": "mteb", "package_version": mteb.version()}
    else:
        facts["packages"] = own.packages()
    return Task(representation, representation.lower(), dim, own, facts)


def extract_embedding(
    collection: Collection,
    task: Task,
    *,
    workers: Workers = None,
    batch: int | None = None,
    again: bool = False,
    retry: bool = False,
) -> Embedding:
    """Compute the vectors of every clip and store them; return the embedding.

    A whole embedding that is there already is opened and returned, unless `again` (compute all
    anew) or `retry` (compute the clips that failed). A clip that fails is recorded with its reason
    (``meta["failed"]``) and does not stop the others.

    Parameters
    ----------
    workers : see `embeddings.tasks.engine`; processes on all cores unless told, one on a GPU
    batch : clips that go through a torch network at once; 1 unless told, `GPU_BATCH` on a GPU

    Raises
    ------
    InputError
        Another process is extracting the same, or every clip failed.
    """
    name = task.name
    if not is_to_do(collection, task, again=again, retry=retry):
        return open_embedding(collection, name)
    old = open_embedding(collection, name) if name in embedding_names(collection) else None
    partial_folder = _journal_folder(collection, name)
    lock = collection.data / "locks" / f"extract-{collection.name}.{name}"
    conditions = _conditions(collection, task)
    with only_writer(lock, f"extracting {name} of {collection.name!r}"):
        with open_journal(partial_folder, conditions, task.dim) as journal:
            if old and not again:
                journal.take_over(old, [clip.id for clip in collection.clips])
            _extract_missing(collection, task, journal, workers, batch)
            vectors, frames, failed = journal.assemble([clip.id for clip in collection.clips])
        if not len(vectors):
            shutil.rmtree(partial_folder)
            reason = next(iter(failed.values()))
            raise InputError(
                f"{task.representation} could be computed of no clip; the first: {reason}"
            )
        meta = {"provenance": "computed", "representation": task.representation, **task.facts}
        folder = write_embedding(collection, name, vectors, meta, frames=frames, failed=failed)
        if isinstance(task.embedder, Own):
            task.embedder.remember(folder)
        shutil.rmtree(partial_folder)
    return open_embedding(collection, name)


def is_to_do(
    collection: Collection, task: Task, *, again: bool = False, retry: bool = False
) -> bool:
    """Return whether `extract_embedding` would compute anything; else it opens what is there."""
    if again or task.name not in embedding_names(collection):
        return True
    return retry and bool(open_embedding(collection, task.name).meta["failed"])


def clips_to_do(collection: Collection, task: Task) -> list[Clip]:
    """Return the clips that `extract_embedding` would compute: all, or those that are missing."""
    if not is_to_do(collection, task):
        return []
    folder = _journal_folder(collection, task.name)
    if not folder.is_dir():
        return list(collection.clips)
    known = entries_of(folder, _conditions(collection, task))
    return [clip for clip in collection.clips if clip.id not in known]


def _journal_folder(collection: Collection, name: str) -> Path:
    return collection.folder / "embeddings" / f".{name}.partial"


def _conditions(collection: Collection, task: Task) -> list[Any]:
    return [collection.ids_sha256, task.name, task.dim, task.facts, __version__]


def _extract_missing(
    collection: Collection, task: Task, journal: Journal, workers: Workers, batch: int | None
) -> None:
    on_gpu = getattr(task.embedder, "device", "cpu") != "cpu"
    # A GPU is one: processes would only keep its memory from each other.
    workers = 1 if on_gpu else workers
    batch = batch or (GPU_BATCH if on_gpu else 1)
    clips = [clip for clip in collection.clips if clip.id not in journal.entries]
    if batch > 1:
        # Clips of one length can share a forward pass; the longest, which need most memory, first.
        clips.sort(key=lambda clip: -clip.seconds)
    jobs: list[Job] = [(clip.id, collection.audio_path(clip)) for clip in clips]
    total = len(collection.clips)
    with progress(total, "clip", task.representation, done=total - len(jobs)) as bar:
        for clip_id, result in _results(task.embedder, jobs, batch, workers):
            if isinstance(result, Failure):
                journal.fail(clip_id, result.reason)
            else:
                journal.add(clip_id, result)
            bar.update()


def _results(
    embedder: Embedder, jobs: list[Job], batch: int, workers: Workers
) -> Iterator[tuple[str, np.ndarray | Failure]]:
    """Yield each clip's id and its vectors, or why it has none, in no fixed order.

    A clip that has no vectors after its batch is tried again alone: that tells which one could not
    be read, took too much memory or crashed the process, and spares the others.
    """
    alone = jobs
    if batch > 1 and isinstance(embedder, BatchEmbedder) and embedder.takes_batches:
        alone = []
        failed_before = False
        batches = [jobs[at : at + batch] for at in range(0, len(jobs), batch)]
        for some, found in engine(workers).run(embedder.together, batches):
            if isinstance(found, Failure):
                if not failed_before:
                    text = f"A batch failed ({found.reason}): its clips are computed one by one."
                    tqdm.write(text, file=sys.stderr)
                failed_before = True
                found = [None] * len(some)
            for job, vectors in zip(some, found, strict=True):
                if vectors is None:
                    alone.append(job)
                else:
                    yield job[0], vectors
    for (clip_id, _), result in engine(workers).run(partial(_run, embedder), alone):
        yield clip_id, result


def _run(embedder: Embedder, job: Job) -> np.ndarray:
    clip_id, path = job
    return embedder(path, clip_id)
