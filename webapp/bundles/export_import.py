"""A study as a bundle, and a bundle as a study: the same bytes, whichever way round.

A bundle has every table, the protocol, TREC files, a codebook and checksums; no sounds, and nothing
that ties a pseudonym to a person.
"""

import shutil
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from embeddings.errors import InputError
from embeddings.files import whole_folder
from evaluation.keys import shown
from evaluation.protocol.reading import protocol_toml
from evaluation.records.bundle import VERSION, read_bundle
from evaluation.records.codebook import TABLES, codebook, tables_of
from evaluation.records.csv_tables import frame_csv, moment_text, read_table
from evaluation.records.facts import ClipRecord
from evaluation.records.formulas import would_run
from evaluation.records.study_trec import study_qrels, study_run
from webapp.bundles.rebuild_raters import Rebuilt
from webapp.bundles.sameness import check_same
from webapp.core.database import db
from webapp.logbook import record
from webapp.models import Study
from webapp.study import frozen
from webapp.study.lifecycle import study_folder
from webapp.tables.selects import SELECTS
from webapp.tables.study_tables import Tables, uncollected

if TYPE_CHECKING:
    import pandas as pd


def table_text(study: Study, name: str) -> str:
    """Return one of the bundle's tables as CSV, for people; a draft has none yet.

    It is as in the bundle but for what raters typed, which no spreadsheet runs
    (`evaluation.records.formulas`).
    """
    _check_opened(study)
    if name not in tables_of(study.terms):
        raise InputError(f"The protocol of {study.slug!r} has no use for the table {name!r}.")
    if name not in SELECTS:
        return frozen.read(study, f"{name}.csv").decode()
    made = Tables(study)
    kind, names = TABLES[name].kind, made.names.get(name)
    return frame_csv(kind, made.table(name), names, for_people=True)


def formulas(study: Study) -> str:
    """Return the sentence that says which names of clips a spreadsheet would run; "" for none.

    They are what the clips and their labels are called, and are exported as they are.
    """
    text = frozen.read(study, "clips.csv").decode()
    clips = [one for _, one in read_table(ClipRecord, text, "clips.csv")]
    cells = [
        getattr(one, field.name)
        for one in clips
        for field in fields(one)
        if field.name != "seconds"
    ]
    found = [cell for cell in cells if would_run(cell)]
    if not found:
        return ""
    return (
        f"What clips and classes are called is written as it is, and {len(found)} such cells begin "
        f"as formulas do, as {shown(found[0])} does: have a spreadsheet read all columns as text."
    )


def bundle_files(study: Study) -> dict[str, bytes]:
    """Return every file of a study's bundle but its checksums.

    Raises InputError for a draft, and where an old study has no record of its collection, which
    is not there any more.
    """
    _check_opened(study)
    made = Tables(study)
    with uncollected():
        found = {name: made.table(name) for name in tables_of(study.terms) if name in SELECTS}
    texts = {
        f"{name}.csv": frame_csv(TABLES[name].kind, one, made.names.get(name))
        for name, one in found.items()
    }
    texts |= _trec(study, found) | {
        "CODEBOOK.md": codebook(study.terms, made.names),
        "protocol.json": study.protocol,
        "protocol.toml": protocol_toml(study.terms),
        "study.json": frozen.as_json(_facts(study)),
    }
    kept = {name: frozen.read(study, name) for name in frozen.FROZEN}
    return {name: text.encode() for name, text in texts.items()} | kept


def import_study(path: Path) -> Study:
    """Rebuild a study from a bundle, and return it: closed, without sounds, all numbers as before.

    Raises InputError, and leaves nothing behind, where the bundle is damaged or wrong, or there is
    a study of its name.
    """
    bundle = read_bundle(path)
    work = Rebuilt(bundle)
    slug = work.study.slug
    try:
        if db.session.scalar(sa.select(Study.id).where(Study.slug == slug)):
            raise InputError(f"There is a study {slug!r} already; {bundle.name} has that name.")
        _insert(work)
        with whole_folder(study_folder(slug)) as folder:
            for name, content in work.kept.items():
                (folder / name).write_bytes(content)
    except BaseException:
        db.session.rollback()
        raise
    record("imported", slug)
    try:
        check_same(work)
        db.session.commit()
    except BaseException:
        db.session.rollback()
        shutil.rmtree(study_folder(slug))
        raise
    return work.study


def _check_opened(study: Study) -> None:
    if study.state == "draft":
        raise InputError(
            f"The study {study.slug!r} is a draft; it has something to export once it is open."
        )


def _insert(work: Rebuilt) -> None:
    """Store the rows; the answers come last, since their places need ids first."""
    db.session.add(work.study)
    try:
        db.session.flush()
        for model, rows in work.answers():
            if rows:
                db.session.execute(sa.insert(model), rows)
    except sa.exc.IntegrityError as error:
        raise InputError(
            f"{work.bundle.name}: something in it is stored here already: {error.orig}."
        ) from error


def _trec(study: Study, tables: Mapping[str, "pd.DataFrame"]) -> dict[str, str]:
    """Return the TREC files: what each system returned, and how that was graded."""
    terms, judgements, raters = study.terms, tables["judgements"], tables["raters"]
    texts = {f"runs/{one}.txt": study_run(tables["pools"], one) for one in terms.systems}
    passed = raters.loc[raters["passed"] == 1, "rater"]
    for facet in terms.scale.facets if terms.method == "graded" else ():
        qrels = f"qrels/{facet.name}"
        texts[f"{qrels}.txt"] = study_qrels(judgements, facet.name)
        texts[f"{qrels}.screened.txt"] = study_qrels(judgements, facet.name, passed)
    return texts


def _facts(study: Study) -> dict[str, Any]:
    moments = {name: getattr(study, name) for name in ("created_at", "opened_at", "closed_at")}
    systems = [
        {name: getattr(one, name) for name in ("ranking", "title", "provenance", "anchor")}
        for one in study.systems
    ]
    return {
        "bundle": VERSION,
        **{name: getattr(study, name) for name in ("slug", "title", "parent", "level")},
        "state": study.imported or study.state,
        **{name: moment and moment_text(moment) for name, moment in moments.items()},
        "code_version": study.code_version,
        "protocol_sha256": study.protocol_sha256,
        "systems": systems,
        **({"simulated": True} if study.simulated else {}),
    }
