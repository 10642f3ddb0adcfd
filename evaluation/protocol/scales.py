"""The ready scales, and how a protocol's [scale] becomes the questions that raters answer."""

from typing import Any

from evaluation.keys import Keys, is_text
from evaluation.protocol.terms import MOST_ANCHORS, STEP, Facet, Scale

MOST_FACETS = 4

_SIMILAR = "How similar is this sound to the sound above?"
_BROAD = ((0, "not similar"), (1, "somewhat similar"), (2, "very similar"))


def _words(*words: str, first: int = 0) -> Scale:
    """Return a scale whose grades are `first`, the next number, and so on."""
    return Scale((Facet(anchors=tuple(enumerate(words, first)), step=0),))


PRESETS: dict[str, Scale] = {
    "anchored": Scale(),
    "graded-3": _words("not at all", "a little", "well", "perfectly"),
    "five-point": _words("bad", "poor", "fair", "good", "excellent", first=1),
    "binary": _words("no", "yes"),
    "mirex": Scale((Facet("relevance", _SIMILAR, _BROAD, 0),)),
    "mirex-fine": Scale(
        (
            Facet("broad", _SIMILAR, _BROAD, 0),
            Facet(
                "fine",
                "The same on a fine scale: how similar is it?",
                ((0, "not at all"), (50, "halfway"), (100, "as similar as can be")),
                1,
            ),
        )
    ),
}
"""The ready scales by name. MIREX's NS, SS and VS are 0, 1 and 2; "mirex-fine" asks for a grade
from 0 to 100 besides."""

FACETS: dict[str, Facet] = {
    "relevance": Facet(),
    "semantic": Facet(
        "semantic",
        "However they sound: how close are the source and the event of this sound to those of the "
        "sound above?",
        (
            (0, "unrelated"),
            (20, "only loosely connected"),
            (40, "same general kind"),
            (60, "same kind of source or event"),
            (80, "same source and event, differs in detail"),
            (100, "same source and event in every detail"),
        ),
    ),
    "acoustic": Facet(
        "acoustic",
        "Whatever makes them: how alike do this sound and the sound above sound, in timbre, pitch, "
        "texture and loudness over time?",
        (
            (0, "sounds altogether different"),
            (20, "alike in one of these"),
            (40, "alike in some of these"),
            (60, "alike in most of these"),
            (80, "sounds nearly the same, differs in detail"),
            (100, "can hardly be told apart by ear"),
        ),
    ),
}
"""The facets that are known by name, each with a scale of its own; where the wording is from says
docs/explanation/scales.md. Another preset, or own anchors, are asked of all facets instead."""

PREFERENCE = Facet(
    "preference",
    "Which list is the better answer to “more like this one”?",
    ((0, "A is better"), (1, "no difference"), (2, "B is better")),
    0,
)
"""What is asked of two lists, and the three answers; only the question can be another."""

RATING = Facet(
    "rating",
    "How good is this list as an answer to “more like this one”?",
    ((0, "bad"), (25, "poor"), (50, "fair"), (75, "good"), (100, "excellent")),
    STEP,
)
"""What is asked of each of several lists."""


def read_scale(scale: Keys, method: str) -> Scale:
    """Return what a protocol's [scale] asks; raise InputError naming the key that is wrong.

    Parameters
    ----------
    scale : the keys of [scale]: `preset`, or an own `question`, `anchors` and `step`; and
        `facets`, as names out of `FACETS` or as tables with the fields of a Facet. What a facet
        does not say itself is the scale's, where that says something, and else what `FACETS` has
    method : the protocol's, one of `evaluation.protocol.terms.METHODS`
    """
    lists = {"preference": PREFERENCE, "rating": RATING}.get(method)
    found = _of_lists(scale, lists, method) if lists else _of_candidates(scale)
    scale.finish()
    return found


def _of_candidates(scale: Keys) -> Scale:
    if scale.has("preset"):
        scale.left_out("anchors", "where there is a preset: it has its own")
    preset = scale.one_of("preset", list(PRESETS), "anchored")
    ready = PRESETS[preset]
    if len(ready.facets) > 1:
        for key in ("question", "step", "facets"):
            scale.left_out(key, f"with the preset {preset!r}: it has two questions of its own")
        return ready
    if not scale.has("facets"):
        facet = _facet(scale, ready.facets[0])
        scale.known.append("facets")
        return Scale((facet,))
    scale.left_out("question", "where there are facets: each has its own")
    has_words = preset != "anchored" or scale.has("anchors")
    return Scale(_facets(scale, _facet(scale, ready.facets[0]), has_words=has_words))


def _of_lists(scale: Keys, usual: Facet, method: str) -> Scale:
    """Return the one question that is asked of whole lists, described by itself or as a facet."""
    scale.left_out("preset", f"with the method {method!r}: the ready scales are for single sounds")
    part = scale
    if scale.has("facets"):
        value = scale.table["facets"]
        if not isinstance(value, list) or [type(one) for one in value] != [dict]:
            scale.left_out("facets", f"with the method {method!r}: lists are asked about once")
        for key in ("question", "anchors", "step"):
            scale.left_out(key, "where there are facets: each has its own")
        (part,) = scale.sections("facets")
        part.one_of("name", [usual.name], usual.name)
    found = _facet(part, usual)
    if method == "preference" and (found.anchors, found.step) != (usual.anchors, usual.step):
        raise part.error(
            "anchors", "must be left out with the method 'preference': it asks for A, B or neither."
        )
    part.finish()
    return Scale((found,))


def _facets(scale: Keys, base: Facet, *, has_words: bool) -> tuple[Facet, ...]:
    """Return the facets that are named or described.

    Where a scale `has_words`, which fit any question, all are graded by those of `base`; else
    those that are known by name have words of their own.
    """
    value = scale.table["facets"]
    if isinstance(value, list) and value and all(isinstance(one, dict) for one in value):
        facets = [_described(part, base, has_words) for part in scale.sections("facets")]
    else:
        facets = [_named(scale, name, base, has_words) for name in scale.take("facets", list)]
    if not 1 <= len(facets) <= MOST_FACETS:
        raise scale.error("facets", f"must be 1 to {MOST_FACETS} facets, not {len(facets)}.")
    names = [facet.name for facet in facets]
    for name in names:
        if names.count(name) > 1:
            raise scale.error("facets", f"has {name!r} twice.")
    return tuple(facets)


def _named(scale: Keys, name: Any, base: Facet, has_words: bool) -> Facet:
    if not isinstance(name, str) or name not in FACETS:
        raise scale.fail("facets", f"tables, or names out of {', '.join(FACETS)}", name)
    return _usual(name, base, has_words)


def _described(part: Keys, base: Facet, has_words: bool) -> Facet:
    facet = _facet(part, _usual(part.name("name"), base, has_words))
    part.finish()
    return facet


def _usual(name: str, base: Facet, has_words: bool) -> Facet:
    """Return what a facet is unless it says otherwise; one of no known name has no question."""
    known = FACETS.get(name, Facet(name, ""))
    anchors = base.anchors if has_words else known.anchors
    return Facet(name, known.question, anchors, base.step)


def _facet(part: Keys, usual: Facet) -> Facet:
    """Return `usual` with what is given instead; own anchors are all there is, unless `step`."""
    own = part.has("anchors")
    question = part.line("question", usual.question or None)
    anchors = _anchors(part, usual)
    span = anchors[-1][0] - anchors[0][0]
    step = part.take("step", int, 0 if own else usual.step)
    if step and (not 1 <= step <= span or span % step):
        raise part.fail("step", f"0, or a number that divides the scale's {span} evenly", step)
    return Facet(usual.name, question, anchors, step)


def _anchors(part: Keys, usual: Facet) -> tuple[tuple[int, str], ...]:
    value = part.take("anchors", list, [list(one) for one in usual.anchors])
    rule = f"a list of 2 to {MOST_ANCHORS} [grade, words], grades from 0 to 100 and rising"
    for item in value:
        fits = isinstance(item, list) and [type(one) for one in item] == [int, str]
        if not fits or not 0 <= item[0] <= 100 or not is_text(item[1]):
            raise part.fail("anchors", rule, item)
    grades = [item[0] for item in value]
    if not 2 <= len(grades) <= MOST_ANCHORS or grades != sorted(set(grades)):
        raise part.fail("anchors", rule, grades)
    return tuple((grade, " ".join(words.split())) for grade, words in value)
