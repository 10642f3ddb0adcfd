"""How far a study is, in one sentence, and what is to be done next."""

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.manage.study_progress import Progress
from webapp.models import Study
from webapp.rating.people import is_open


@dataclass(frozen=True, slots=True)
class NextStep:
    """How far a study is, and the next action.

    Attributes
    ----------
    words : the sentence
    action, address : what to do and where; both "" where there is nothing to do
    """

    words: str
    action: str = ""
    address: str = ""


def next_step(study: Study, found: Progress) -> NextStep:
    """Return the state of an open or closed study, and what to do next."""
    results = (_("See the results"), url_for("results.page", slug=study.slug))
    people = url_for("manage.people", slug=study.slug)
    close = (_("Close it"), "#close")
    done = _done(found)
    if study.state == "closed":
        return NextStep(_("Closed, with %(done)s.", done=done), *results)
    if study.simulated:
        return NextStep(_("Open, and judged by made raters: %(done)s.", done=done), *results)
    if not is_open(study):
        return NextStep(
            _("Its last day, %(day)s, is over, with %(done)s: close it and see the results.",
              day=study.terms.ends, done=done), *close,
        )  # fmt: skip
    if found.share.wanted and found.share.finished >= found.share.wanted:
        return NextStep(_("%(done)s: close it and see the results.", done=_upper(done)), *close)
    if not found.invited and not study.terms.joining.open:
        return NextStep(
            _("Open, and nobody is invited yet: invite raters."), _("Invite raters"), people
        )
    if not found.begun:
        return NextStep(
            _("Open, and nobody has begun yet: send raters their links."),
            _("Raters and their links"), people,
        )  # fmt: skip
    if found.share.wanted and found.done >= found.invited:
        return NextStep(
            _("%(done)s, and everybody who came is at the end: invite more raters.",
              done=_upper(done)), _("Invite raters"), people,
        )  # fmt: skip
    at_it = ngettext("one rater is at it now", "%(num)d raters are at it now", found.active)
    if not found.active:
        at_it = _("nobody is at it now")
    return NextStep(
        _("%(done)s, and %(now)s: see how the raters do.", done=_upper(done), now=at_it),
        _("See the raters"), people,
    )  # fmt: skip


def _done(found: Progress) -> str:
    share = found.share
    if share.wanted:
        return _("%(done)d of %(all)d blocks done", done=share.finished, all=share.wanted)
    return ngettext("%(num)d block done", "%(num)d blocks done", share.finished)


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]
