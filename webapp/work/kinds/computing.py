"""Computing representations of a collection: those with a card, and own ones that are known."""

import time
from collections.abc import Iterator, Sequence

from flask import current_app
from flask_babel import lazy_gettext

from embeddings.collection.clips import Collection, open_collection
from embeddings.extraction.extract import (
    Task,
    extract_embedding,
    find_card,
    is_to_do,
    plan,
    plan_own,
)
from embeddings.extraction.registered import find_registered
from embeddings.systems.store import Embedding
from webapp.core.database import db
from webapp.work.kinds import Arguments, Kind, Lead, of_collection, several

OWN = "own:"
"""What stands before the key of a representation of one's own."""


def compute(
    sounds: Collection,
    tasks: Sequence[Task],
    *,
    workers: int | None = None,
    batch: int | None = None,
    again: bool = False,
    retry: bool = False,
) -> Iterator[tuple[Embedding, float | None, str]]:
    """Do tasks one after the other; yield each one's embedding, its seconds, and a line or "".

    The seconds are None where it was there already. The line says which simulated embedding it took
    the place of.
    """
    from webapp.demo.demo import replace_simulated  # which imports all that makes sounds

    for task in tasks:
        computing = is_to_do(sounds, task, again=again, retry=retry)
        start = time.monotonic()
        made = extract_embedding(
            sounds, task, workers=workers, batch=batch, again=again, retry=retry
        )
        seconds = time.monotonic() - start if computing else None
        yield made, seconds, replace_simulated(sounds, made)
        db.session.rollback()  # nothing is held while the next one is computed


def _check(given: Arguments) -> Arguments:
    data = current_app.config["DATA"]
    sounds = open_collection(data, str(given.get("collection", "")))
    chosen = several(given, "representations", "representation")
    names = [
        OWN + find_registered(data, one.removeprefix(OWN)).key
        if one.startswith(OWN)
        else find_card(one).name
        for one in chosen
    ]
    return {
        "collection": sounds.name,
        "representations": names,
        "retry": bool(given.get("retry")),
    }


def _run(arguments: Arguments) -> tuple[str, Arguments]:
    sounds = open_collection(current_app.config["DATA"], arguments["collection"])
    tasks = [_task(sounds, name) for name in arguments["representations"]]
    made_all, failed = [], 0
    for made, seconds, replaced in compute(sounds, tasks, retry=arguments["retry"]):
        took = "was there already" if seconds is None else f"{seconds:.0f} s"
        made_all.append(made)
        print(f"{made.name}: {len(made.rows)} clips, {made.meta['dim']} dimensions, {took}")
        if replaced:
            print(replaced)
        for clip, reason in made.meta["failed"].items():
            print(f"failed: {made.name}: {clip}: {reason}")
        failed += len(made.meta["failed"])
    some = f" {failed} clips failed, and are left out; the log says why." if failed else ""
    titles = ", ".join(one.meta.get("title", one.meta["representation"]) for one in made_all)
    names = [one.name for one in made_all]
    return f"{titles} of {len(sounds.clips)} clips.{some}", {"embeddings": names}


def _task(sounds: Collection, name: str) -> Task:
    if not name.startswith(OWN):
        return plan(sounds.data, find_card(name), device="auto")
    known = find_registered(sounds.data, name.removeprefix(OWN), verify=True)
    return plan_own(
        known.own.source, known.name, weights=known.own.weights, device="auto", collection=sounds
    )


def _about(arguments: Arguments) -> str:
    return f"{', '.join(arguments['representations'])} · {arguments['collection']}"


def _leads(arguments: Arguments, result: Arguments) -> list[Lead]:
    to = {"name": arguments["collection"], "_anchor": "rankings"}
    return [Lead(lazy_gettext("Build rankings"), "prepare.page", to)]


KIND = Kind(
    name="compute",
    words=lazy_gettext("Compute representations"),
    about=_about,
    place=of_collection,
    check=_check,
    run=_run,
    leads=_leads,
)
