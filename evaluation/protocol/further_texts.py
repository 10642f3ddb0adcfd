"""What raters read of a protocol in a language that is not its own."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FacetTexts:
    """A facet in a further language: its question, and the words of its anchors in their order."""

    name: str
    question: str = ""
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionTexts:
    """A question of a questionnaire in a further language."""

    id: str
    text: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Texts:
    """What raters read in a further language; "" and () where it has the ready text.

    `confirmed` is the mark of the words of the scale in both languages, which the experimenter
    found to mean the same (`evaluation.protocol.languages.mark`); "" for none.
    """

    language: str
    title: str = ""
    instructions: str = ""
    consent: str = ""
    contact: str = ""
    facets: tuple[FacetTexts, ...] = ()
    questions: tuple[QuestionTexts, ...] = ()
    confirmed: str = ""
