"""Protocols in several languages: what each must say, what raters read, what was confirmed."""

import json
import tomllib
from dataclasses import replace

import pytest

from embeddings.errors import InputError
from evaluation.protocol.languages import (
    LANGUAGES,
    RIGHT_TO_LEFT,
    check_confirmed,
    ready_texts,
    settled,
    spoken,
    unconfirmed,
)
from evaluation.protocol.reading import parse_protocol, protocol_from_json, protocol_toml
from evaluation.protocol.terms import Protocol

OWN = {
    "slug": "way",
    "title": "Which one?",
    "collection": "small",
    "systems": ["one", "other"],
    "queries": {"per_class": 1},
}
SPANISH = {"language": "es", "title": "¿Cuál?"}


def made(**more: object) -> Protocol:
    """Return a protocol in English and Spanish."""
    return parse_protocol({**OWN, "languages": ["en", "es"], "texts": [SPANISH], **more}, "way")


def shout(_language: str, text: str) -> str:
    """Return a ready text in a language that is nobody's."""
    return text.upper() if text in ready_texts() else text


def test_what_names_no_language_is_as_it_was() -> None:
    protocol = parse_protocol(OWN, "way")
    assert "languages" not in json.loads(protocol.as_json())
    assert "texts" not in json.loads(protocol.as_json())
    assert settled(protocol, shout, confirmed=True) is protocol
    assert unconfirmed(protocol) == ()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"languages": ["en", "xx"]}, "languages must be codes out of en, ar, ca"),
        ({"languages": ["en", "en"]}, "languages has 'en' twice"),
        ({"texts": []}, "texts must have, in 'es', title: it is no ready one."),
        ({"texts": [SPANISH, SPANISH]}, "texts has 'es' twice."),
        ({"texts": [SPANISH | {"language": "ja"}]}, "must be one of the further languages (es)"),
        ({"texts": [SPANISH | {"consent": "Sí."}]}, "consent must be left out"),
        ({"consent": "Yes."}, "in 'es', consent"),
        ({"texts": [SPANISH | {"facets": [{"name": "x"}]}]}, "name must be relevance, not 'x'."),
        (
            {"texts": [SPANISH | {"facets": [{"name": "relevance", "anchors": ["a", "b"]}]}]},
            "anchors must be 6 texts, as in the protocol, not 2.",
        ),
        ({"scale": {"question": "How dry?"}}, "in 'es', the question of relevance"),
        ({"scale": {"anchors": [[0, "wet"], [1, "dry"]]}}, "in 'es', the anchors of relevance"),
        (
            {"questionnaire": {"after": [{"id": "age", "text": "Your age?"}]}},
            "in 'es', the question age",
        ),
    ],
)
def test_every_text_that_is_not_ready_is_needed(more: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError) as error:
        made(**more)
    assert sentence in str(error.value)


def test_raters_read_own_texts_and_else_the_ready_ones() -> None:
    facet = {"name": "relevance", "question": "¿Cómo?", "anchors": list("abcdef")}
    protocol = made(texts=[SPANISH | {"facets": [facet]}])
    told = spoken(protocol, "es", lambda text: shout("es", text))
    assert (told.title, told.scale.facets[0].question) == ("¿Cuál?", "¿Cómo?")
    assert told.scale.facets[0].anchors[1] == (20, "b")
    assert told.instructions == protocol.instructions.upper()
    assert spoken(protocol, "en", str) == protocol


def test_a_confirmation_is_of_the_words_as_they_were() -> None:
    whole = settled(made(), shout, confirmed=True)
    assert unconfirmed(whole) == ()
    assert whole.texts_in("es").facets[0].anchors[0] == "UNRELATED"
    assert settled(whole, lambda _language, text: text, confirmed=False) == whole
    changed = replace(whole.scale.facets[0], question="Another one?")
    other = replace(whole, scale=replace(whole.scale, facets=(changed,)))
    assert unconfirmed(other) == ("es",)
    with pytest.raises(InputError, match="read them in Español and confirm them"):
        check_confirmed(other)
    assert unconfirmed(made()) == ("es",)


def test_a_no_break_space_stays_and_changes_no_confirmation() -> None:
    def french(_language: str, text: str) -> str:
        return text.replace("?", "\N{NO-BREAK SPACE}?") if text in ready_texts() else text

    whole = protocol_from_json(settled(made(), french, confirmed=True).as_json())
    assert "\N{NO-BREAK SPACE}?" in whole.texts_in("es").facets[0].question
    assert unconfirmed(whole) == ()


def test_texts_come_back_from_toml_and_json() -> None:
    whole = settled(made(consent="Yes.", texts=[SPANISH | {"consent": "Sí."}]), shout,
                    confirmed=True)  # fmt: skip
    assert parse_protocol(tomllib.loads(protocol_toml(whole)), "toml") == whole
    assert protocol_from_json(whole.as_json()) == whole


def test_right_to_left_are_languages() -> None:
    assert set(LANGUAGES) > RIGHT_TO_LEFT
