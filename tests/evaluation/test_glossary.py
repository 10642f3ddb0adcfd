"""The glossary: each term means one thing, is found in texts, and opens its meaning in HTML."""

import re

import pytest

from evaluation.every_measure import EVERY_MEASURE
from evaluation.figures.figure import LINE, first_line
from evaluation.glossary import GLOSSARY, TERMS, terms_in
from evaluation.reports.explaining import explained, meanings


def test_every_term_and_every_measure_has_one_meaning() -> None:
    names = [one.name for kind in GLOSSARY.values() for one in kind]
    assert len(names) == len(set(names)) == len(TERMS)
    titles = {one.title for kind in EVERY_MEASURE.values() for one in kind}
    assert titles <= set(names)
    for one in TERMS.values():
        assert one.meaning.rstrip("“”").endswith("."), one
        assert re.fullmatch(r"[a-z0-9-]+", one.slug)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Alpha is near zero", ["Alpha"]),
        ("Krippendorff's alpha, ordinal, then alpha", ["Krippendorff's alpha, ordinal", "alpha"]),
        ("alphabet, alpha-2 and #alpha", []),
        ("95 % intervals by Holm's rule; more 95 % intervals", ["95 % intervals", "Holm's rule"]),
        ("MAP@15 of a map, AP@5 and ICC(2,1)", ["MAP@15", "AP@5", "ICC(2,1)"]),
        ("a system, a query and a rater", []),
    ],
)  # fmt: skip
def test_terms_are_found_where_they_stand_first(text: str, found: list[str]) -> None:
    pieces = list(terms_in(text))
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, slug in pieces if slug] == found
    assert all(slug in TERMS for _, slug in pieces if slug)


def test_a_term_opens_a_meaning_that_is_there_and_nothing_leaves_its_element() -> None:
    html = explained("<b>alpha</b> & “AUC”")
    assert html.startswith("&lt;b&gt;<button")
    assert "&amp;" in html
    there = re.findall(r'id="([^"]+)"', meanings())
    assert len(there) == len(set(there))
    asked = re.findall(r'popovertarget="([^"]+)" aria-describedby="([^"]+)"', html)
    assert asked == [("term-alpha", "term-alpha"), ("term-auc", "term-auc")]
    assert {"term-alpha", "term-auc"} <= set(there)


@pytest.mark.parametrize(
    ("caption", "line"),
    [
        ("Short. And more.", "Short."),
        ("By Student's t, p = 0.5 of 3. More", "By Student's t, p = 0.5 of 3."),
        ("Without an end", "Without an end"),
        (f"One part; another {'word ' * 20}. More.", "One part."),
        (f"A {'word ' * 30}.", f"A {'word ' * 17}…"),
    ],
)
def test_a_caption_begins_with_one_line(caption: str, line: str) -> None:
    assert first_line(caption) == line
    assert len(line) <= LINE + 1
