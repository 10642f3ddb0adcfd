"""A table at two addresses, as CSV and as JSON: made once, so that both say the same."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response

from embeddings import __version__
from evaluation.figures.figure import as_csv
from evaluation.figures.table_json import table_json
from webapp.core.downloads import download
from webapp.core.security import opened_by
from webapp.logbook import exported

if TYPE_CHECKING:
    import pandas as pd

FORMS = {"csv": "text/csv", "json": "application/json"}
"""How an address ends -> what is sent there."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table that leaves.

    Attributes
    ----------
    table : what is sent, in its order
    name : what it is, as its file is called without the ending
    simulated : whether any of it comes from simulated vectors or judgements
    about : what else there is to know of it: plain values by name
    whose : what the file's name begins with; "" for nothing
    study : the slug of the study whose data it is, so that it is logged; "" for none
    """

    table: "pd.DataFrame"
    name: str
    simulated: bool
    about: Mapping[str, Any] = field(default_factory=dict)
    whose: str = ""
    study: str = ""

    def text(self, form: str) -> str:
        """Return it as CSV or as JSON."""
        if form == "csv":
            return as_csv(self.table)
        about = {"table": self.name, "simulated": self.simulated, **self.about}
        found = table_json(self.table, about | {"version": __version__})
        return json.dumps(found, ensure_ascii=False, allow_nan=False)


Maker = Callable[..., TableFile]


def twins(bp: Blueprint, rule: str, scope: str) -> Callable[[Maker], Maker]:
    """Serve what a function returns at `rule`.csv and `rule`.json, also to tokens of a scope.

    The first is the endpoint of the function's name; the second has it with "_json" at its end, in
    place of "_csv" where that stands there.
    """

    def decorate(make: Maker) -> Maker:
        names = {"csv": make.__name__, "json": f"{make.__name__.removesuffix('_csv')}_json"}
        for form, name in names.items():
            bp.add_url_rule(f"{rule}.{form}", name, opened_by(scope)(_view(make, form)))
        return make

    return decorate


def json_twin(address: str) -> str:
    """Return the address of the same table as JSON."""
    return re.sub(r"\.csv(?=\?|$)", ".json", address, count=1)


def _view(make: Maker, form: str) -> Callable[..., Response]:
    @wraps(make)
    def view(**values: Any) -> Response:
        found = make(**values)
        if found.study:
            exported(found.study, f"{found.name}.{form}")
        name = "-".join(filter(None, (found.whose, found.name)))
        return download(found.text(form), FORMS[form], f"{name}.{form}")

    return view
