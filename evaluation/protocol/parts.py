"""The rules of a protocol's tables: each reader takes one table and returns what it says."""

import re
from itertools import combinations

from evaluation.keys import Keys, WrongKey, shown
from evaluation.protocol.listening_terms import FORMATS, Listening
from evaluation.protocol.replaced import Replaced
from evaluation.protocol.terms import (
    ALL,
    NONE,
    PASSED,
    PRIMARY_MEASURES,
    QUESTION_KINDS,
    RATERS,
    Controls,
    Joining,
    PlannedAnalysis,
    Queries,
    Question,
    Questionnaire,
    Scale,
    Screening,
)
from evaluation.statistics.graded_measures import MEASURES

LEAST_BLOCK = 5  # three candidates are shared between the parts of a pool
MOST_IN_BLOCK = 2500  # more than 14 systems can pool
MOST_LISTS = 8  # on a page where lists are rated
LEAST_LISTS = 4  # two of them are the anchors
LONGEST_CONTACT = 200  # characters
LONGEST_REASON = 300

_PARAMETER = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_CODE = re.compile(r"\S{0,64}")
_REDIRECT = re.compile(r"https?://[^\s{}]+(\{code\}[^\s{}]*)*")


def read_contact(keys: Keys) -> str:
    """Return whom raters write to; "" for nobody who is named."""
    contact = keys.line("contact", "")
    if len(contact) > LONGEST_CONTACT:
        rule = f"must have at most {LONGEST_CONTACT} characters, not {len(contact)}."
        keys.refuse("contact", rule)
    return contact


def read_queries(keys: Keys) -> Queries:
    """Return which clips are asked about: exactly one of the three ways to say it."""
    queries = Queries(
        clips=keys.names("clips", ()),
        per_family=keys.whole("per_family", 0, 0, 1000),
        per_class=keys.whole("per_class", 0, 0, 1000),
        seed=keys.whole("seed", 1, 0, 2**32 - 1),
        leave_out=keys.names("leave_out", ()),
        exclude_same_group=keys.flag("exclude_same_group", False),
        replaced=tuple(_read_replaced(part) for part in keys.sections("replaced")),
    )
    keys.finish()
    ways = ("clips", "per_family", "per_class")
    given = [way for way in ways if getattr(queries, way)]
    if len(given) != 1 and not keys.refused(*ways):
        many = f"exactly one of {', '.join(ways)}, not {' and '.join(given) or 'none of them'}"
        keys.note(WrongKey(keys.source, "queries", f"must have {many}."))
    if queries.clips and queries.leave_out:
        keys.refuse("leave_out", "must be left out where clips are named: nothing is drawn.")
    if queries.clips and queries.replaced:
        keys.refuse("replaced", "must be left out where clips are named: name another one.")
    clips = [one.clip for one in queries.replaced]
    for one in clips:
        if clips.count(one) > 1:
            keys.refuse("replaced", f"has {shown(one)} twice.")
    return queries


def _read_replaced(keys: Keys) -> Replaced:
    """Return that a query was replaced."""
    replaced = Replaced(keys.take("clip", str), keys.line("reason"), keys.take("by", str, ""))
    keys.finish()
    if len(replaced.reason) > LONGEST_REASON:
        rule = f"must have at most {LONGEST_REASON} characters, not {len(replaced.reason)}."
        keys.refuse("reason", rule)
    return replaced


def read_page(keys: Keys, method: str) -> int:
    """Return how many candidates or lists a page shows."""
    if method == "preference":
        page = keys.take("page", int, 2)
        if page != 2:
            keys.must_be("page", "2 with the method 'preference', which compares two lists", page)
        return page
    if method == "rating":
        return keys.whole("page", MOST_LISTS, LEAST_LISTS, MOST_LISTS)
    return keys.whole("page", 12, 2, 100)


def read_largest_block(keys: Keys, controls: Controls) -> int:
    """Return from which size on a pool is split."""
    extra = controls.identity + controls.distractors + controls.repeats
    return keys.whole("largest_block", 40, LEAST_BLOCK + extra, MOST_IN_BLOCK)


def read_controls(keys: Keys, method: str) -> Controls:
    """Return what is mixed into a block; lists have no controls, so there the default is none."""
    usual = Controls() if method == "graded" else Controls(False, 0, 0)
    controls = Controls(
        identity=keys.flag("identity", usual.identity),
        distractors=keys.whole("distractors", usual.distractors, 0, 10),
        repeats=keys.whole("repeats", usual.repeats, 0, 20),
        repeat_minutes=keys.whole("repeat_minutes", usual.repeat_minutes, 0, 1440),
    )
    keys.finish()
    for key in ("identity", "distractors", "repeats"):
        if method != "graded" and getattr(controls, key):
            keys.refuse(
                key, f"must be left out with the method {method!r}: lists have no controls."
            )
    return controls


def read_screening(
    keys: Keys, controls: Controls, method: str, *, stored: bool = False
) -> Screening:
    """Return when a rater passes; what the controls cannot tell is not asked."""
    pairs = controls.identity and controls.distractors > 0
    usual = Screening()
    identity = keys.number("identity", usual.identity if controls.identity else 0.0, 0, 1)
    auc = keys.number("auc", usual.auc if pairs else 0.0, 0, 1)
    silent = stored and not keys.has("heard")
    heard = keys.number("heard", usual.heard or 0.0 if method == "graded" else 0.0, 0, 1)
    screening = Screening(identity, auc, None if silent else heard)
    keys.finish()
    if method != "graded" and screening.heard:
        keys.must_be("heard", f"0 with the method {method!r}: lists are not screened", heard)
    if screening.identity and not controls.identity:
        keys.must_be("identity", "0 without identity controls", screening.identity)
    if screening.auc and not pairs:
        keys.must_be("auc", "0 without identity controls and distractors", screening.auc)
    return screening


def read_listening(keys: Keys, method: str, *, stored: bool = False) -> Listening:
    """Return how sounds are made and heard; in lists, nobody has to have heard every sound.

    Who names a share alone, as was done when there was no more to name, means that share.
    """
    usual, graded = Listening(), method == "graded" and not stored
    share, seconds = (usual.must_listen, usual.must_seconds) if graded else (0.0, 0.0)
    if keys.has("must_listen"):
        seconds = 0.0
    silent = stored and not keys.has("hearing")
    sound_check = keys.flag("sound_check", usual.sound_check)
    hearing = keys.flag("hearing", sound_check)
    listening = Listening(
        sound_check=sound_check,
        hearing=None if silent else hearing,
        headphones=keys.flag("headphones", usual.headphones),
        must_listen=keys.number("must_listen", share, 0, 1),
        must_seconds=keys.number("must_seconds", seconds, 0, 600),
        show_waveform=keys.flag("show_waveform", usual.show_waveform),
        level=keys.flag("level", usual.level),
        loudness=keys.number("loudness", usual.loudness, -70, 0),
        format=keys.one_of("format", FORMATS, usual.format),
        leave_out=keys.names("leave_out", ()),
    )
    keys.finish()
    if listening.hearing and not sound_check:
        keys.must_be("hearing", "false without a sound check", hearing)
    for key in ("must_listen", "must_seconds"):
        if method != "graded" and getattr(listening, key):
            keys.must_be(key, f"0 with the method {method!r}", getattr(listening, key))
    return listening


def read_questionnaire(keys: Keys) -> Questionnaire:
    """Return what raters are asked of themselves; an id is used once."""
    before = tuple(_question(part) for part in keys.sections("before"))
    after = tuple(_question(part) for part in keys.sections("after"))
    keys.finish()
    ids = [question.id for question in before + after if question.id]
    for one in ids:
        if ids.count(one) > 1:
            keys.note(WrongKey(keys.source, "questionnaire", f"has the id {one!r} twice."))
    return Questionnaire(before, after)


def _question(keys: Keys) -> Question:
    question = Question(
        id=keys.name("id"),
        text=keys.text("text"),
        kind=keys.one_of("kind", QUESTION_KINDS, "text"),
        choices=keys.names("choices", ()),
        required=keys.flag("required", False),
    )
    keys.finish()
    if question.kind == "choice" and len(question.choices) < 2:
        keys.must_be("choices", "a list of 2 or more for a choice", list(question.choices))
    if question.kind != "choice" and question.choices:
        keys.refuse("choices", f"must be left out where the kind is {question.kind!r}.")
    return question


def read_joining(keys: Keys) -> Joining:
    """Return whether and how strangers come in, and what they get."""
    joining = Joining(
        open=keys.flag("open", False),
        most=keys.whole("most", Joining().most, 1, 100_000),
        ids=keys.names("ids", Joining().ids),
        signed=keys.flag("signed", False),
        completion_code=keys.line("completion_code", ""),
        screen_out_code=keys.line("screen_out_code", ""),
        no_consent_code=keys.line("no_consent_code", ""),
        redirect=keys.line("redirect", ""),
    )
    keys.finish()
    for name in joining.ids:
        if not _PARAMETER.fullmatch(name):
            rule = "names of address parameters (a letter, then letters, digits, '_' or '-')"
            keys.must_be("ids", rule, name)
    if joining.signed and (not joining.ids or "signature" in joining.ids):
        rule = "false unless ids name what is signed, and none of them is signature"
        keys.must_be("signed", rule, True)
    for key in ("completion_code", "screen_out_code", "no_consent_code"):
        if not _CODE.fullmatch(getattr(joining, key)):
            rule = "at most 64 characters without spaces"
            keys.must_be(key, rule, getattr(joining, key))
    if joining.redirect and not _REDIRECT.fullmatch(joining.redirect):
        rule = "an address that begins with https:// or http:// and has no braces but {code}"
        keys.must_be("redirect", rule, joining.redirect)
    return joining


def read_analysis(
    keys: Keys, method: str, scale: Scale, systems: tuple[str, ...], *, stored: bool = False
) -> PlannedAnalysis:
    """Return what is reported first, of which raters, and which pairs of systems are compared."""
    measure = keys.one_of("primary_measure", PRIMARY_MEASURES[method], PRIMARY_MEASURES[method][0])
    comparisons = _comparisons(keys, systems, stored=stored)
    good = keys.number("good", PlannedAnalysis().good, 0, 1)
    raters = _raters(keys, method, stored=stored)
    keys.finish()
    if not good:
        keys.refuse("good", "must be above 0, not 0: every grade would count as good.")
    kind = MEASURES.get(measure)
    if kind and not kind.fits(scale.facets[0].allowed):
        keys.refuse(
            "primary_measure", f"must not be {measure!r} unless the grades are {kind.only}."
        )
    return PlannedAnalysis(measure, comparisons, good, raters)


def _raters(keys: Keys, method: str, *, stored: bool) -> str | None:
    """Return whose grades are primary; None where a stored protocol is silent."""
    if stored and not keys.has("raters"):
        return None
    graded = method == "graded"
    raters = keys.one_of("raters", RATERS, PASSED if graded else ALL)
    if raters == PASSED and not graded:
        keys.must_be(
            "raters", f"{ALL!r} with the method {method!r}: lists have no controls", raters
        )
    return raters


def _comparisons(
    keys: Keys, systems: tuple[str, ...], *, stored: bool
) -> tuple[tuple[str, str], ...] | str:
    """Return the pairs that were fixed beforehand; "vs:B" is every other system and B.

    Once "all" and nothing were both stored as no pairs: a stored protocol keeps that.
    """
    value = keys.take("comparisons", object, [] if stored else NONE)
    rule = '"all", "none", "vs:SYSTEM", or a list of pairs, of the study\'s systems'
    if value in (ALL, NONE):
        return value
    if value == []:
        return () if stored else NONE
    if isinstance(value, str) and value.startswith("vs:") and value[3:] in systems:
        return tuple((system, value[3:]) for system in systems if system != value[3:])
    if not isinstance(value, list):
        keys.must_be("comparisons", rule, value)
        return NONE
    pairs = list(combinations(systems, 2))
    found: list[tuple[str, str]] = []
    for pair in value:
        if not isinstance(pair, list) or (
            tuple(pair) not in pairs and tuple(pair[::-1]) not in pairs
        ):
            keys.must_be("comparisons", rule, pair)
            return NONE
        if set(pair) in map(set, found):
            keys.refuse("comparisons", f"has the pair {shown(pair)} twice.")
        found.append((pair[0], pair[1]))
    return tuple(found)
