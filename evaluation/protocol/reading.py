"""Protocols as text: read from TOML and checked key by key, and written as TOML.

Every error names the key, the rule and the value that broke it.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from embeddings.collection.id_lists import read_names
from embeddings.errors import InputError
from embeddings.files import read_toml
from evaluation.keys import NAME_RULE, Keys, NotJson, WrongKey, is_name, json_object
from evaluation.protocol import parts
from evaluation.protocol.languages import read_languages, read_texts
from evaluation.protocol.scales import read_scale
from evaluation.protocol.template import template
from evaluation.protocol.terms import INSTRUCTIONS, INSTRUCTIONS_FOR, METHODS, Protocol, Scale
from evaluation.toml_text import toml_lines

__all__ = [
    "check_protocol",
    "parse_protocol",
    "protocol_from_json",
    "protocol_toml",
    "read_protocol",
    "read_terms",
    "ready_protocols",
    "template",
]

MOST_SYSTEMS = 14
MOST_DEPTH = 150

_READY = Path(__file__).with_name("ready")
_STORED = "the stored protocol"
_FIRST_VERSION = {
    "slug", "title", "collection", "systems", "queries", "depth", "scale", "instructions",
}  # fmt: skip


def read_protocol(path: Path) -> Protocol:
    """Read a protocol from a TOML file; its slug is the file's name unless the file says one.

    Where queries.clips is text it names a file beside the protocol, whose names of clips are taken.
    Raises InputError naming the file and the key that is wrong.
    """
    table = read_toml(path)
    if "slug" not in table and not is_name(path.stem):
        raise InputError(
            f"{path}: slug is missing, and the file's name cannot stand for it: it must be "
            f"{NAME_RULE}, not {path.stem!r}."
        )
    queries = table.get("queries")
    if isinstance(queries, dict) and isinstance(queries.get("clips"), str):
        names = [name for _, name in read_names(path.parent / queries["clips"])]
        queries["clips"] = list(dict.fromkeys(names))
    return parse_protocol({"slug": path.stem, **table}, str(path))


def parse_protocol(table: dict[str, Any], source: str, *, stored: bool = False) -> Protocol:
    """Return the protocol that `table` describes; raise InputError naming `source` and the key.

    `stored` says that it comes from a study that exists: a study of one system was possible once,
    and what it is silent about keeps the meaning that it had, not today's default.
    """
    return read_terms(Keys(table, source), stored=stored)


def check_protocol(table: dict[str, Any], source: str) -> tuple[Protocol | None, list[WrongKey]]:
    """Return the protocol that `table` describes, None for none, and all that is wrong with it.

    Of each key the first error is told, in the sentence that `parse_protocol` raises.
    """
    wrong: list[WrongKey] = []
    found = read_terms(Keys(table, source, wrong=wrong))
    return (None if wrong else found), wrong


def read_terms(keys: Keys, *, stored: bool = False) -> Protocol:
    """Return the protocol whose keys these are; see `parse_protocol`."""
    slug, title = keys.name("slug"), keys.line("title")
    collection, systems = keys.line("collection"), keys.names("systems")
    if not (stored and systems) and not 2 <= len(systems) <= MOST_SYSTEMS:
        keys.refuse("systems", f"must name 2 to {MOST_SYSTEMS} systems, not {len(systems)}.")
    method = keys.one_of("method", METHODS, "graded")
    controls = parts.read_controls(keys.section("controls"), method)
    scale = keys.section("scale").whole_or(Scale(), lambda part: read_scale(part, method))
    protocol = Protocol(
        slug=slug,
        title=title,
        collection=collection,
        systems=systems,
        queries=parts.read_queries(keys.section("queries", required=True)),
        method=method,
        depth=keys.whole("depth", 5, 1, MOST_DEPTH),
        raters_per_query=keys.whole("raters_per_query", 3, 0, 1000),
        page=parts.read_page(keys, method),
        largest_block=parts.read_largest_block(keys, controls),
        sitting=keys.whole("sitting", 0, 0, 1000),
        lease_minutes=keys.whole("lease_minutes", 240, 5, 100_000),
        practice=keys.flag("practice", True),
        scale=scale,
        controls=controls,
        screening=parts.read_screening(keys.section("screening"), controls, method, stored=stored),
        listening=parts.read_listening(keys.section("listening"), method, stored=stored),
        questionnaire=parts.read_questionnaire(keys.section("questionnaire")),
        joining=parts.read_joining(keys.section("joining")),
        analysis=parts.read_analysis(
            keys.section("analysis"), method, scale, systems, stored=stored
        ),
        instructions=keys.text("instructions", INSTRUCTIONS_FOR.get(method, INSTRUCTIONS)),
        consent=keys.text("consent", ""),
        ends=keys.day("ends"),
        withdrawal_until=keys.day("withdrawal_until"),
        contact=parts.read_contact(keys),
        languages=read_languages(keys),
    )
    protocol = replace(protocol, texts=read_texts(keys, protocol))
    keys.finish()
    if "" < protocol.withdrawal_until < protocol.ends:
        rule = f"{protocol.ends}, when the study ends, or later"
        keys.must_be("withdrawal_until", rule, protocol.withdrawal_until)
    return protocol


def protocol_from_json(text: str) -> Protocol:
    """Return the protocol whose canonical JSON is `text`.

    What the first version stored keeps its meaning: everybody judges every query on one page,
    without practice, controls, sound check or levelling.
    """
    try:
        table = json_object(text)
    except NotJson as error:
        raise InputError(f"{_STORED}: {error.what}.") from error
    if set(table) == _FIRST_VERSION and isinstance(table["scale"], dict):
        table |= {
            "raters_per_query": 0,
            "page": 100,
            "largest_block": parts.MOST_IN_BLOCK,
            "practice": False,
            "scale": table["scale"] | {"step": 0},
            "controls": {"identity": False, "distractors": 0, "repeats": 0},
            "listening": {"sound_check": False, "level": False},
        }
    return parse_protocol(table, _STORED, stored=True)


def protocol_toml(protocol: Protocol) -> str:
    """Return a protocol as TOML that reads back as the same protocol."""
    return "\n".join(toml_lines(protocol.as_table())) + "\n"


def ready_protocols() -> dict[str, Path]:
    """Return the protocols that come with Sounding Board: the TOML file of each, by name."""
    return {path.stem: path for path in sorted(_READY.glob("*.toml"))}
