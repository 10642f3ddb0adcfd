"""What a page of results shows, as its address asks for it; kept until something is judged.

facet=acoustic   one of the facets that the study asks about; the first one unless told
raters=passed    those who pass the protocol's screening rule; "all": everybody; unless told, those
                 whom the protocol calls primary
speaks=these     intervals speak for these raters alone; for others like them, too, unless told
look=yes         tests although the study still runs
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from embeddings.errors import InputError
from evaluation.analysis.judgements import find_facet
from evaluation.protocol.terms import ALL, PASSED, RATERS
from webapp.models import Study
from webapp.results.cache import analysis_of, lists_of, shown_of
from webapp.results.mixed import stamp, stored_model
from webapp.tables.study_tables import uncollected

if TYPE_CHECKING:
    from evaluation.analysis.graded import Analysis
    from evaluation.analysis.preferred_lists import PreferenceAnalysis
    from evaluation.figures.shown import Section
    from evaluation.findings.chapters import Chapter
    from evaluation.findings.view import Results, View

THESE, YES = "these", "yes"


@dataclass(frozen=True)
class Asked:
    """A study's results as they are asked for.

    Attributes
    ----------
    facet : its name; "" where a study has no facets
    screened : whether only raters who passed count
    look : whether tests are shown of a study that still runs
    alone : whether intervals speak for these raters alone
    """

    study: Study
    facet: str = ""
    screened: bool = False
    look: bool = False
    alone: bool = False

    @property
    def tests(self) -> bool:
        """Whether tests are shown."""
        return self.study.state != "open" or self.look

    @property
    def primary(self) -> bool:
        """Whether these are the raters whom the protocol calls primary."""
        graded = self.study.terms.method == "graded"
        return self.screened == (graded and self.study.terms.analysis.screened)

    @property
    def parameters(self) -> dict[str, str]:
        """What stands in the address; what is as usual is left out."""
        usual = self.study.terms.scale.facets[0].name
        return {
            **({"facet": self.facet} if self.facet not in ("", usual) else {}),
            **({} if self.primary else {"raters": PASSED if self.screened else ALL}),
            **({"speaks": THESE} if self.alone else {}),
            **({"look": YES} if self.look else {}),
        }

    @property
    def name(self) -> str:
        """What files of these results are called: the study, and what is not as usual."""
        words = [self.study.slug, self.parameters.get("facet", "")]
        other = "" if self.primary else "screened" if self.screened else "all-raters"
        words += [other, "these-raters" if self.alone else ""]
        words += ["simulated" if self.study.simulated else ""]
        return "-".join(filter(None, words))

    @cached_property
    def results(self) -> "Results":
        """The analysis that is shown."""
        if self.study.terms.method == "graded":
            return self._analysis(screened=self.screened)
        return lists_of(self.study, alone=self.alone)

    def _analysis(self, *, screened: bool) -> "Analysis":
        return analysis_of(self.study, self.facet, screened=screened, alone=self.alone)

    @cached_property
    def other(self) -> "Analysis | None":
        """The analysis with the raters screened the other way; None where it would be the same."""
        if self.study.terms.method != "graded":
            return None
        everybody = self._analysis(screened=False)
        if everybody.passed.issuperset(everybody.ratings.raters):
            return None
        if self.screened:
            return everybody
        if everybody.tables.raters["passed"].isna().all():
            return None  # nobody can be told: there were no controls
        return self._analysis(screened=True)

    def side(self, *, screened: bool) -> dict[str, Any]:
        """Return one side of the switch of raters: its word in the address, and what it is."""
        plan = self.study.terms.analysis
        primary = screened == plan.screened
        word = "" if primary else PASSED if screened else ALL
        told = primary and plan.raters is not None
        return {"raters": word, "primary": told, "shown": screened == self.screened}

    @cached_property
    def view(self) -> "View | PreferenceAnalysis":
        """How the results are looked at."""
        from evaluation.analysis.preferred_lists import PreferenceAnalysis
        from evaluation.findings.view import View

        if isinstance(self.results, PreferenceAnalysis):
            return self.results
        model = None
        if self.study.terms.method == "graded":
            model = stored_model(self.study, self.facet, screened=self.screened)
        return View(self.results, self.other, self.tests, model)

    @property
    def chapters(self) -> "tuple[Chapter, ...]":
        """The pages that these results have."""
        from evaluation.findings.chapters import chapters

        return chapters(self.view)

    def section(self, name: str) -> "Section | None":
        """Return one section by its name; None where there is nothing to say of it."""
        from evaluation.findings.sections import section

        return self.kept(("section", name), lambda: section(self.view, name))

    def sections(self) -> "list[Section]":
        """Return what there is to say."""
        from evaluation.findings.sections import names_of_sections

        return self.named(names_of_sections(self.view))

    def named(self, names: Iterable[str]) -> "list[Section]":
        """Return those of the named sections of which there is something to say."""
        return [one for name in names if (one := self.section(name)) is not None]

    def summary(self) -> str:
        """Return what was found, in a few sentences."""
        return str(self.kept(("summary",), self._summary))

    def answer(self, chapter: "Chapter") -> str:
        """Return what a chapter answers first; the summary for the first one."""
        from evaluation.findings.chapters import answer

        if not chapter.name:
            return self.summary()
        return str(self.kept(("answer", chapter.name), lambda: answer(self.view, chapter)))

    def kept(self, what: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Return what `make` makes of these results; it is kept, by `what` it is."""
        key = self.facet, self.screened, self.alone, self.tests, stamp(self.study)
        with uncollected():
            return shown_of(self.study, (*key, *what), make)

    def _summary(self) -> str:
        from evaluation.findings.summary import summary

        return summary(self.results, tests=self.tests)


def read_asked(study: Study, args: Mapping[str, Any]) -> Asked:
    """Return what an address asks for.

    Raises InputError for a draft, for a facet that the study does not ask about, for raters that
    are neither all nor those who passed, and for intervals that speak for nobody known. Lists have
    no controls, so that nobody is screened.
    """
    if study.state == "draft":
        raise InputError(f"The study {study.slug!r} is a draft; it has results once it is open.")
    facet = ""
    if study.terms.method == "graded":
        facet = find_facet(study.terms, args.get("facet") or None).name
    raters = args.get("raters", "")
    if raters not in ("", *RATERS):
        raise InputError(f"raters must be {PASSED!r}, {ALL!r} or nothing, not {raters!r}.")
    speaks = args.get("speaks", "")
    if speaks not in ("", THESE):
        raise InputError(f"speaks must be {THESE!r} or nothing, not {speaks!r}.")
    screened = raters == PASSED or (not raters and study.terms.analysis.screened)
    screened = screened and study.terms.method == "graded"
    look = args.get("look") == YES and study.state == "open"
    return Asked(study, facet, screened, look, alone=speaks == THESE)
