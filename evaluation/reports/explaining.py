"""The glossary in HTML: a term is a button that opens its meaning, on a page and in a report.

The browser opens and closes it by itself, without a script; ``static/js/core/glossary.js`` opens
it on hover and on focus, too.
"""

from markupsafe import Markup, escape

from evaluation.glossary import TERMS, terms_in

_TERM = Markup(
    '<button type="button" class="term" popovertarget="term-{slug}" '
    'aria-describedby="term-{slug}">{word}</button>'
)
_MEANING = Markup(
    '<div popover class="term-meaning" id="term-{slug}"><strong>{name}</strong> {meaning}</div>'
)


def explained(text: str) -> Markup:
    """Return a text as HTML in which each term of the glossary opens its meaning, once."""
    return Markup("").join(
        _TERM.format(slug=slug, word=word) if slug else escape(word)
        for word, slug in terms_in(text)
    )


def meanings() -> Markup:
    """Return the meanings that the terms of a page open: once on each page that has some."""
    return Markup("\n").join(
        _MEANING.format(slug=one.slug, name=one.name, meaning=one.meaning)
        for one in TERMS.values()
        if not one.everyday
    )
