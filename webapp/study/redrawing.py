"""Changing what a draft asks about: a query replaced by the next of the draw, clips left out."""

from collections.abc import Iterable
from dataclasses import replace

from embeddings.errors import InputError
from evaluation.protocol.parts import LONGEST_REASON
from evaluation.protocol.terms import Replaced
from webapp.models import Study
from webapp.study.lifecycle import create_study


def replace_query(study: Study, clip: str, reason: str) -> Study:
    """Replace a query of a draft by the one that the seed draws next; return the new draft.

    Raises InputError where the study is no draft that draws, nothing is left to draw, or no reason
    is given.
    """
    _check_draft(study)
    terms, words = study.terms, " ".join(reason.split())
    if not 0 < len(words) <= LONGEST_REASON:
        raise InputError(
            f"The reason must have from 1 to {LONGEST_REASON} characters, not {len(words)}: "
            "it is printed in the results."
        )
    if terms.queries.clips:
        raise InputError(
            f"The queries of {study.slug!r} are named, not drawn: name another one in its protocol."
        )
    replaced = (*terms.queries.replaced, Replaced(clip, words))
    return create_study(replace(terms, queries=replace(terms.queries, replaced=replaced)))


def leave_out(study: Study, clips: Iterable[str]) -> Study:
    """Let nobody hear some clips in a draft: no query, and in no list; return the new draft.

    What was replaced stays replaced, by what the seed gives without them.
    """
    _check_draft(study)
    terms = study.terms
    unheard = tuple(dict.fromkeys([*terms.listening.leave_out, *clips]))
    if unheard == terms.listening.leave_out:
        raise InputError("Choose at least one clip to leave out.")
    replaced = tuple(
        replace(one, by="") for one in terms.queries.replaced if one.clip not in unheard
    )
    return create_study(
        replace(
            terms,
            queries=replace(terms.queries, replaced=replaced),
            listening=replace(terms.listening, leave_out=unheard),
        )
    )


def _check_draft(study: Study) -> None:
    if study.state != "draft":
        raise InputError(f"The study {study.slug!r} is {study.state}; only a draft is changed.")
    if study.parent:
        raise InputError(
            f"The study {study.slug!r} takes {study.parent!r} further, and keeps its queries."
        )
