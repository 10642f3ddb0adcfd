"""What the judging page shows: a block's page in opaque tokens, and how far the rater is."""

from dataclasses import dataclass, field

import sqlalchemy as sa

from embeddings.errors import InputError
from webapp.core import catalogue
from webapp.core.database import db
from webapp.core.envelopes import envelope_letters
from webapp.models import Assignment, Candidate, Rater, Slot
from webapp.rating import reopening, trying
from webapp.rating.answers import Answered
from webapp.rating.moments import last_elsewhere
from webapp.rating.people import Step, sitting_blocks
from webapp.rating.tokens import Thing, token


@dataclass(frozen=True, slots=True)
class View:
    """One page of a block.

    Attributes
    ----------
    kind : "practice", "main", "repeat", or "again": a finished query that was reopened
    query : token of the query's sound
    items : (token, facet -> grade) of each candidate on this page
    unsaid : token of a candidate or list -> facets of which the rater could not say
    remarks : token of a sound -> what the rater wrote of it
    lists : for lists: (name or token, [(token, whether another list has it, too)], grade)
    choice : of two lists, None where none was made
    reported : tokens of sounds that the rater reported as broken
    envelopes : token -> waveform as the player reads it; empty unless the protocol shows them
    page, pages, first : from one; `first` is the number of the first item in the block
    graded, all : items answered, and all, of the block (or of its repeats)
    done, blocks : blocks finished, and blocks in the rater's sitting
    previous : whether there is an earlier page of the block to look at
    number : of the query in the sitting
    later : about how many items come after this block, repeats included
    finished : (number, token of the query) of what can be reopened
    elsewhere : when the last answer was given in another sitting (ISO 8601), "" where it was not
    preview : whether nothing that is answered is stored, and nothing needs an answer
    """

    kind: str
    query: str
    items: list[tuple[str, dict[str, int]]] = field(default_factory=list)
    lists: list[tuple[str, list[tuple[str, bool]], int | None]] = field(default_factory=list)
    choice: str | None = None
    unsaid: dict[str, set[str]] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)
    reported: frozenset[str] = frozenset()
    envelopes: dict[str, str] = field(default_factory=dict)
    page: int = 1
    pages: int = 1
    first: int = 1
    graded: int = 0
    all: int = 0
    done: int = 0
    blocks: int = 1
    previous: bool = False
    number: int = 1
    later: int = 0
    finished: list[tuple[int, str]] = field(default_factory=list)
    elsewhere: str = ""
    preview: bool = False


def view(rater: Rater, sitting: str, step: Step, page: int | None = None, again: str = "") -> View:
    """Return the page of a step's block; an earlier one of it if `page` names one.

    `again` names the query of a finished block that is to be looked at once more.
    """
    finished = [
        (number, token(sitting, Thing(one))) for number, one in reopening.finished(rater, step)
    ]
    number = rater.blocks_done + 1
    if reopened := again and reopening.reopened(rater, step, again):
        step, number = reopened
    assignment, terms = step.assignment, rater.study.terms
    assert assignment is not None
    repeat = step.name == "repeat"
    slots = [slot for slot in assignment.slots if slot.repeat == repeat]
    first_page = min(slot.page for slot in slots)
    preview = trying.kind_of(rater.token) == trying.PREVIEW
    is_whole = preview or step.name == reopening.AGAIN
    last = max(slot.page for slot in slots) if is_whole else step.page
    shown = page if page is not None and first_page <= page <= last else step.page
    here = [slot for slot in slots if slot.page == shown]
    given = step.answered.grades
    left = {slot.id for slot in step.answered.left(assignment, terms)}
    query = token(sitting, Thing(assignment))
    names = {slot.id: token(sitting, Thing(assignment, slot)) for slot in here}
    return View(
        kind=step.name,
        query=query,
        items=[(names[slot.id], given.get(slot.id, {})) for slot in here if slot.candidate_id],
        lists=_lists(assignment, here, sitting, names, given),
        choice=step.answered.choice,
        unsaid={names[slot.id]: step.answered.unsaid.get(slot.id, set()) for slot in here},
        remarks=_remarks(assignment, step.answered, sitting, names),
        reported=_reported(assignment, step.answered, sitting, names, query),
        envelopes=_envelopes(rater, sitting, assignment, here),
        page=shown,
        pages=max(slot.page for slot in slots),
        first=here[0].position if not repeat else 1,
        graded=sum(1 for slot in slots if slot.id not in left),
        all=len(slots),
        done=rater.blocks_done,
        blocks=sitting_blocks(rater),
        previous=shown > first_page,
        number=number,
        later=_later(rater, assignment, repeat=repeat),
        finished=finished,
        elsewhere=last_elsewhere(rater, sitting),
        preview=preview,
    )


def _later(rater: Rater, assignment: Assignment, *, repeat: bool) -> int:
    """Return about how many items come after a block: as if the other blocks were as large."""
    terms, blocks = rater.study.terms, sitting_blocks(rater) - rater.blocks_done
    each = sum(1 for slot in assignment.slots if not slot.repeat)
    each = 1 if terms.method == "preference" else each
    again = 0 if repeat else terms.controls.repeats
    return max(blocks - (not repeat), 0) * (each + terms.controls.repeats) + again


def _reported(
    assignment: Assignment, given: Answered, sitting: str, names: dict[int, str], query: str
) -> frozenset[str]:
    """Return the tokens of the page's sounds that the rater reported as broken."""
    slots, clips = given.broken, given.broken_in_lists
    found = {name for slot, name in names.items() if slot in slots}
    found |= {
        token(sitting, Thing(assignment, candidate=one))
        for one in (assignment.query.candidates if clips else ())
        if one.id in clips
    }
    return frozenset(found | ({query} if None in slots else set()))


def _remarks(
    assignment: Assignment, given: Answered, sitting: str, names: dict[int, str]
) -> dict[str, str]:
    """Return the rater's own remarks by the tokens of the page's sounds."""
    listed = {one.id: one for one in (assignment.query.candidates if given.remarks else ())}
    found = {}
    for (slot, candidate), text in given.remarks.items():
        if candidate in listed:
            found[token(sitting, Thing(assignment, candidate=listed[candidate]))] = text
        elif slot in names:
            found[names[slot]] = text
    return found


def _with_sources(assignment: Assignment) -> dict[int, Candidate]:
    """Return the candidates of a block's query by id, with the ranks that systems gave them."""
    found = sa.select(Candidate).where(Candidate.query_id == assignment.query_id)
    found = found.options(sa.orm.selectinload(Candidate.sources))
    return {one.id: one for one in db.session.scalars(found)}


def _envelopes(
    rater: Rater, sitting: str, assignment: Assignment, slots: list[Slot]
) -> dict[str, str]:
    """Return the waveforms of all sounds of a page, where the protocol shows them."""
    terms = rater.study.terms
    if not terms.listening.show_waveform:
        return {}
    heard = {Thing(assignment): assignment.query.clip}
    heard |= {Thing(assignment, slot): slot.candidate.clip for slot in slots if slot.candidate}
    if any(slot.system_id for slot in slots):
        heard |= {Thing(assignment, candidate=one): one.clip for one in assignment.query.candidates}
    try:
        collection = catalogue.collection(terms.collection)
    except InputError:
        return {}  # its sentence would name what a rater must not know
    return {
        token(sitting, thing): envelope_letters(collection.envelopes[collection.index[clip]])
        for thing, clip in heard.items()
    }


def _lists(
    assignment: Assignment,
    slots: list[Slot],
    sitting: str,
    names: dict[int, str],
    given: dict[int, dict[str, int]],
) -> list[tuple[str, list[tuple[str, bool]], int | None]]:
    """Return the lists of a page, each with its sounds in the order of their ranks."""
    slots = [slot for slot in slots if slot.system_id]
    ranked: dict[int, list[tuple[int, int]]] = {slot.id: [] for slot in slots}
    candidates = _with_sources(assignment) if slots else {}
    for candidate in candidates.values():
        ranks = {source.system_id: source.rank for source in candidate.sources}
        for slot in slots:
            if slot.system_id in ranks:
                ranked[slot.id].append((ranks[slot.system_id], candidate.id))
    heard_in = [candidate for found in ranked.values() for _, candidate in found]
    letters = dict(zip((slot.id for slot in slots), "AB", strict=False))
    two = assignment.rater.study.terms.method == "preference"
    return [
        (
            letters[slot.id] if two else names[slot.id],
            [
                (
                    token(sitting, Thing(assignment, candidate=candidates[candidate])),
                    heard_in.count(candidate) > 1,
                )
                for _, candidate in sorted(ranked[slot.id])
            ],
            next(iter(given.get(slot.id, {}).values()), None),
        )
        for slot in slots
    ]
