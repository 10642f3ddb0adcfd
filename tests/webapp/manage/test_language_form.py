"""The languages of a study in the form: each needs its own texts, and shows the scale's words."""

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from evaluation.protocol.languages import unconfirmed
from tests.support.pages.manage_pages import Writing, form
from webapp.manage import language_form
from webapp.study.lifecycle import find_study

QUESTION = {
    "questions": "1", "question.1.part": "after", "question.1.id": "device",
    "question.1.text": "With what?", "question.1.kind": "choice",
    "question.1.choices": "headphones\nloudspeakers",
}  # fmt: skip
CHOSEN = {"languages.own": "en", "languages": ["es", "ar"], "consent": "I agree.", **QUESTION}
TEXTS = {
    "texts.{}.title": "¿Cuál?", "texts.{}.consent": "Acepto.", "texts.{}.question.1": "¿Con qué?",
    "texts.{}.choices.1": "auriculares\naltavoces",
}  # fmt: skip


def told(*codes: str, **change: str) -> dict[str, object]:
    """Return the texts of some languages as their fields post them."""
    return {key.format(code): text for code in codes for key, text in TEXTS.items()} | change


def test_a_language_needs_its_texts_and_shows_the_words_of_the_scale(
    experimenter: FlaskClient, app: Flask, path: Path
) -> None:
    written = Writing(experimenter)
    written.post("compare", "to:raters", form())
    written.post("raters", "to:raters", CHOSEN)
    page = written.page("raters")
    assert '<td lang="es" dir="auto">sin relación</td>' in page
    assert 'name="texts.ar.choices.1" rows="3" lang="ar" dir="auto"' in page
    assert "texts.es.instructions" not in page  # they are ready ones
    (problem,) = written.problems()
    assert problem == (
        "Languages must have, in 'ar', title, consent, the question device; "
        "in 'es', title, consent, the question device: they are no ready ones."
    )
    written.post(
        "raters", "next", CHOSEN | told("es", "ar", **{"texts.es.choices.1": "auriculares"})
    )
    page = written.page("raters")
    assert all(f">{text}</textarea>" in page for text in ("auriculares", "Acepto."))
    (problem,) = written.problems()
    assert problem.startswith("Choices of question 1, one on a line (Español) must be 2 texts")
    assert 'href="' in written.page("review")
    # a question that is renamed keeps its words, and a language that is taken out none
    renamed = CHOSEN | told("es") | {"question.1.id": "heard", "languages": ["es"]}
    written.post("raters", "next", renamed)
    assert written.problems() == []
    assert written.post("review", "create").headers["Location"] == "/studies/which"
    with app.app_context():
        terms = find_study("which").terms
        assert terms.languages == ("en", "es")
        assert terms.texts_in("es").questions[0].choices == ("auriculares", "altavoces")
        assert terms.texts_in("es").questions[0].id == "heard"
        assert unconfirmed(terms) == ("es",)


def test_what_raters_do_not_read_any_more_needs_no_words() -> None:
    told = {"language": "es", "consent": "Sí.", "questions": [{"id": "gone", "text": "?"}]}
    table: dict[str, object] = {"languages": ["en", "es"], "texts": [told, "junk"]}
    language_form.tidy(table)
    assert table["texts"] == [{"language": "es"}]
    assert language_form.field_of("texts[1].title", table) == ("texts.es.title", "Title (Español)")
    assert language_form.field_of("texts[7].title", table) == ("languages", "")
    assert language_form.field_of("title", table) == ("", "")
    assert language_form.codes({"languages": "x"}) == ["en"]


def test_an_own_question_is_asked_in_each_language() -> None:
    table = {"languages": ["en", "es"], "scale": {"question": "Same mood?"}}
    (spanish,) = language_form.further(table)
    assert [one.field for one in spanish.asked] == ["texts.es.scale"]
    assert spanish.pairs[0].own == spanish.pairs[0].other == "Same mood?"
    assert spanish.pairs[1].other == "sin relación"
