"""What the terminal says of a study: its plan, and how far it is."""

from collections.abc import Iterator

from evaluation.design.workload import DECISION_SECONDS, HIDES, QUERY_SECONDS, Plan
from webapp.manage.study_progress import Share, progress
from webapp.models import Study
from webapp.study import retention
from webapp.study.preview import Preview
from webapp.study.rater_lines import RaterLine, rater_lines


def plan_lines(found: Preview) -> list[tuple[str, str]]:
    """Return a plan as (what, how much)."""
    one = found.plan
    lines = [
        ("queries", f"{one.queries}, in {one.blocks} blocks"),
        ("pools", f"{min(found.pools)} to {max(found.pools)} results a query, "
                  f"{found.middle:g} in the middle"),
        ("a block", f"{one.smallest} to {one.largest} things to judge, "
                    f"about {one.block_minutes:.0f} min"),
        ("a rater", f"{one.rater_blocks} blocks, {one.rater_judgements:.0f} judgements, "
                    f"about {one.rater_minutes:.0f} min"),
        ("judgements", "as many as come" if one.judgements is None else f"{one.judgements} in all"),
        ("raters", _raters(one)),
    ]  # fmt: skip
    if reachable := found.reachable:
        lowered = f", {reachable.lost_db:.1f} dB below the {reachable.wanted_level:g} asked for: "
        lowered += f"{len(reachable.lowering)} clips peak too high for more"
        level = f"{reachable.common_level:.1f} LUFS"
        lines.append(("loudness", level + (lowered if reachable.lowering else "")))
    if found.sounds is not None:
        lines.append(("sounds", f"{found.sounds} are copied when it opens"))
    assumed = f"{DECISION_SECONDS:g} s a grade, {QUERY_SECONDS:g} s a page for the query"
    return [*lines, ("assumed", f"every sound is heard once; {assumed}")]


def _raters(one: Plan) -> str:
    needed = "everybody who comes" if one.raters is None else f"{one.raters} at least"
    return f"{needed}; {one.better} or more are better: {HIDES}" if one.better else needed


def status_lines(study: Study) -> Iterator[str]:
    """Yield how far a study is, line by line."""
    state = f"{study.state}, of simulated raters" if study.simulated else study.state
    yield f"{study.slug}: {study.title} ({state})"
    if due := retention.due(study):
        yield f"External ids: {due}"
    yield from _changed_lines(study)
    if study.state == "draft":
        yield f"Nothing yet. Next: flask studies open {study.slug}"
        return
    found = progress(study)
    yield (
        f"{_done_of(found.share)} blocks finished, {found.share.running} being judged, "
        f"{found.judgements} judgements, {found.hours[-1][1]} of them in this hour"
    )
    yield (
        f"{found.invited} raters, {found.begun} have begun, {found.active} active now, "
        f"{found.done} at the end, {found.withdrawn} withdrawn"
    )
    yield ""
    for one in found.queries:
        query = one.query
        where = f"{query.query_class} ({query.family})" if query.family else query.query_class
        yield f"{query.clip:24} {_done_of(one.share):>9}  {where}"
    yield ""
    for line in rater_lines(study):
        yield f"{line.rater.pseudonym}  {line.stage:9} {line.finished:4} blocks  {_trust(line)}"
    for sound in found.reported:
        what = sound.clip or f"a sound in the list of {sound.list_of}"
        yield f"Reported as broken: {what}, by {sound.raters} (query {sound.query})"
    for clip, _, note in found.levels:
        yield f"Loudness of {clip}: {note}"


def _changed_lines(study: Study) -> Iterator[str]:
    """Yield what of the draw was changed by hand."""
    terms = study.terms
    for one in terms.queries.replaced:
        yield f"Replaced: the query {one.clip} by {one.by}: {one.reason}"
    for clip in terms.listening.leave_out:
        yield f"Left out of queries and lists: {clip}"


def _done_of(share: Share) -> str:
    """Return how many blocks are finished, of how many."""
    return f"{share.finished} of {share.wanted}" if share.wanted else str(share.finished)


def _trust(line: RaterLine) -> str:
    """Return a rater's verdict in words; nobody is dropped silently."""
    if line.verdict is None:
        return ""
    return f"{line.verdict.word}: {'; '.join(line.verdict.every_reason)}"
