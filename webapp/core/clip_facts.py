"""What pages know of all clips: their classes to pick from, and a map's facts, sent once."""

import json
import zlib
from dataclasses import dataclass

from embeddings.collection.clips import Clip, Collection
from embeddings.maps.stored_maps import mapped_rows

NO_FAMILY, SEVERAL = -1, -2


@dataclass(frozen=True, slots=True)
class ClipFacts:
    """A collection's clips as JSON, and a tag that changes when they do."""

    body: bytes
    tag: str


def families_of(collection: Collection, clip: Clip) -> tuple[str, ...]:
    """Return the families of a clip's classes, in alphabetical order."""
    family_of = collection.family_of
    return tuple(sorted({family_of[label] for label in clip.labels if label in family_of}))


def class_picker(collection: Collection) -> dict[str, dict[str, int]]:
    """Return family -> class -> clips, the classes without a family under ""."""
    groups: dict[str, dict[str, int]] = {family: {} for family in sorted(collection.families)}
    for label, count in collection.class_counts.items():
        groups.setdefault(collection.family_of.get(label, ""), {})[label] = count
    return groups


def clip_facts(collection: Collection) -> ClipFacts:
    """Return the ids, titles, labels and families of the clips that maps show, in their order.

    "labels" are places in "classes"; "family" is a place in "families", `NO_FAMILY` or `SEVERAL`.
    """
    classes = list(collection.class_counts)
    families = sorted(collection.families)
    places = {label: place for place, label in enumerate(classes)}
    clips = [collection.clips[row] for row in mapped_rows(len(collection.clips))]
    body = json.dumps(
        {
            "ids": [clip.id for clip in clips],
            "titles": [clip.title for clip in clips],
            "labels": [[places[label] for label in clip.labels] for clip in clips],
            "family": [
                families.index(own[0]) if len(own) == 1 else SEVERAL if own else NO_FAMILY
                for own in (families_of(collection, clip) for clip in clips)
            ],
            "classes": classes,
            "families": families,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    return ClipFacts(body, f"{zlib.crc32(body):08x}")
