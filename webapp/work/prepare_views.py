"""Getting a collection ready: representations, rankings, the best of a sweep, maps."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext

from embeddings.collection.clips import Collection
from embeddings.errors import InputError
from embeddings.extraction.registered import Lack, Registered, lack_of_card, registered
from embeddings.maps.layouts import METHODS, library
from embeddings.maps.stored_maps import mapped_methods
from embeddings.representations import CARDS, Card
from embeddings.systems.rankings import EXCLUSIONS
from embeddings.systems.store import Embedding, Ranking, system_names
from evaluation.objective.best_recipe import Choice, choose
from evaluation.objective.definitions import METRICS
from evaluation.objective.sweep import sweep_folder, sweeps
from evaluation.objective.sweep_cells import cells
from webapp.core import catalogue
from webapp.core.kept import of_app, stamps
from webapp.core.menus import Entry
from webapp.work import board
from webapp.work.kinds import find_kind
from webapp.work.kinds.computing import OWN
from webapp.work.kinds.ranking import WORDS
from webapp.work.views import begun, line

bp = Blueprint("prepare", __name__, url_prefix="/prepare/<name>")
ENTRY = Entry("collection", 4, "prepare.page", lazy_gettext("Prepare"))

KINDS = ("compute", "rank", "sweep", "map")
"""The kinds of jobs that this page begins."""
_LISTS = ("representations", "embeddings")
_USUAL_MEASURE = "map@150"
_CHOICES = 16  # in memory


@dataclass(frozen=True, slots=True)
class Made:
    """An embedding, and what was made of it: rankings, a sweep, maps by their methods."""

    embedding: Embedding
    rankings: list[Ranking]
    is_swept: bool
    maps: list[str]

    @property
    def is_simulated(self) -> bool:
        """Whether it is made up."""
        return self.embedding.meta["provenance"] == "simulated"

    @property
    def failed(self) -> int:
        """How many clips failed."""
        return len(self.embedding.meta["failed"])

    @property
    def title(self) -> str:
        """Its name for people."""
        meta = self.embedding.meta
        return meta.get("title", meta["representation"])


@dataclass(frozen=True, slots=True)
class Offer:
    """A card, why it cannot be computed here, and its embedding where that is there already."""

    card: Card
    lack: Lack
    made: str


@bp.get("")
def page(name: str) -> ResponseReturnValue:
    """Show what there is of a collection, and what can be made of it."""
    return _page(catalogue.collection(name))


@bp.post("/<kind>")
def begin(name: str, kind: str) -> ResponseReturnValue:
    """Begin a job."""
    collection = catalogue.collection(name)
    if kind not in KINDS:
        abort(404)
    given: dict[str, Any] = {key: value for key, value in request.form.items() if value}
    given |= {key: request.form.getlist(key) for key in _LISTS}
    given["collection"] = collection.name
    try:
        if "cell" in given:
            given |= _of_cell(collection, given["embeddings"], given["cell"])
        return begun(kind, given)
    except InputError as error:
        return _page(collection, str(error), kind), 400


def _page(collection: Collection, sentence: str = "", wrong: str = "") -> str:
    made, damaged = _made(collection)
    measure = request.args.get("measure", _USUAL_MEASURE)
    exclude = request.args.get("exclude_same")
    choices, why_none = _choices(
        collection,
        measure if measure in METRICS else _USUAL_MEASURE,
        exclude if exclude in EXCLUSIONS else None,
    )
    own = registered(catalogue.data())
    there = {one.embedding.name for one in made}
    # a page that answers a form is not to load itself again
    going = [] if sentence else board.going(f"collection {collection.name}")
    return render_template(
        "work/prepare.html",
        collection=collection,
        sentence=sentence,
        wrong=wrong,
        damaged=damaged,
        going=[line(job) for job in going],
        offers=_offers(there),
        own=[(OWN + one.key, one, _of_own(one) in there) for one in own],
        made=made,
        words=WORDS,
        has_groups=any(clip.group for clip in collection.clips),
        choices=choices,
        why_none=why_none,
        measures=METRICS,
        measure=measure,
        exclude=exclude,
        methods=[(key, words, _lack_of_method(key)) for key, words in METHODS.items()],
        kinds={name: find_kind(name).words for name in KINDS},
        systems=len(system_names(collection)),
    )


def _offers(there: set[str]) -> list[Offer]:
    data = catalogue.data()
    found = [
        Offer(card, lack_of_card(data, card), card.embedding if card.embedding in there else "")
        for card in CARDS.values()
    ]
    return sorted(found, key=lambda one: bool(one.lack.sentence))  # those that can be come first


def _of_own(one: Registered) -> str:
    return one.name.lower()


def _made(collection: Collection) -> tuple[list[Made], list[str]]:
    embeddings, damaged = catalogue.embeddings(collection)
    rankings, broken = catalogue.rankings(collection)
    swept = set(sweeps(collection))
    made = [
        Made(
            one,
            [each for each in rankings if each.meta.get("embedding") == one.name],
            any(sweep_folder(collection, one.name, how) in swept for how in (None, *EXCLUSIONS)),
            [METHODS[method] for method in mapped_methods(collection, one)],
        )
        for one in embeddings
    ]
    return made, [*damaged, *broken]


def _choices(collection: Collection, measure: str, exclude: str | None) -> tuple[list[Choice], str]:
    """Return the best cell of each representation that was swept, or why there is none to name."""
    folders = sweeps(collection)
    if not folders:
        return [], ""
    files = [folder / "sweep.csv" for folder in folders]
    files += [collection.folder / "embeddings", collection.folder / "rankings"]

    def make() -> tuple[list[Choice], str]:
        try:
            return choose(collection, measure, exclude_same=exclude), ""
        except InputError as error:
            return [], str(error)

    key = (collection.name, measure, exclude or "")
    return of_app("sounding_board_choices", _CHOICES).get(key, stamps(files), make)


def _of_cell(collection: Collection, names: list[str], wanted: str) -> dict[str, Any]:
    """Return a cell of a sweep in the words of a ranking; answer 404 where there is no such one."""
    found = [one for one in catalogue.embeddings(collection)[0] if one.name in names]
    for embedding in found:
        frames = embedding.frames is not None
        for cell in cells(embedding):
            if cell.name(frames) == wanted:
                return {
                    "aggregation": cell.recipe.aggregation if frames else "none",
                    "normalise": cell.recipe.normalise,
                    "pca": str(cell.recipe.pca or "none"),
                    "search": cell.search,
                }
    abort(404)


def _lack_of_method(method: str) -> str:
    lack = ""
    with suppress(InputError):
        library(method)
        return lack
    return "umap-learn"
