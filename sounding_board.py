"""Reads a Sounding Board server into pandas: for notebooks, and for scripts.

One file that needs pandas and nothing else of the project: copy it to where your notebook is.

    from sounding_board import Server

    server = Server("https://listen.example.org", token="sb_...")
    server.systems("fsd50k", convention="corrected")

The address and the token can also be in the environment: SB_SERVER and
SB_TOKEN. Whoever runs the server makes a token: ``flask tokens make NAME --scope ...``.
It is a password: keep it out of notebooks that are shared.

Every table is a DataFrame whose ``attrs`` say what it is made of: ``attrs["simulated"]`` is true
where any of it comes from simulated vectors or judgements. What is undefined is NaN, ids are text.
"""

import json
import os
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pandas as pd

ADDRESS, TOKEN = "SB_SERVER", "SB_TOKEN"
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_TEXT = "str" if int(pd.__version__.partition(".")[0]) >= 3 else "object"
_DTYPES = {"string": _TEXT, "integer": "int64", "number": "float64", "boolean": "bool"}


class ServerError(Exception):
    """The server did not give what was asked for; the sentence says why.

    `status` is that of HTTP: 400 what cannot be asked, 401 a wrong token, 403 a token for other
    things, 404 nothing of that name; 0 where no server answered.
    """

    def __init__(self, sentence: str, status: int = 0) -> None:
        super().__init__(sentence)
        self.status = status


class Server:
    """A Sounding Board server.

    Parameters
    ----------
    address : as a browser has it, with the path below which it is served, if any
    token : as it was made; only sent over https, or to this machine
    timeout : seconds to wait for an answer; the first look at a large study can take some

    Raises
    ------
    ServerError
        There is no address or no token, or the token would be sent where others can read it.
    """

    def __init__(self, address: str = "", token: str = "", *, timeout: float = 120) -> None:
        self.address = (address or os.environ.get(ADDRESS, "")).rstrip("/")
        self._token = token or os.environ.get(TOKEN, "")
        self.timeout = timeout
        parts = urlsplit(self.address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServerError(f"The address must begin with https://, not {self.address!r}.")
        if not self._token:
            raise ServerError(f"There is no token: give one, or set {TOKEN}.")
        if parts.scheme == "http" and parts.hostname not in _LOCAL:
            raise ServerError(
                f"Over http others could read the token on its way to {parts.hostname}: use https."
            )
        self._opener = build_opener(_Stay())

    def __repr__(self) -> str:
        return f"Server({self.address!r})"

    def collections(self) -> pd.DataFrame:
        """Return the collections, a row each."""
        return self.frame("collections")

    def clips(self, collection: str, first: int | None = None) -> pd.DataFrame:
        """Return a collection's clips; of a very large one, as many as are sent from `first` on."""
        return self.frame("browse", collection, "clips", first=first)

    def rankings(
        self, collection: str, query: str, systems: list[str] | None = None, ranks: int = 15
    ) -> pd.DataFrame:
        """Return the `ranks` best results (1 to 150) of a clip under some systems, or all."""
        asked = {"query": query, "system": systems, "ranks": ranks}
        return self.frame("browse", collection, "rankings", **asked)

    def systems(self, collection: str, **asked: str) -> pd.DataFrame:
        """Return a row a system, with its scores; `convention` and `average` as on the page."""
        return self.frame("scores", collection, "tables", "systems", **asked)

    def families(self, collection: str, **asked: str) -> pd.DataFrame:
        """Return a row a system and family, with scores."""
        return self.frame("scores", collection, "tables", "families", **asked)

    def classes(self, collection: str, measure: str = "map@15", **asked: str) -> pd.DataFrame:
        """Return a row a class and system, with one measure."""
        return self.frame("scores", collection, "tables", "classes", measure=measure, **asked)

    def comparison(self, collection: str, a: str = "", b: str = "", **asked: str) -> pd.DataFrame:
        """Return a row a class with two systems' scores; the best two unless told."""
        return self.frame("scores", collection, "tables", "comparison", a=a, b=b, **asked)

    def scores_figure(self, collection: str, name: str, **asked: str) -> pd.DataFrame:
        """Return the numbers of a figure of the scores page: families, modalities, sweep, ..."""
        return self.frame("scores", collection, name, **asked)

    def map(self, collection: str, embedding: str, method: str = "pca") -> pd.DataFrame:
        """Return a map of an embedding: x and y of each clip."""
        return self.frame("browse", collection, "map", "points", embedding, method)

    def studies(self) -> pd.DataFrame:
        """Return the studies, a row each, the newest first."""
        return self.frame("studies")

    def parts(self, study: str, **asked: str) -> pd.DataFrame:
        """Return the names and titles of a study's tables and figures."""
        return self.frame("studies", study, "results", "parts", **asked)

    def table(self, study: str, name: str, **asked: str) -> pd.DataFrame:
        """Return a table of a study's results; `facet`, `raters`, `speaks` as on the page."""
        return self.frame("studies", study, "results", "tables", name, **asked)

    def figure(self, study: str, name: str, **asked: str) -> pd.DataFrame:
        """Return the numbers of a figure of a study's results."""
        return self.frame("studies", study, "results", "figures", name, **asked)

    def judgements(self, study: str, **asked: str) -> pd.DataFrame:
        """Return every judgement of a study that asks for grades, with what is done with it."""
        return self.frame("studies", study, "results", "judgements", **asked)

    def results(self, study: str, **asked: str) -> dict[str, Any]:
        """Return all results of a study as one document: "summary", "sections", "about"."""
        return json.loads(self.get(_path("studies", study, "results") + ".json", **asked))

    def frame(self, *path: str, **asked: Any) -> pd.DataFrame:
        """Return the table at an address, its path in parts and without its ending."""
        return as_frame(json.loads(self.get(_path(*path) + ".json", **asked)))

    def get(self, path: str, **asked: Any) -> str:
        """Return what is at a path, as text; raise ServerError with the server's own sentence."""
        told = {key: value for key, value in asked.items() if value not in (None, "", [])}
        query = f"?{urlencode(told, doseq=True)}" if told else ""
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        request = Request(f"{self.address}{path}{query}", headers=headers)
        try:
            with self._opener.open(request, timeout=self.timeout) as answer:
                return answer.read().decode()
        except HTTPError as error:
            with error:
                raise ServerError(_sentence(error), error.code) from None
        except (URLError, TimeoutError) as error:
            why = getattr(error, "reason", error)
            raise ServerError(f"{self.address} does not answer: {why}.") from None


def as_frame(found: dict[str, Any]) -> pd.DataFrame:
    """Return a table of the server's JSON as a DataFrame: ids stay text, moments are in UTC."""
    rows, columns = found["rows"], {}
    for one in found["columns"]:
        name, values = one["name"], [row[one["name"]] for row in rows]
        if one["type"] == "moment":
            text = pd.Series(values, dtype="object")
            columns[name] = pd.to_datetime(text, utc=True, format="ISO8601")
            continue
        missing = any(value is None for value in values)
        kind = "float64" if missing and one["type"] == "integer" else _DTYPES[one["type"]]
        kind = "object" if missing and kind == "bool" else kind
        columns[name] = pd.Series(values, dtype=kind)
    table = pd.DataFrame(columns, columns=[one["name"] for one in found["columns"]])
    table.attrs = found["about"]
    return table


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: the token would go along, to wherever that leads."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _path(*parts: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


def _sentence(error: HTTPError) -> str:
    """Return what an error's answer says."""
    if 300 <= error.code < 400:
        return f"The server wants another address: {error.headers.get('Location', '')}"
    try:
        return str(json.loads(error.read())["error"])
    except (ValueError, KeyError, TypeError):
        return f"The server answered {error.code} {error.reason}."
