"""files.md: what lies in the data folder, and the columns of the tables that leave it."""

import re
from collections.abc import Iterable
from dataclasses import fields

from embeddings.listening.levels import Level
from evaluation.records.codebook import FILES, RULES, TABLES
from evaluation.records.table_columns import columns_of
from tools.reference import markdown
from tools.reference.markdown import code, plain
from webapp.bundles.payments import Payment
from webapp.logbook import Line

STORED: dict[str, dict[str, str]] = {
    "": {
        "config.toml": "the [settings](settings.md), written with comments at first start",
        "secret_key": "signs cookies and links; for its owner's eyes",
        "installation": "the folder's id, which the database knows: another folder is refused",
        "sounding_board.sqlite": "studies, raters, judgements, accounts and the log, unless "
        "`database_url` differs; "
        "with `-wal` and `-shm` beside it while the app runs",
        "served_at": "the address that `make run` served at last",
        "demo.json": "when the demo was made, and by which edition",
        "backups/last-backup": "when `flask backup` wrote its newest one, wherever that went",
        "backups/before-VERSION-revision-NUMBER-MOMENT.sqlite": "the database before a newer "
        "version changed its tables; a zip of its rows with PostgreSQL",
        "locks/NAME": "who is writing what just now, and what a study's opening, or a job, said "
        "last",
        "rehearsals/SLUG/tables": "a draft's rehearsal, in SQLite; empty where PostgreSQL has "
        "it in a schema of its own. It goes when the study is opened, and is in no backup",
        "rehearsals/SLUG/study/FILE": "what an open study has in `studies/SLUG`, of the rehearsal",
        "uploads/KEY/given": "what a browser sent, until its job is done, or for two days",
        "uploads/KEY/unpacked/FILE": "what that zip has in it",
        "weights/FILE": "the networks' checkpoints, under their published names",
        "weights/weights.json": "the SHA-256 of each, and when and from where it came",
    },
    "collections/NAME/": {
        "collection.json": "source, convention, when and by which version it was imported",
        "clips.csv": "a row a clip: labels, path, seconds, loudness, and what else the source had",
        "families.json": "the classes of each family",
        "envelopes.npy": "a picture of each clip's loudness over time",
        "clips.index/FILE": "of 100,000 clips or more: what finds a row of `clips.csv`; may go",
        "audio/FILE": "the sounds, where they were made here or imported with `--copy`",
        "playing/FILE": "copies of what browsers do not play, made when it is first played; may go",
    },
    "collections/NAME/embeddings/EMBEDDING/": {
        "vectors.npy": "float32: a row a clip, or a row a frame; failed clips left out",
        "frames.npy": "int64: at which row each clip begins, where it has frames",
        "meta.json": "provenance, representation, parameters, versions, clips that failed and why",
        "maps/METHOD/points.npy": "a map: two numbers a clip",
        "maps/METHOD/meta.json": "its method, parameters and seed",
    },
    "collections/NAME/rankings/SYSTEM/": {
        "neighbours.npy": "int32: of each clip the rows of its neighbours, best first; -1 for none",
        "scores.npy": "float32: their scores, higher is more similar; NaN for none",
        "transform.npz": "what prepares new sounds: the fitted scaling and PCA; not where imported",
        "meta.json": "its embedding, processing, search and title",
        "objective.json": "its scores: means over classes, queries and families, and by class",
        "objective_queries.npz": "the scores of every query",
        "../.SYSTEM.parts/FILE": "what a ranking that was stopped goes on from; may go",
        "../.SYSTEM.scores/FILE": "and a scoring",
    },
    "collections/NAME/sweeps/EMBEDDING/": {
        "sweep.csv": "a row a processing, search and convention, with the scores",
        "CELL.npz": "the scores of every query in a cell",
        "meta.json": "of which vectors it is",
    },
    "studies/SLUG/": {
        "clips.csv": "as in the bundle, kept from the day the study opens; so are the next two",
        "objective.csv": "scores against the labels",
        "systems.json": "how rankings and embeddings were made",
        "levels.csv": "what was done to each sound; [below](#levelscsv)",
        "sounds/FILE": "the copies that raters hear, under names that say nothing, without tags",
        "mixed_model.json": "what `flask studies model` found",
        "reused.csv": "of an imported study: the judgements of another one that it uses again",
        "reused_raters.csv": "and whose they are",
    },
    "own/ID/": {
        "FILE": "a sound that you asked with, and its copy for listening",
        "query.json": "what was asked of which systems",
        "answers/SYSTEM.json": "what each found",
    },
}
"""Folder -> file -> what it is; a word in capitals stands for any name."""

_HEAD = """\
Everything that is stored lies in one folder: `instance/`, or what `SOUNDING_BOARD_DATA` names. Back
it up while the app is stopped, and you have backed up everything. Files appear when they are whole:
they are written under other names and renamed. Words in capitals stand for names."""
_BUNDLE = """\
`flask studies export SLUG` writes a study as one zip, and with `--table` one of its tables alone.
Its own `CODEBOOK.md` says what follows with the names of the study's systems and questions."""
_PAYMENTS = """\
`flask studies payments SLUG` writes it: the one table that ties pseudonyms to people. It is in no
bundle; keep it apart."""
_LOG = """\
Who did what, and when, oldest first: from a study's page its own, from *Who did what* all of it. No
rater is named, and it is in no bundle."""
_NAMED = {
    "ranks": ["SYSTEM"],
    "scores": ["SYSTEM"],
    "before": ["QUESTION"],
    "after": ["QUESTION"],
    "ids": ["NAME"],
    "language": ["CODE"],
}
"""What stands for the names that a study gives, of each field that has a column for each."""
_LEVELS = "In the folder of a study that was opened: how loud raters hear each clip."


def page() -> str:
    """Return the page of the files and tables."""
    parts = [_HEAD]
    for folder, known in STORED.items():
        rows = [(code(file), about) for file, about in known.items()]
        parts += [f"## `{folder}`" if folder else "## The data folder itself"]
        parts += [markdown.table(("file", "what it has"), rows)]
    parts += ["## A study's bundle", _BUNDLE, plain(RULES)]
    files = [(code(file), plain(about)) for file, about in FILES.items()]
    parts += [markdown.table(("file", "what it has"), files)]
    for name, table in TABLES.items():
        parts += [f"### {name}.csv", plain(table.about), _columns(table.kind)]
    parts += ["## payments.csv", _PAYMENTS, _columns(Payment)]
    parts += ["## log.csv", _LOG, _columns(Line)]
    told = markdown.attributes(Level)
    levels = [(field.name, told[field.name]) for field in fields(Level)]
    parts += ["## levels.csv", _LEVELS, _explained(levels)]
    return markdown.page("Files and tables", *parts)


def is_known(path: str) -> bool:
    """Return whether a file of the data folder, as in "studies/pilot/clips.csv", is on the page."""
    return any(
        re.fullmatch(re.sub(r"\b[A-Z]+\b", r"[^/]+", re.escape(folder + file)), path)
        for folder, known in STORED.items()
        for file in known
    )


def _columns(kind: type) -> str:
    return _explained((one.name, one.about.format(one.key)) for one in columns_of(kind, _NAMED))


def _explained(columns: Iterable[tuple[str, str]]) -> str:
    rows = [(code(column), plain(about)) for column, about in columns]
    return markdown.table(("column", "what it has"), rows)
