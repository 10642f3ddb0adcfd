"""What systems.json of a bundle may say: of the collection, its families and the systems."""

from collections.abc import Collection
from typing import Any

from embeddings.collection.clips import CONVENTIONS
from evaluation.keys import Keys, shown
from evaluation.records.bundle import Bundle

FILE = "systems.json"


def check_provenance(bundle: Bundle, systems: Collection[str]) -> None:
    """Raise InputError where systems.json is not of a study's `systems`, or not as results read it.

    What it says beyond that is kept as it is: older versions said less.
    """
    keys = Keys(bundle.json(FILE), f"{bundle.name}: {FILE}")
    collection = keys.section("collection")
    collection.one_of("convention", CONVENTIONS, "corrected")
    _text_or_none(collection, "reader")
    families = keys.section("families")
    for name in list(families.table):
        families.names(name)
    told = keys.section("systems")
    for name in list(told.table):
        if name not in systems:
            raise keys.error("systems", f"names {shown(name)}, which is no system of the study.")
        _text_or_none(told.section(name).section("ranking"), "representation")


def _text_or_none(keys: Keys, key: str) -> None:
    value: Any = keys.take(key, object, "")
    if value is not None and not isinstance(value, str):
        raise keys.fail(key, "text", value)
