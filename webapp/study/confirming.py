"""The words of a scale in every language of a draft, and that its experimenter confirms them."""

from functools import partial

from embeddings.errors import InputError
from evaluation.protocol.languages import Pair, scale_pairs, settled
from evaluation.protocol.terms import Protocol
from webapp.core.database import db
from webapp.core.languages.translating import in_language
from webapp.logbook import record
from webapp.models import Study


def whole_protocol(protocol: Protocol, *, confirmed: bool = False) -> Protocol:
    """Return a protocol with every text that raters will read; see `settled`."""
    return settled(protocol, in_language, confirmed=confirmed)


def scales(protocol: Protocol) -> dict[str, list[Pair]]:
    """Return the texts of the scale in each further language, by its code."""
    whole = whole_protocol(protocol)
    return {
        one: list(scale_pairs(whole, one, partial(in_language, one)))
        for one in protocol.languages[1:]
    }


def confirm(study: Study) -> None:
    """Store in a draft's protocol that the words of its scale mean the same in each language."""
    if study.state != "draft":
        raise InputError(
            f"The study {study.slug!r} is {study.state}; the words of its scale are fixed."
        )
    if not study.terms.languages[1:]:
        raise InputError(
            f"The study {study.slug!r} is in one language; nothing is to be confirmed."
        )
    keep(study, whole_protocol(study.terms, confirmed=True))
    record("changed", study.slug, "the words of the scale are confirmed")
    db.session.commit()


def keep(study: Study, protocol: Protocol) -> None:
    """Put a protocol with the same questions in a study's; the caller commits."""
    study.title = protocol.title
    study.protocol, study.protocol_sha256 = protocol.as_json(), protocol.sha256()
