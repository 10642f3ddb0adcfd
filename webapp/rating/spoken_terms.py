"""A study's terms as a rater reads them: in the language of the request."""

from functools import lru_cache, partial

from evaluation.protocol.languages import spoken
from evaluation.protocol.terms import Protocol, Question
from webapp.core.languages.choosing import language, offer
from webapp.core.languages.translating import in_language
from webapp.models import Study
from webapp.models.study import terms_of

_MOST = 256  # studies and languages that are at hand


def spoken_terms(study: Study) -> Protocol:
    """Return a study's terms in a language that it is offered in: this rater's, or its own."""
    offer(study.terms.languages)
    return _in(study.protocol, language())


@lru_cache(_MOST)
def _in(protocol: str, code: str) -> Protocol:
    return spoken(terms_of(protocol), code, partial(in_language, code))


def asked(study: Study, when: str) -> list[tuple[Question, dict[str, str]]]:
    """Return the questions before or after: in the rater's words, with the words of each choice.

    A choice is stored as the protocol's own language has it, whatever the rater read.
    """
    own, told = (
        one.questionnaire.before if when == "before" else one.questionnaire.after
        for one in (study.terms, spoken_terms(study))
    )
    return [
        (question, dict(zip(kept.choices, question.choices, strict=True)))
        for kept, question in zip(own, told, strict=True)
    ]
