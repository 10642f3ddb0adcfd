"""What each key of a protocol means, and a TOML file to begin from that says it."""

from dataclasses import asdict
from textwrap import wrap
from typing import Any

from evaluation.protocol.terms import (
    ANCHORS,
    PRIMARY_MEASURES,
    QUESTION,
    STEP,
    Protocol,
    Queries,
)
from evaluation.toml_text import toml_value

HELP: dict[str, str] = {
    "slug": "The study's name in commands and addresses; the file's name unless told.",
    "title": "What raters read at the top.",
    "collection": "The collection's name (flask collections list).",
    "systems": "The 2 to 14 systems that are compared (flask rankings list COLLECTION).",
    "method": "graded: each sound by itself; preference: which of two lists; rating: whole lists.",
    "depth": "How many results of each system are judged (1 to 150).",
    "raters_per_query": "How many raters judge each query; 0: everybody who comes.",
    "page": "Most sounds on a page (2 to 100); with rating, lists, two of them anchors (4 to 8).",
    "largest_block": "A query with more sounds is split into parts that share three of them.",
    "sitting": "How many queries one rater is given; 0: as many as there are.",
    "lease_minutes": "How long an unfinished query is kept for its rater (5 to 100000).",
    "practice": "Whether a page to practise on comes first; it counts nowhere.",
    "instructions": "What raters read before the first sound; Markdown.",
    "consent": "What raters agree to before anything else; Markdown. Empty: nobody is asked.",
    "ends": "The last day on which anybody can judge (YYYY-MM-DD, UTC); empty: until it is closed.",
    "withdrawal_until": "The last day on which raters can take back what they gave; empty: any.",
    "contact": "Whom raters write to if something goes wrong, as they read it; empty: not named.",
    "languages": "What raters read it in, its own first, out of en, ar, ca, de, es, fr, ja and pt; "
    "empty: its own alone.",
    "texts": "What raters read in a further language; ready texts are translated.",
    "queries": "The sounds that raters are asked about: by clips, per_family or per_class.",
    "queries.clips": "Clips by name: a list, or a file beside this one (a name a line, or a CSV).",
    "queries.per_family": "So many are drawn from each family.",
    "queries.per_class": "So many are drawn from each leaf class.",
    "queries.seed": "Of the draw: the same seed draws the same sounds.",
    "queries.leave_out": "Classes that no query is drawn from.",
    "queries.exclude_same_group": "Whether results of the query's own group are left out.",
    "queries.replaced": "Queries that were drawn and are not asked about: clip, reason, and by, "
    "which the seed draws from the same family or class.",
    "scale": "The question and its grades: a preset, or your own; once, or for several facets.",
    "scale.preset": "anchored, graded-3, five-point, binary, mirex or mirex-fine.",
    "scale.question": "Instead of the preset's question.",
    "scale.anchors": "Instead of a preset: the buttons, [grade from 0 to 100, words], rising.",
    "scale.step": "Arrows move by it between the buttons; 0, as with own anchors: buttons alone.",
    "scale.facets": "Several questions of each sound, the main one first: known names, or tables.",
    "controls": "Sounds mixed in to learn how far a rater can be trusted; with graded only.",
    "controls.identity": "The query itself, which deserves the best grade.",
    "controls.distractors": "So many sounds of another family that no system ranks high.",
    "controls.repeats": "So many sounds are asked again, to see whether the grade is the same.",
    "controls.repeat_minutes": "How much later, unless the sitting ends before.",
    "screening": "When a rater passes; 0 asks nothing. Results come with and without the others.",
    "screening.identity": "Least mean grade of the query itself, as a share of the scale (0 to 1).",
    "screening.auc": "Least share of (query itself, distractor) pairs in the right order (0 to 1).",
    "screening.heard": "Least mean share of a sound heard when it is graded (0 to 1).",
    "listening": "How sounds are made and heard.",
    "listening.sound_check": "Whether raters set their volume by a tone first.",
    "listening.hearing": "Whether they count beeps in it: a silent device does not pass.",
    "listening.headphones": "Whether raters take a test that asks for headphones.",
    "listening.must_listen": "The share of a sound to be heard before it can be graded (0 to 1).",
    "listening.must_seconds": "Or so many seconds of it, where that is less (0 to 600); 0, as "
    "where the share alone is named: the share.",
    "listening.show_waveform": "Whether sounds have pictures; they bias ears and tell controls.",
    "listening.level": "Whether all sounds are brought to one loudness.",
    "listening.loudness": "That loudness in LUFS (-70 to 0), lowered for all where one would clip.",
    "listening.format": "What raters hear: flac, or mp3 or opus, which are smaller; opus most.",
    "listening.leave_out": "Clips that nobody hears; in every list those below move up.",
    "pace": "What spares raters' patience; each judgement stores which of it was on.",
    "pace.play_on_move": "Whether a sound plays when a key moves to it.",
    "pace.go_on": "Whether a grade moves on to the next sound and plays it; with graded only.",
    "pace.raters_choose": "Whether raters may turn these two on and off for themselves.",
    "pace.by_grades": "Whether raters may look at a page in the order of their grades, which "
    "changes nothing; with graded only.",
    "pace.reopen": "Whether raters may go back to finished queries, until repeats are asked.",
    "pace.break_minutes": "After so many minutes of work a break is offered (0 to 240); 0: never.",
    "answers": "What raters can say besides a grade.",
    "answers.remarks": "Whether raters can write a remark on each sound; only you read it.",
    "answers.cannot_say": "Whether they can answer “I can't say”: a grade that is missing, with "
    "its reason; not with preference.",
    "questionnaire": "Questions about the rater, before the first and after the last sound.",
    "joining": "Whether strangers may come in, what they bring and what they get.",
    "joining.open": "Whether anybody can join at /join/SLUG.",
    "joining.most": "How many may (1 to 100000).",
    "joining.ids": "Parameters of that address that tell a person, here as Prolific names them.",
    "joining.signed": "Whether the panel signs the first (flask studies join-secret).",
    "joining.completion_code": "Shown at the end; empty: none.",
    "joining.screen_out_code": "Shown to those who do not pass the headphone test; empty: none.",
    "joining.no_consent_code": "Shown to those who do not agree; empty: none.",
    "joining.redirect": "Where the last page leads, {code} standing for the code; empty: nowhere.",
    "analysis": "What will be reported first, fixed before there are data.",
    "analysis.primary_measure": "; ".join(
        f"{method}: {', '.join(names)}" for method, names in PRIMARY_MEASURES.items()
    )
    + ".",
    "analysis.good": "From which share of the scale a grade counts as good (above 0, to 1).",
    "analysis.comparisons": 'Tested to confirm: "all", "vs:SYSTEM", or pairs, [["one", "other"]]; '
    '"none": what is found is exploratory.',
    "analysis.raters": "Whose grades are primary: passed (the screening rule) or all; the others "
    "are a switch away.",
}
"""One line on each key, as in "controls.repeats", and on each table."""

_BEGINNING = """\
# A protocol of Sounding Board. Fill in the keys that are not commented out, and take away the #
# of those that are to differ from their defaults, which are shown.
"""

_REPLACED = """
# [[queries.replaced]]
# clip = "123"
# reason = "nothing is heard in it"
"""

_FACET = """
# [[scale.facets]]
# name = "brightness"  # in exports
# question = "How close is it in brightness?"
# anchors = [[0, "not at all"], [1, "somewhat"], [2, "very"]]
# step = 0
"""

_QUESTIONS = """
# [[questionnaire.before]]
# id = "years"  # its column in exports
# text = "For how many years have you worked with sound?"
# kind = "number"  # "text", "number", or "choice", which has choices
# required = true  # must be answered

# [[questionnaire.after]]
# id = "device"
# text = "What did you listen with?"
# kind = "choice"
# choices = ["headphones", "loudspeakers"]
# required = false
"""

_TEXTS = """
# [[texts]]
# language = "es"
# title = "¿Qué sonidos se parecen a este?"

# [[texts.facets]]
# name = "brightness"
# question = "¿Cuánto se parece en brillo?"
# anchors = ["nada", "algo", "mucho"]  # the words alone

# [[texts.questions]]
# id = "years"
# text = "¿Durante cuántos años ha trabajado con el sonido?"

# [[texts.questions]]
# id = "device"
# text = "¿Con qué ha escuchado?"
# choices = ["auriculares", "altavoces"]
"""

_LISTS_OF_TABLES = {"queries": _REPLACED, "scale": _FACET, "questionnaire": _QUESTIONS}
_WHOLE = ("queries", "joining", "listening", "answers")
"""Tables of which a protocol says only what is used; here all of it is shown."""
_FILLED_IN = ("title", "collection", "systems", "queries.per_family")


def template() -> str:
    """Return a TOML protocol with every key explained, and all that can be left out commented out.

    It is a good protocol as it stands, of a collection and systems that nobody has.
    """
    example = Protocol(
        slug="my-study",
        title="Which sounds are like this one?",
        collection="my-collection",
        systems=("first-system", "second-system"),
        queries=Queries(per_family=2),
    )
    values = example.as_table() | {"contact": "", "languages": [], "questionnaire": {}}
    values |= {key: asdict(getattr(example, key)) for key in _WHOLE}
    values["scale"] = {
        "preset": "anchored",
        "question": QUESTION,
        "anchors": ANCHORS,
        "step": STEP,
        "facets": ["semantic", "acoustic"],
    }
    tables = {key: value for key, value in values.items() if isinstance(value, dict)}
    parts = [_BEGINNING]
    parts += [_explained(key, value) for key, value in values.items() if key not in tables]
    for name, table in tables.items():
        parts.append(f"\n# {HELP[name]}\n[{name}]\n")
        parts += [_explained(f"{name}.{key}", value) for key, value in table.items()]
        parts.append(_LISTS_OF_TABLES.get(name, ""))
    parts.append(f"\n# {HELP['texts']}\n{_TEXTS[1:]}")
    return "".join(parts)


def _explained(key: str, value: Any) -> str:
    """Return a key with its explanation above, commented out unless it must be filled in."""
    sign = "" if key in _FILLED_IN else "# "
    about = "\n# ".join(wrap(HELP[key], 98))
    return f"\n# {about}\n{sign}{key.rpartition('.')[2]} = {toml_value(value)}\n"
