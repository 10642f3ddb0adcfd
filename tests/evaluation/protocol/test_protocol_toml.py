"""Protocols as TOML and JSON: there and back, the template, the ready ones."""

import re
import tomllib
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.representations import CARDS
from evaluation.protocol.reading import (
    parse_protocol,
    protocol_toml,
    read_protocol,
    ready_protocols,
    template,
)
from evaluation.protocol.scales import PRESETS
from evaluation.protocol.terms import (
    INSTRUCTIONS,
    METHODS,
    Facet,
    Protocol,
    Queries,
    Question,
)
from tests.support.protocols import QUESTIONS, back, parsed

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1).map(
    lambda text: " ".join(text.split())
)


LINES = WORDS.filter(bool)


MARKDOWN = st.lists(WORDS, min_size=1).map("\n".join).map(str.strip)


NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", fullmatch=True)


SYSTEMS = st.lists(LINES, min_size=2, max_size=14, unique=True)


FRACTIONS = st.floats(0, 1)


QUESTION_TABLES = st.lists(
    st.fixed_dictionaries(
        {"id": NAMES, "text": MARKDOWN.filter(bool), "required": st.booleans()},
        optional={"kind": st.sampled_from(["text", "number"])},
    )
    | st.fixed_dictionaries(
        {
            "id": NAMES,
            "text": LINES,
            "kind": st.just("choice"),
            "choices": st.lists(LINES, min_size=2, unique=True),
        }
    ),
    unique_by=lambda question: question["id"],
    max_size=3,
)


SCALES = (
    st.fixed_dictionaries({"preset": st.sampled_from(list(PRESETS))})
    | st.fixed_dictionaries({"facets": st.just(["semantic", "acoustic"])})
    | st.fixed_dictionaries(
        {
            "question": LINES,
            "anchors": st.lists(
                st.tuples(st.integers(0, 100), LINES).map(list),
                min_size=2,
                max_size=10,
                unique_by=lambda anchor: anchor[0],
            ).map(sorted),
        },
        optional={"step": st.sampled_from([0, 1])},
    )
)


TABLES = st.fixed_dictionaries(
    {
        "slug": NAMES,
        "title": LINES,
        "collection": LINES,
        "systems": SYSTEMS,
        "queries": st.fixed_dictionaries(
            {"per_class": st.integers(1, 1000)}, optional={"leave_out": SYSTEMS}
        )
        | st.fixed_dictionaries({"clips": SYSTEMS}),
    },
    optional={
        "method": st.sampled_from(METHODS),
        "depth": st.integers(1, 150),
        "consent": MARKDOWN,
        "ends": st.dates().map(str),
        "questionnaire": st.fixed_dictionaries({"before": QUESTION_TABLES}),
        "listening": st.fixed_dictionaries({"loudness": st.floats(-70, 0), "level": st.booleans()}),
        "joining": st.fixed_dictionaries({"redirect": st.just("https://x.org/?cc={code}&d=1")}),
    },
)


@settings(max_examples=60, deadline=None)
@given(TABLES, SCALES, FRACTIONS, st.data())
def test_a_good_protocol_comes_back_from_json_and_toml(
    table: dict, scale: dict, share: float, data: st.DataObject
) -> None:
    if table.get("method", "graded") == "graded":
        table |= {"scale": scale, "screening": {"auc": share}, "listening": {"must_listen": share}}
    base = data.draw(st.sampled_from(table["systems"]))
    table["analysis"] = {"comparisons": f"vs:{base}"}
    protocol = parse_protocol(table, "it")
    assert len(protocol.analysis.comparisons) == len(protocol.systems) - 1
    assert back(protocol) == [protocol, protocol]


def test_text_that_toml_writes_in_its_own_way_comes_back() -> None:
    odd = 'one\n"""two""" \\n \\\n\ttab “ü” \r\n three\\'
    protocol = replace(parsed(QUESTIONS), consent=odd, title='a "b" \\')
    assert back(protocol) == [protocol, protocol]
    assert '\n"""\none' not in protocol_toml(protocol)
    assert 'consent = """\none\n' in protocol_toml(protocol)
    where = Question("where", "Where did you listen?", "choice", ("at home", "elsewhere"))
    assert protocol.questionnaire.after == (where,)


def test_the_template_is_a_good_protocol_that_shows_every_key(tmp_path: Path) -> None:
    path = tmp_path / "my-study.toml"
    path.write_text(template(), encoding="utf-8")
    protocol = read_protocol(path)
    assert protocol == Protocol(
        slug="my-study",
        title="Which sounds are like this one?",
        collection="my-collection",
        systems=("first-system", "second-system"),
        queries=Queries(per_family=2),
    )
    sections = re.split(r"^\[(\w+)\]$", template(), flags=re.MULTILINE)
    shown = dict(zip(["", *sections[1::2]], sections[::2], strict=True))
    for field in fields(Protocol):
        value = getattr(protocol, field.name)
        part = {"scale": Facet, "questionnaire": Question}.get(field.name, value)
        keys = [one.name for one in fields(part)] if is_dataclass(part) else [field.name]
        for key in keys:
            section = shown[field.name if is_dataclass(part) else ""]
            section = template() if key == "texts" else section
            assert re.search(rf"^(# )?({key} = |\[\[{key}]])", section, re.MULTILINE), key
    assert INSTRUCTIONS in template()


def test_what_the_template_shows_are_the_defaults() -> None:
    """Taking away the # of a key alone changes nothing."""
    lines = template().splitlines()
    plain = parse_protocol({"slug": "my-study", **tomllib.loads(template())}, "template")
    # anchors come without a step, facets instead of relevance, and a share alone means that share
    changing = {"anchors", "facets", "must_listen"}
    tried = set()
    table, example = "", False
    for number, line in enumerate(lines):
        if line.startswith(("[", "# [[")):
            table, example = line.strip("[]"), line.startswith("#")
        found = re.match(r"# (\w+) = ", line)
        if not found or (example and line):
            continue
        changed = [*lines[:number], line.removeprefix("# "), *lines[number + 1 :]]
        protocol = parse_protocol(
            {"slug": "my-study"} | tomllib.loads("\n".join(changed)), "template"
        )
        assert (protocol == plain) == (found[1] not in changing), line
        tried.add((table, found[1]))
    assert len(tried) > 40


def test_the_examples_in_the_template_are_good() -> None:
    blocks = re.findall(r"(?:^# \[\[.*\n)(?:^# \w.*\n)+", template(), re.MULTILINE)
    assert len(blocks) == 8
    text = template().replace("# languages = []", 'languages = ["en", "es"]')
    for block in blocks:
        text = text.replace(block, re.sub(r"^# ", "", block, flags=re.MULTILINE))
    protocol = parse_protocol({"slug": "x", **tomllib.loads(text)}, "template")
    assert [one.clip for one in protocol.queries.replaced] == ["123"]
    assert [facet.name for facet in protocol.scale.facets] == ["brightness"]
    assert [one.id for one in protocol.questionnaire.before] == ["years"]
    assert [one.kind for one in protocol.questionnaire.after] == ["choice"]
    spanish = protocol.texts_in("es")
    assert [one.name for one in spanish.facets] == ["brightness"]
    assert [one.id for one in spanish.questions] == ["years", "device"]


@pytest.mark.parametrize(
    ("name", "representations"),
    [
        ("cbmi2024-four", ["Freesound", "LAION-CLAP", "BEATs", "CAV-MAE"]),
        ("cbmi2024-three", ["LAION-CLAP", "CLAP2023", "Pengi"]),
    ],
)
def test_the_ready_protocols_name_the_systems_of_the_cards(
    name: str, representations: list[str]
) -> None:
    assert list(ready_protocols()) == ["cbmi2024-four", "cbmi2024-three"]
    protocol = read_protocol(ready_protocols()[name])
    cards = [CARDS[representation] for representation in representations]
    systems = [
        f"{card.embedding}.{card.recipe.slug(card.frame_level)}.{card.search}" for card in cards
    ]
    assert (protocol.slug, protocol.collection) == (name, "fsd50k")
    assert list(protocol.systems) == systems
    assert back(protocol) == [protocol, protocol]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_protocol_is_read_as_windows_notepad_saves_it(tmp_path: Path, encoding: str) -> None:
    path, text = tmp_path / "pilot.toml", template().replace("\n", "\r\n")
    path.write_bytes(text.encode())
    plain = read_protocol(path)
    path.write_bytes(text.encode(encoding))
    assert read_protocol(path) == plain
