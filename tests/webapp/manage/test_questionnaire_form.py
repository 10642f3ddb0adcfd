"""Questions are added, moved and removed one at a time, and keep what the form has no field for."""

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from evaluation.protocol.reading import check_protocol
from tests.support.protocols import GOOD
from webapp.manage import form, questionnaire_form

ASKED: dict[str, Any] = {
    "before": [{"id": "a", "text": "A?"}, {"id": "b", "text": "B?"}],
    "after": [{"id": "c", "text": "C?"}],
}


def table() -> dict[str, Any]:
    """Return a table with three questions."""
    return {**form.read_toml(GOOD), "questionnaire": {key: list(map(dict, value))
            for key, value in ASKED.items()}}  # fmt: skip


def order(of: dict[str, Any]) -> str:
    """Return the ids of its questions, a bar between those before and those after."""
    asked = of.get("questionnaire", {})
    return "|".join(
        "".join(one["id"] for one in asked.get(part, ())) for part in ("before", "after")
    )


@pytest.mark.parametrize(
    ("action", "wanted", "place"),
    [
        ("question-up-2", "ba|c", "question-1"),
        ("question-down-1", "ba|c", "question-2"),
        ("question-down-2", "a|bc", "question-2"),  # it changes its part where its own ends
        ("question-up-3", "abc|", "question-3"),
        ("question-up-1", "ab|c", "question-1"),
        ("question-down-3", "ab|c", "question-3"),
        ("question-remove-2", "a|c", "question-2"),
        ("question-remove-3", "ab|", "question-2"),
        ("question-add-before", "abq1|c", "question-3"),
        ("question-add-after", "ab|cq1", "question-4"),
        ("question-remove-9", "ab|c", ""),
        ("question-up-0", "ab|c", ""),
        ("next", "ab|c", ""),
    ],
)
def test_a_button_does_one_thing_and_says_where_to_go_on(
    action: str, wanted: str, place: str
) -> None:
    of = table()
    assert questionnaire_form.act(of, action) == place
    assert order(of) == wanted


def test_the_last_question_that_goes_leaves_nothing() -> None:
    of = {**form.read_toml(GOOD), "questionnaire": {"after": [{"id": "c", "text": "C?"}]}}
    assert questionnaire_form.act(of, "question-remove-1") == "questions"
    assert "questionnaire" not in of


def test_what_is_typed_is_taken_and_the_rest_stays() -> None:
    of = table()
    of["questionnaire"]["before"][0]["odd"] = 1
    posted = MultiDict(
        {
            "questions": "2", "question.1.part": "before", "question.1.id": "a",
            "question.1.text": " Which? ", "question.1.kind": "choice",
            "question.1.choices": "one\r\n\r\n two ", "question.1.required": "yes",
            "question.2.part": "after", "question.2.id": "c", "question.2.text": "C?",
            "question.2.kind": "text", "question.2.choices": "left over",
        }
    )  # fmt: skip
    questionnaire_form.take(of, posted)
    assert of["questionnaire"] == {
        "before": [{"id": "a", "text": "Which?", "kind": "choice", "choices": ["one", "two"],
                    "required": True, "odd": 1}],
        "after": [{"id": "c", "text": "C?", "kind": "text"}],
    }  # fmt: skip
    before = dict(of)
    questionnaire_form.take(of, MultiDict({"title": "of another step"}))
    assert of == before


def test_an_error_is_at_the_question_that_has_it() -> None:
    of = {"slug": "x", **table()}
    of["questionnaire"]["after"][0]["text"] = ""
    (wrong,) = check_protocol(of, "x")[1]
    assert wrong.key == "questionnaire.after[1].text"
    assert questionnaire_form.field_of(wrong.key, of) == "question.3.text"
    assert questionnaire_form.field_of("questionnaire", of) == "questions"
    assert questionnaire_form.field_of("depth", of) == ""
