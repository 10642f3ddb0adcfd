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

    `confirmed` says that the experimenter found the words of the scale to mean the same.
    """

    language: str
    title: str = ""
    instructions: str = ""
    consent: str = ""
    contact: str = ""
    facets: tuple[FacetTexts, ...] = ()
    questions: tuple[QuestionTexts, ...] = ()
    confirmed: bool = False
