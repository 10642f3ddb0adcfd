"""The languages of a study: its texts in each, and what raters read of it in one.

A protocol's own texts are in the first of its languages; one that names none is in its own alone,
and its pages are in English. What a further language is not told, it has from the ready texts,
which the app's catalogues translate.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from embeddings.errors import InputError
from evaluation.keys import Keys, is_text
from evaluation.protocol.further_texts import FacetTexts, QuestionTexts, Texts
from evaluation.protocol.scales import FACETS, PREFERENCE, PRESETS, RATING
from evaluation.protocol.terms import (
    INSTRUCTIONS,
    INSTRUCTIONS_FOR,
    Facet,
    Protocol,
    Question,
)

LANGUAGES = {
    "en": "English",
    "ar": "العربية",
    "ca": "Català",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "ja": "日本語",
    "pt": "Português",
}
"""The languages that raters' pages are in, by their codes, as each calls itself."""
ENGLISH = "en"
_MARK = 12  # hexadecimal digits
RIGHT_TO_LEFT = frozenset({"ar"})

Translate = Callable[[str], str]
"""Gives a ready text in a language, and any other text as it is."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One text of a scale: as the protocol has it, and in a further language."""

    own: str
    other: str


def ready_texts() -> tuple[str, ...]:
    """Return every text that a protocol has unless it says otherwise, for the catalogues."""
    facets = [facet for scale in PRESETS.values() for facet in scale.facets]
    facets += [*FACETS.values(), PREFERENCE, RATING]
    words = [text for facet in facets for text in scale_texts(facet)]
    return tuple(dict.fromkeys([INSTRUCTIONS, *INSTRUCTIONS_FOR.values(), *words]))


def scale_texts(facet: Facet) -> list[str]:
    """Return what raters read of a facet: its question, and the words of its grades."""
    return [facet.question, *(words for _, words in facet.anchors)]


def read_languages(keys: Keys) -> tuple[str, ...]:
    """Return the languages of a study, its own first; none where it names none."""
    found = keys.names("languages", ())
    for one in found:
        if one not in LANGUAGES:
            raise keys.fail("languages", f"codes out of {', '.join(LANGUAGES)}", one)
    return found


def read_texts(keys: Keys, protocol: Protocol) -> tuple[Texts, ...]:
    """Return the texts of a protocol in further languages.

    Raises InputError for a text of what is not asked, and for one that is missing: each text that
    is not a ready one is needed in every language.
    """
    nothing = Texts("")
    parts = [
        part.whole_or(nothing, lambda one: _texts(one, protocol)) for part in keys.sections("texts")
    ]
    found = tuple(one for one in parts if one is not nothing)
    told = [one.language for one in found]
    for one in dict.fromkeys(told):
        if told.count(one) > 1:
            keys.refuse("texts", f"has {one!r} twice.")
    if len(found) == len(parts):
        _check_whole(keys, replace(protocol, texts=found))
    return found


def _check_whole(keys: Keys, protocol: Protocol) -> None:
    """Refuse texts that lack one, naming all that are missing."""
    lacking = {one: list(_missing(protocol, one)) for one in protocol.languages[1:]}
    missing = [f"in {one!r}, {', '.join(names)}" for one, names in lacking.items() if names]
    if missing:
        single = sum(map(len, lacking.values())) == 1
        which = "it is no ready one" if single else "they are no ready ones"
        keys.refuse("texts", f"must have, {'; '.join(missing)}: {which}.")


def _texts(keys: Keys, protocol: Protocol) -> Texts:
    further = protocol.languages[1:]
    language = keys.text("language")
    if language not in further:
        rule = f"one of the further languages ({', '.join(further) or 'there are none'})"
        raise keys.fail("language", rule, language)
    texts = Texts(
        language=language,
        title=_one_line(keys.text("title", "")),
        instructions=keys.text("instructions", ""),
        consent=keys.text("consent", ""),
        contact=_one_line(keys.text("contact", "")),
        facets=tuple(_facet(part, protocol) for part in keys.sections("facets")),
        questions=tuple(_question(part, protocol) for part in keys.sections("questions")),
        confirmed=keys.line("confirmed", ""),
    )
    keys.finish()
    for key in ("consent", "contact"):
        if getattr(texts, key) and not getattr(protocol, key):
            raise keys.error(key, "must be left out: the protocol has none.")
    return texts


def _facet(keys: Keys, protocol: Protocol) -> FacetTexts:
    facets = {facet.name: facet for facet in protocol.scale.facets}
    name = keys.one_of("name", list(facets), "")
    given = FacetTexts(name, _one_line(keys.text("question", "")), _words(keys, "anchors"))
    keys.finish()
    _check_count(keys, "anchors", given.anchors, len(facets[name].anchors))
    return given


def _question(keys: Keys, protocol: Protocol) -> QuestionTexts:
    asked = {one.id: one for one in _questions(protocol)}
    name = keys.one_of("id", list(asked), "")
    given = QuestionTexts(name, keys.text("text"), _words(keys, "choices"))
    keys.finish()
    _check_count(keys, "choices", given.choices, len(asked[name].choices), needed=True)
    return given


def _words(keys: Keys, key: str) -> tuple[str, ...]:
    """Return a list of texts, which may have one twice as the names of things may not."""
    value = keys.take(key, list, [])
    for item in value:
        if not isinstance(item, str) or not is_text(item):
            raise keys.fail(key, "a list of texts", item)
    return tuple(_one_line(item) for item in value)


def _one_line(text: str) -> str:
    """Return text with its line breaks as spaces; a no-break space, as French has it, stays."""
    return re.sub("[ \t\r\n]+", " ", text).strip(" ")


def _check_count(
    keys: Keys, key: str, given: tuple[str, ...], count: int, *, needed: bool = False
) -> None:
    if len(given) != count and (given or needed):
        raise keys.error(key, f"must be {count} texts, as in the protocol, not {len(given)}.")


def _questions(protocol: Protocol) -> tuple[Question, ...]:
    return protocol.questionnaire.before + protocol.questionnaire.after


def _missing(protocol: Protocol, language: str) -> Iterator[str]:
    """Yield in words every text that a further language lacks."""
    texts, ready = protocol.texts_in(language), set(ready_texts())
    for key in ("title", "instructions", "consent"):
        own = getattr(protocol, key)
        if own and own not in ready and not getattr(texts, key):
            yield key
    facets = {one.name: one for one in texts.facets}
    for facet in protocol.scale.facets:
        given = facets.get(facet.name, FacetTexts(facet.name))
        if facet.question not in ready and not given.question:
            yield f"the question of {facet.name}"
        if not given.anchors and not {words for _, words in facet.anchors} <= ready:
            yield f"the anchors of {facet.name}"
    told = {one.id for one in texts.questions}
    yield from (f"the question {one.id}" for one in _questions(protocol) if one.id not in told)


def spoken(protocol: Protocol, language: str, translate: Translate) -> Protocol:
    """Return a protocol with all its texts in one of its languages.

    Parameters
    ----------
    translate : into that language; what it does not know it gives back
    """
    texts = protocol.texts_in(language)
    asked = {one.id: one for one in texts.questions}
    facets = {one.name: one for one in texts.facets}
    questionnaire = protocol.questionnaire
    return replace(
        protocol,
        title=texts.title or translate(protocol.title),
        instructions=texts.instructions or translate(protocol.instructions),
        consent=texts.consent or protocol.consent,
        contact=texts.contact or protocol.contact,
        scale=replace(
            protocol.scale,
            facets=tuple(
                _spoken_facet(one, facets.get(one.name, FacetTexts(one.name)), translate)
                for one in protocol.scale.facets
            ),
        ),
        questionnaire=replace(
            questionnaire,
            before=tuple(_spoken_question(one, asked) for one in questionnaire.before),
            after=tuple(_spoken_question(one, asked) for one in questionnaire.after),
        ),
    )


def _spoken_facet(facet: Facet, texts: FacetTexts, translate: Translate) -> Facet:
    words = texts.anchors or tuple(translate(one) for _, one in facet.anchors)
    grades = (grade for grade, _ in facet.anchors)
    question = texts.question or translate(facet.question)
    return replace(facet, question=question, anchors=tuple(zip(grades, words, strict=True)))


def _spoken_question(question: Question, texts: dict[str, QuestionTexts]) -> Question:
    told = texts.get(question.id)
    return replace(question, text=told.text, choices=told.choices) if told else question


def settled(
    protocol: Protocol, translate: Callable[[str, str], str], *, confirmed: bool
) -> Protocol:
    """Return a protocol in which every text that raters will read stands, ready ones included.

    So no later catalogue changes the words of a scale, which are part of the measure.

    Parameters
    ----------
    translate : a language and a text to the text in it
    confirmed : whether the experimenter confirms the words of the scale in each language
    """
    if not protocol.languages:
        return protocol
    own, *further = (spoken(protocol, one, partial(translate, one)) for one in protocol.languages)
    texts = []
    for code, told in zip(protocol.languages[1:], further, strict=True):
        before, now = protocol.texts_in(code).confirmed, mark(own, told)
        texts.append(_whole_texts(told, code, now if confirmed else before))
    return replace(own, texts=tuple(texts))


def mark(own: Protocol, other: Protocol) -> str:
    """Return the mark of the words of a scale in two languages: other words have another one."""
    words = [
        [" ".join(text.split()) for facet in one.scale.facets for text in scale_texts(facet)]
        for one in (own, other)
    ]
    told = json.dumps(words, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()[:_MARK]


def _whole_texts(told: Protocol, language: str, confirmed: str) -> Texts:
    return Texts(
        language=language,
        title=told.title,
        instructions=told.instructions,
        consent=told.consent,
        contact=told.contact,
        facets=tuple(
            FacetTexts(one.name, one.question, tuple(words for _, words in one.anchors))
            for one in told.scale.facets
        ),
        questions=tuple(QuestionTexts(one.id, one.text, one.choices) for one in _questions(told)),
        confirmed=confirmed,
    )


def scale_pairs(protocol: Protocol, language: str, translate: Translate) -> Iterator[Pair]:
    """Yield every text of the scale as the protocol has it and in a further language."""
    told = spoken(protocol, language, translate)
    for own, other in zip(protocol.scale.facets, told.scale.facets, strict=True):
        for one, another in zip(scale_texts(own), scale_texts(other), strict=True):
            yield Pair(one, another)


def unconfirmed(protocol: Protocol) -> tuple[str, ...]:
    """Return the further languages whose words of the scale, as they are now, are not confirmed."""
    return tuple(
        one for one in protocol.languages[1:]
        if protocol.texts_in(one).confirmed != mark(protocol, spoken(protocol, one, str))
    )  # fmt: skip


def check_confirmed(protocol: Protocol) -> None:
    """Raise InputError where the words of the scale are not confirmed in a further language."""
    if waiting := unconfirmed(protocol):
        names = ", ".join(LANGUAGES[one] for one in waiting)
        raise InputError(
            f"The words of the scale are part of the measure: read them in {names} and confirm "
            f"them (flask studies languages {protocol.slug} --confirm)."
        )
