"""data.md and openapi.json: every address that gives data, from the app's own list and routes."""

import json
from collections.abc import Iterable, Iterator

from flask import Flask

from embeddings import __version__
from evaluation.figures.table_json import TYPES
from tools.reference import markdown
from tools.reference.markdown import code, codes, plain
from webapp import page_modules
from webapp.by_address.described import description, routes
from webapp.by_address.listed import ADDRESSES, ASKED, Address, Parameter

_HEAD = """\
Every table that the pages show, for scripts: as CSV, and as JSON beside it (the same address with
another ending). [How to make a token, and read it all into pandas](../howto/notebooks.md). A script
sends its token as `Authorization: Bearer sb_...`, asks by GET, and gets what its token's scope
opens; a browser that is signed in gets all of it. The same as OpenAPI: `/openapi.json` of a server,
and [openapi.json](openapi.json) beside this page."""
_JSON = f"""\
A table is made once and sent as either. CSV is UTF-8 with a line of names; JSON has the same, and
the type of each column:

```json
{{"about": {{"table": "systems-cbmi2024", "simulated": true, "collection": "demo",
           "convention": "cbmi2024", "version": "{__version__}"}},
 "columns": [{{"name": "system", "type": "string"}}, {{"name": "map@15", "type": "number"}}],
 "rows": [{{"system": "freesound.minmax-pca100.nns", "map@15": 0.25}},
          {{"system": "random.l2.mcss", "map@15": null}}]}}
```

An empty cell of the CSV is `null`. `simulated` is true where any of it comes from simulated vectors
or judgements; `provenance` says it row by row. In pandas both are the same table, where CSV is read
with the ids as text: `pd.read_csv(file, dtype={{"clip": "str"}}, keep_default_na=False,
na_values=[""])`."""
_RESULTS = """\
Every address of a study's results can be told whose grades of what it is about, as the page can:"""
_WRONG = """\
Errors are JSON with one sentence, `{"error": "..."}`: 400 what cannot be asked, 401 a token that is
missing, wrong, expired or revoked, 403 a token for other things, 404 nothing of that name, 405
anything but reading, 429 too many wrong tokens."""


def page() -> str:
    """Return the page of the addresses."""
    app = _app()
    types = [(code(name), about) for name, about in TYPES.items()]
    parts = [_HEAD, "## A table", _JSON, markdown.table(("type", "its values"), types)]
    parts += ["## What of results is asked for", _RESULTS, _parameters(ASKED)]
    parts += ["## What goes wrong", _WRONG, "## Addresses"]
    for address in ADDRESSES:
        parts += _described(app, address)
    return markdown.page("Data by address", *parts)


def openapi() -> str:
    """Return the description as a file."""
    return json.dumps(description(_app()), ensure_ascii=False, indent=1) + "\n"


def _app() -> Flask:
    """Return an app with the addresses and nothing behind them: it needs no data folder."""
    app = Flask("reference")
    pages = {address.view.partition(".")[0] for address in ADDRESSES}
    for module in page_modules():
        if module.bp.name in pages:
            app.register_blueprint(module.bp)
    return app


def _described(app: Flask, address: Address) -> Iterator[str]:
    served = list(routes(app, address))
    yield f"### `{served[0].path}`"
    also = (
        f" Also {codes(one.path.rpartition('/')[2] for one in served[1:])}." if served[1:] else ""
    )
    yield f"{plain(address.about)}{also} Scope: {' or '.join(map(code, served[0].scopes))}."
    own = () if address.query is ASKED else address.query
    if address.path or own:
        yield _parameters((*address.path, *own))
    if address.columns:
        columns = [
            (codes(name.split(", ")), plain(about)) for name, about in address.columns.items()
        ]
        yield markdown.table(("column", "what it has"), columns)


def _parameters(given: Iterable[Parameter]) -> str:
    return markdown.table(("told", "what it is"), ((code(one.name), _told(one)) for one in given))


def _told(one: Parameter) -> str:
    notes = [plain(one.about)]
    notes += [f"one of {codes(one.values)}"] if one.values else []
    notes += ["may be told several times"] if one.many else []
    notes += ["needed"] if one.needed else []
    return "; ".join(notes)
